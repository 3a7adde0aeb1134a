import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import type { Access, Scope } from '../../src/http/gateway.ts';
import { createServer } from '../../src/http/server.ts';
import { collectLogger } from '../helpers/collect-logger.ts';
import { createInMemoryGateway, type InMemoryOptions } from '../helpers/in-memory-gateway.ts';

let app: FastifyInstance | undefined;
afterEach(() => app?.close());

function start(options: InMemoryOptions): FastifyInstance {
  app = createServer(createInMemoryGateway(options), collectLogger());
  return app;
}

const access = (key: string, ...scopes: Scope[]): Access => ({
  caller: { tenant: 'acme', key },
  scopes: new Set(scopes),
  routes: null,
});
const keys = new Map([
  ['chat-key', access('chat', 'chat', 'feedback')],
  ['scrape-key', access('scrape', 'metrics')],
]);
const ask = { model: 'auto', messages: [{ role: 'user', content: 'Hello?' }] };
const chat = (server: FastifyInstance, headers: Record<string, string>) =>
  server.inject({ method: 'POST', url: '/v1/chat/completions', headers, payload: ask });

describe('keys', () => {
  test.each<[string, Record<string, string>, number, string | null]>([
    ['none', {}, 401, 'missing_api_key'],
    ['an empty bearer', { authorization: 'Bearer ' }, 401, 'missing_api_key'],
    ['another scheme', { authorization: 'Basic Y2hhdC1rZXk=' }, 401, 'missing_api_key'],
    ['a wrong one', { authorization: 'Bearer nope' }, 401, 'invalid_api_key'],
    ['a right one', { authorization: 'Bearer chat-key' }, 200, null],
    ['a right one in another case', { authorization: 'bearer  chat-key ' }, 200, null],
    ['a right x-api-key', { 'x-api-key': 'chat-key' }, 200, null],
    [
      'a wrong bearer beside a right x-api-key',
      { authorization: 'Bearer nope', 'x-api-key': 'chat-key' },
      401,
      'invalid_api_key',
    ],
    ['one without the scope', { authorization: 'Bearer scrape-key' }, 403, 'permission_denied'],
  ])('%s', async (_name, headers, status, code) => {
    const answer = await chat(start({ keys }), headers);
    expect(answer.statusCode).toBe(status);
    if (code !== null) expect(answer.json()).toMatchObject({ error: { code } });
    expect(answer.body).not.toContain('nope');
  });

  test.each([
    ['/v1/models', 401],
    ['/metrics', 401],
    ['/health', 200],
    ['/ready', 200],
  ])('%s without a key: %i', async (url, status) => {
    expect((await start({ keys }).inject(url)).statusCode).toBe(status);
  });

  test('metrics need their scope', async () => {
    const server = start({ keys });
    const get = (key: string) => server.inject({ url: '/metrics', headers: { authorization: `Bearer ${key}` } });
    expect((await get('chat-key')).statusCode).toBe(403);
    expect((await get('scrape-key')).statusCode).toBe(200);
  });

  test('a stranger is turned away before the body is read', async () => {
    const answer = await start({ keys, bodyLimitBytes: 10 }).inject({
      method: 'POST',
      url: '/v1/chat/completions',
      headers: { 'content-type': 'application/json' },
      payload: 'x'.repeat(100),
    });
    expect(answer.statusCode).toBe(401);
  });
});

describe('loopback only', () => {
  test.each<[string, string | undefined, boolean]>([
    ['localhost:4040', undefined, true],
    ['LOCALHOST', undefined, true],
    ['127.0.0.1:4040', undefined, true],
    ['127.8.9.255', undefined, true],
    ['[::1]:4040', undefined, true],
    ['app.localhost:80', undefined, true],
    ['localhost:4040', 'http://localhost:5173', true],
    ['localhost:4040', 'https://127.0.0.1', true],
    ['localhost:4040', 'http://[::1]:3000', true],
    ['evil.example', undefined, false],
    ['localhost.evil.example', undefined, false],
    ['127.0.0.1.evil.example', undefined, false],
    ['127.0.0.256', undefined, false],
    ['127.1', undefined, false],
    ['0.0.0.0:4040', undefined, false],
    ['192.168.1.5:4040', undefined, false],
    ['[::1', undefined, false],
    ['[::1]evil', undefined, false],
    ['[::ffff:10.0.0.1]', undefined, false],
    ['localhost:80@evil.example', undefined, false],
    ['localhost:4040', 'http://evil.example', false],
    ['localhost:4040', 'http://localhost.evil.example', false],
    ['localhost:4040', 'http://localhost:80@evil.example', false],
    ['localhost:4040', 'null', false],
    ['localhost:4040', '', false],
    ['localhost:4040', 'file://', false],
    ['localhost:4040', 'chrome-extension://abcdef', false],
  ])('Host %s, Origin %s: %s', async (host, origin, served) => {
    const server = start({ loopbackOnly: true });
    // A good request first: what was let in once must not let others in.
    expect((await chat(server, { host: 'localhost:4040' })).statusCode).toBe(200);
    const answer = await chat(server, origin === undefined ? { host } : { host, origin });
    expect(answer.statusCode).toBe(served ? 200 : 403);
    if (!served) expect(answer.json()).toMatchObject({ error: { code: 'origin_forbidden' } });
  });

  test.each(['/health', '/ready', '/metrics', '/v1/models', '/nothing'])('holds for %s too', async (url) => {
    const answer = await start({ loopbackOnly: true }).inject({ url, headers: { host: 'rebound.example' } });
    expect(answer.statusCode).toBe(403);
  });

  test('is off where keys guard the gateway', async () => {
    const answer = await chat(start({ keys }), { host: 'gateway.example', authorization: 'Bearer chat-key' });
    expect(answer.statusCode).toBe(200);
  });
});
