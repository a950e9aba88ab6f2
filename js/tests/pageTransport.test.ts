import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PageTransport, pageTransport } from '../src/widgets/pageTransport';

function pageWith(text: string | null): Document {
  const getElementById = (): unknown => (text === null ? null : { textContent: text });
  return { getElementById } as unknown as Document;
}

async function asked(transport: PageTransport): Promise<{ url: string; headers: Headers }> {
  let seen = { url: '', headers: new Headers() };
  const before = globalThis.fetch;
  globalThis.fetch = (url, init) => {
    seen = { url: url as string, headers: new Headers(init?.headers) };
    return Promise.resolve(new Response('{}'));
  };
  try {
    await transport.fetch('api/server/stop', { method: 'POST', headers: { Accept: '*/*' } });
  } finally {
    globalThis.fetch = before;
  }
  return seen;
}

test('a request goes to the base URL, with the proof of a page of Jupyter', async () => {
  const transport = new PageTransport('/a%40b/', '', () => 'theme=dark; _xsrf=2|abc; x=1');

  const { url, headers } = await asked(transport);

  assert.equal(url, '/a%40b/tfs/api/server/stop');
  assert.equal(headers.get('X-XSRFToken'), '2|abc');
  assert.equal(headers.get('Authorization'), null);
  assert.equal(headers.get('Accept'), '*/*');
});

test('a page that was opened with a token sends it', async () => {
  const { headers } = await asked(new PageTransport('/', 'secret', () => ''));

  assert.equal(headers.get('Authorization'), 'token secret');
  assert.equal(headers.get('X-XSRFToken'), null);
});

test('only a page of Jupyter is one', () => {
  assert.equal(pageTransport(pageWith(null)), null);
  assert.equal(pageTransport(pageWith('no JSON')), null);
  assert.equal(pageTransport(pageWith('{"appName": "Lab"}')), null);
  assert.ok(pageTransport(pageWith('{"baseUrl": "/", "token": ""}')));
});
