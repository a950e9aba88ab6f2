/**
 * Splits server-sent events into messages, however the network cuts them.
 *
 * EventSource would do it, but cannot send the headers that Jupyter asks for. Follows the HTML
 * standard, 9.2.6, without `id` and `retry`, which our server does not send.
 */

export interface Message {
  readonly event: string;
  readonly data: string;
}

export class MessageParser {
  /** Take the next piece of text; return the messages that are complete with it. */
  push(text: string): Message[] {
    const messages: Message[] = [];
    const lines = (this._rest + text).split(/\r\n|\n|\r(?!$)/);
    this._rest = lines.pop() ?? '';
    for (const line of lines) {
      const message = this._take(line);
      if (message) {
        messages.push(message);
      }
    }
    return messages;
  }

  private _take(line: string): Message | null {
    if (line === '') {
      return this._complete();
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') {
      this._event = value;
    } else if (field === 'data') {
      this._data.push(value);
    }
    return null;
  }

  private _complete(): Message | null {
    const message = { event: this._event || 'message', data: this._data.join('\n') };
    const empty = this._data.length === 0;
    this._event = '';
    this._data = [];
    return empty ? null : message;
  }

  private _rest = '';
  private _event = '';
  private _data: string[] = [];
}
