import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { createServer } from '../../src/http/server.ts';
import { collectLogger } from '../helpers/collect-logger.ts';
import { createInMemoryGateway } from '../helpers/in-memory-gateway.ts';

const text = readFileSync(new URL('../../docs/wire.md', import.meta.url), 'utf8');
const gateway = createInMemoryGateway();
const app = createServer(gateway, collectLogger());
afterAll(() => app.close());

const bodies = [...text.matchAll(/4040(\/v1\/\S+)[^']*(?:-H '[^']*'\s*\\?\s*)-d '([^']*)'/g)].map((match) => ({
  url: match[1] ?? '',
  payload: match[2] ?? '',
}));

test('every curl line works as it is written', async () => {
  expect(bodies.map(({ url }) => url)).toEqual([
    '/v1/chat/completions',
    '/v1/completions',
    '/v1/embeddings',
    '/v1/chat/completions',
    '/v1/feedback',
  ]);
  const headers = { 'content-type': 'application/json' };
  for (const { url, payload } of bodies) {
    const id = gateway.decisions[0]?.decision.id ?? 'dec_...';
    const answer = await app.inject({ method: 'POST', url, headers, payload: payload.replace('dec_...', id) });
    expect(answer.statusCode).toBe(200);
  }
});

test('every endpoint and every header in the tables exists', async () => {
  for (const [, method, path] of text.matchAll(/^\| `(GET|POST) (\/[^`]+)`/gm)) {
    expect(app.hasRoute({ method: method === 'GET' ? 'GET' : 'POST', url: path ?? '' }), path).toBe(true);
  }
  const headers = [...text.matchAll(/^\| `\w+` \| `(x-pointsman-[a-z-]+): ([^`]+)` \|/gm)];
  expect(headers).toHaveLength(7);
  const payload = { model: 'auto', messages: [{ role: 'user', content: 'x' }] };
  const wishes = Object.fromEntries(headers.map(([, name, value]) => [name ?? '', value ?? '']));
  const answer = await app.inject({ method: 'POST', url: '/v1/chat/completions', headers: wishes, payload });
  expect(answer.statusCode).toBe(200);
  expect(Object.keys(gateway.decisions.at(-1)?.query.wishes ?? {})).toHaveLength(headers.length);
});
