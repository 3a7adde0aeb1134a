import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { createServer } from '../../src/http/server.ts';
import { collectLogger } from '../helpers/collect-logger.ts';
import { createInMemoryGateway, type InMemoryGateway } from '../helpers/in-memory-gateway.ts';

/** Requests that two parsers in a row might cut apart in two ways. What we refuse, nothing behind it may be run. */

const started: FastifyInstance[] = [];
afterEach(() => Promise.all(started.splice(0).map((app) => app.close())));

const body = JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'Hello?' }] });
const length = Buffer.byteLength(body);
const good = `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`;

/** Sends the bytes and a good request behind them; everything that came until the connection ended or fell silent. */
async function send(bytes: string): Promise<{ gateway: InMemoryGateway; received: string; closed: boolean }> {
  const gateway = createInMemoryGateway();
  const app = createServer(gateway, collectLogger());
  started.push(app);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let received = '';
  socket.setEncoding('latin1').on('data', (text: string) => (received += text));
  socket.on('error', () => undefined);
  let closed = false;
  const ended = once(socket, 'close').then(() => (closed = true));
  socket.write(Buffer.from(`${bytes}${good}`, 'latin1'));
  const silence = new Promise((resolve) => setTimeout(resolve, 500));
  await Promise.race([ended, silence]);
  socket.destroy();
  return { gateway, received, closed };
}

const start = 'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';

describe('refused, with everything behind it', () => {
  test.each<[string, string]>([
    ['two lengths', `${start}content-length: ${length}\r\ncontent-length: 5\r\n\r\n${body}`],
    ['two lengths in one line', `${start}content-length: ${length}, 5\r\n\r\n${body}`],
    ['a length and chunks', `${start}content-length: ${length}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['chunks and a length', `${start}transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n`],
    ['chunked under another', `${start}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
    ['a coding nobody knows', `${start}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['a negative length', `${start}content-length: -1\r\n\r\n${body}`],
    ['a signed length', `${start}content-length: +${length}\r\n\r\n${body}`],
    ['a hexadecimal length', `${start}content-length: 0x10\r\n\r\n${body}`],
    ['a length beyond numbers', `${start}content-length: 99999999999999999999999\r\n\r\n${body}`],
    ['a space before the colon', `${start}content-length : ${length}\r\n\r\n${body}`],
    ['a bare CR inside a header', `${start}x: a\rcontent-length: 0\r\ncontent-length: ${length}\r\n\r\n${body}`],
    ['a bare CR as the end of a header', `${start}x: a\r\rcontent-length: ${length}\r\n\r\n${body}`],
    ['a NUL in a header', `${start}x: a\u0000b\r\ncontent-length: ${length}\r\n\r\n${body}`],
    ['a folded header', `${start} content-length: 0\r\ncontent-length: ${length}\r\n\r\n${body}`],
    ['a chunk size of no number', `${start}transfer-encoding: chunked\r\n\r\nzz\r\n\r\n0\r\n\r\n`],
    ['a negative chunk', `${start}transfer-encoding: chunked\r\n\r\n-1\r\n\r\n0\r\n\r\n`],
    ['a chunk longer than it says', `${start}transfer-encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n`],
    ['a bare LF behind a chunk size', `${start}transfer-encoding: chunked\r\n\r\n2\nab\r\n0\r\n\r\n`],
    ['a space in the target', `POST /v1/chat/completions x HTTP/1.1\r\nhost: localhost\r\n\r\n`],
    ['a version nobody knows', `POST /v1/chat/completions HTTP/9.9\r\nhost: localhost\r\n\r\n`],
  ])('%s', async (_name, bytes) => {
    const { gateway, received, closed } = await send(bytes);
    expect(gateway.executions).toEqual([]);
    expect(received).toMatch(/^HTTP\/1\.1 400 /);
    expect(received.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(received).not.toContain('\n\tat ');
    expect(closed).toBe(true);
  });
});

test('a body that is shorter than its length takes from what follows, and never becomes a second request', async () => {
  const { gateway, received } = await send(`${start}content-length: ${length + 30}\r\n\r\n${body}`);
  // The thirty bytes make the JSON wrong; the rest of the next request is no request.
  expect(gateway.executions).toEqual([]);
  expect(received).toMatch(/^HTTP\/1\.1 400 /);
});

describe('what a caller says never becomes a header or a line of its own', () => {
  const evil = 'auto\r\nx-evil: 1\r\n\r\nHTTP/1.1 200 OK';
  test.each([
    ['the model', { model: evil, messages: [{ role: 'user', content: 'x' }] }],
    ['a wish', { model: 'auto', messages: [{ role: 'user', content: 'x' }], pointsman: { [evil]: evil } }],
    ['a tag', { model: 'auto', messages: [{ role: 'user', content: 'x' }], pointsman: { tags: { a: evil } } }],
    ['the user', { model: 'auto', user: evil, messages: [{ role: 'user', content: 'x' }] }],
  ])('%s', async (_name, asked) => {
    const text = JSON.stringify(asked);
    const { received } = await send(`${start}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    // Each answer begins the stream or follows the closing brace of the one before.
    const answers = received.split(/(?:^|(?<=\}))HTTP\/1\.1 /).slice(1);
    const heads = answers.map((answer) => answer.split('\r\n\r\n', 1)[0]);
    expect(heads).toHaveLength(2);
    expect(heads.join('\n')).not.toContain('x-evil');
  });

  test('the request id is ours, whatever the caller calls it', async () => {
    const { received } = await send(`${start}x-request-id: mine\r\ncontent-length: ${length}\r\n\r\n${body}`);
    expect(received).not.toContain('mine');
    expect(received).toMatch(/x-request-id: req_/);
  });
});
