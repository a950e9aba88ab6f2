/** Events of the server: what a message of the stream means, or null for what we do not know. */

import {
  isHappenedEvent,
  isLogEvent,
  isModelsEvent,
  isSample,
  isServerEvent,
  isStatus,
  type Happening,
  type LogLine,
  type Model,
  type Sample,
  type Server,
  type Status,
} from './entries';
import type { Message } from './messages';

export type Event =
  | { readonly kind: 'status'; readonly status: Status }
  | { readonly kind: 'server'; readonly server: Server }
  | {
      readonly kind: 'models';
      readonly changed: readonly Model[];
      readonly removed: readonly string[];
    }
  | { readonly kind: 'sample'; readonly sample: Sample }
  | { readonly kind: 'happened'; readonly events: readonly Happening[] }
  | { readonly kind: 'log'; readonly lines: readonly LogLine[] };

export function eventOf(message: Message): Event | null {
  const data = parsed(message.data);
  switch (message.event) {
    case 'status':
      return isStatus(data) ? { kind: 'status', status: data } : null;
    case 'server':
      return isServerEvent(data) ? { kind: 'server', server: data.server } : null;
    case 'models':
      return isModelsEvent(data)
        ? { kind: 'models', changed: data.changed, removed: data.removed }
        : null;
    case 'sample':
      return isSample(data) ? { kind: 'sample', sample: data } : null;
    case 'happened':
      return isHappenedEvent(data) ? { kind: 'happened', events: data.events } : null;
    case 'log':
      return isLogEvent(data) ? { kind: 'log', lines: data.lines } : null;
    default:
      return null;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
