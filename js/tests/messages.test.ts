import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageParser } from '../src/api/messages';

const STREAM = 'event: status\ndata: {"a": 1}\n\n: still here\n\nevent: sample\ndata: {}\n\n';
const MESSAGES = [
  { event: 'status', data: '{"a": 1}' },
  { event: 'sample', data: '{}' },
];

test('a stream that comes in one piece is split into its messages', () => {
  assert.deepEqual(new MessageParser().push(STREAM), MESSAGES);
});

test('it does not matter where the network cuts', () => {
  for (let cut = 1; cut < STREAM.length; cut++) {
    const parser = new MessageParser();
    const heard = [...parser.push(STREAM.slice(0, cut)), ...parser.push(STREAM.slice(cut))];
    assert.deepEqual(heard, MESSAGES, `cut at ${cut}`);
  }
});

test('the three ends of a line are the same, also when cut in two', () => {
  for (const end of ['\n', '\r\n', '\r']) {
    const text = STREAM.replaceAll('\n', end);
    const parser = new MessageParser();
    const heard = [...text].flatMap((letter) => parser.push(letter));
    heard.push(...parser.push('\n'));
    assert.deepEqual(heard, MESSAGES, JSON.stringify(end));
  }
});

test('data over several lines is joined, and a message without data is none', () => {
  const parser = new MessageParser();
  assert.deepEqual(parser.push('data: a\ndata:b\ndata\n\n'), [
    { event: 'message', data: 'a\nb\n' },
  ]);
  assert.deepEqual(parser.push('event: empty\n\n'), []);
});
