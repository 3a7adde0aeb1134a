import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { fetchFile } from '../../src/replay/fetch-file.ts';
import { askGateway } from '../../src/cli/ask-gateway.ts';
import { createRemoteEmbedder } from '../../src/embedding/remote.ts';
import { guardedFetch, isForbidden } from '../../src/network/guarded-fetch.ts';

const server = createServer((request, response) => {
  if (request.url === '/away') response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end();
  else response.end('here');
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const failureOf = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => null,
    (thrown: unknown) => thrown,
  );

test('answers as fetch does', async () => {
  expect(await (await guardedFetch(`http://127.0.0.1:${port}/`)).text()).toBe('here');
  expect(isForbidden(await failureOf(guardedFetch('http://127.0.0.1:1/')))).toBe(false);
});

test.each([
  'http://169.254.169.254/latest/meta-data',
  'http://[::ffff:169.254.169.254]/',
  'http://[fe80::1]/',
  'http://metadata.google.internal./computeMetadata',
  'http://0xa9fea9fe/',
])('%s is not connected to', async (url) => {
  const failure = await failureOf(guardedFetch(url, { signal: AbortSignal.timeout(5_000) }));
  expect(isForbidden(failure)).toBe(true);
});

test('nor where a redirect leads there', async () => {
  expect(isForbidden(await failureOf(guardedFetch(`http://127.0.0.1:${port}/away`)))).toBe(true);
});

test('commands and embedders say so, and do not try again', async () => {
  expect(await failureOf(askGateway('/admin/canary/auto', null, { url: 'http://169.254.169.254' }))).toMatchObject({
    code: 'invalid_request',
    message: expect.stringContaining('never called'),
  });
  const url = `http://127.0.0.1:${port}/away`;
  expect(await failureOf(fetchFile({ url, out: '/nonexistent/file' }, () => undefined))).toMatchObject({
    code: 'invalid_request',
    message: `${url}: a link-local or metadata address is never called.`,
  });
  const options = { model: 'm', dimensions: 2, timeout_ms: 1, max_pending: 1, max_characters: 1, cache_entries: 1 };
  expect(() => createRemoteEmbedder({ ...options, base_url: 'http://169.254.169.254/v1' })).toThrow('never called');
});
