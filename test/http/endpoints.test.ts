import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { PointsmanError } from '../../src/core/errors.ts';
import { createServer } from '../../src/http/server.ts';
import { collectLogger } from '../helpers/collect-logger.ts';
import { createInMemoryGateway, type InMemoryOptions } from '../helpers/in-memory-gateway.ts';

let app: FastifyInstance | undefined;
afterEach(() => app?.close());

function start(options: InMemoryOptions = {}): FastifyInstance {
  app = createServer(createInMemoryGateway(options), collectLogger());
  return app;
}

describe('feedback', () => {
  const give = (server: FastifyInstance, payload: object, headers: Record<string, string> = {}) =>
    server.inject({ method: 'POST', url: '/v1/feedback', payload, headers });

  async function decided(server: FastifyInstance, headers: Record<string, string> = {}): Promise<string> {
    const payload = { model: 'auto', messages: [{ role: 'user', content: 'Hello?' }] };
    const answer = await server.inject({ method: 'POST', url: '/v1/chat/completions', payload, headers });
    return String(answer.headers['x-pointsman-decision']);
  }

  test('is accepted once per decision, source and key', async () => {
    const server = start();
    const decision = await decided(server);
    const first = await give(server, { decision, score: 1 });
    expect(first.statusCode).toBe(200);
    expect(first.json()).toEqual({ decision, seq: 1, status: 'accepted' });
    expect((await give(server, { decision, score: 0 })).json()).toEqual({ decision, seq: 1, status: 'duplicate' });
    expect((await give(server, { decision, score: 0, key: 'b' })).json()).toMatchObject({ seq: 2, status: 'accepted' });
    const other = await give(server, { decision, score: 0.5, source: 'survey', key: null });
    expect(other.json()).toMatchObject({ seq: 3, status: 'accepted' });
    expect((await server.inject('/metrics')).body).toContain(
      'pointsman_rewards_total{source="other",status="accepted"} 1\n',
    );
  });

  test('reaches the learners as a quality with its caller', async () => {
    const seen: unknown[] = [];
    const server = start({
      feedback: async (reward, caller) => {
        seen.push(reward, caller);
        return { type: 'duplicate', seq: 9 };
      },
    });
    await give(server, { decision: 'dec_x', score: 0.25 });
    expect(seen).toEqual([
      {
        decision: 'dec_x',
        source: 'api',
        key: 'default',
        quantity: 'quality',
        value: 0.25,
        weight: 1,
        at: expect.any(Number),
      },
      { tenant: 'default', key: null },
    ]);
  });

  test('that compares two answers is one fact, whichever of them is named first', async () => {
    const seen: unknown[] = [];
    const server = start({
      feedback: async (reward) => {
        seen.push({ ...reward, at: 0 });
        return { type: 'duplicate', seq: 9 };
      },
    });
    const fact = (value: number) => ({
      decision: 'dec_a',
      against: 'dec_b',
      source: 'api',
      key: 'pair:dec_b:default',
      quantity: 'preference',
      value,
      weight: 1,
      at: 0,
    });
    for (const [payload, value] of [
      [{ decision: 'dec_b', preferred_to: 'dec_a' }, 0],
      [{ decision: 'dec_a', rejected_for: 'dec_b' }, 0],
      [{ decision: 'dec_a', preferred_to: 'dec_b' }, 1],
      [{ decision: 'dec_b', rejected_for: 'dec_a' }, 1],
      [{ decision: 'dec_b', tied_with: 'dec_a' }, 0.5],
    ] as const) {
      const { decision } = payload;
      expect((await give(server, payload)).json()).toEqual({ decision, seq: 9, status: 'duplicate' });
      expect(seen.pop()).toEqual(fact(value));
    }
  });

  test('of nobody, or of another key, is 404', async () => {
    const keys = new Map(
      ['one', 'two'].map((key) => [
        key,
        { caller: { tenant: 'acme', key }, scopes: new Set(['chat', 'feedback'] as const), routes: null },
      ]),
    );
    const server = start({ keys });
    const decision = await decided(server, { 'x-api-key': 'one' });
    for (const [key, id] of [
      ['two', decision],
      ['one', 'dec_nothing'],
    ] as const) {
      const answer = await give(server, { decision: id, score: 1 }, { 'x-api-key': key });
      expect(answer.statusCode).toBe(404);
      expect(answer.json()).toMatchObject({ error: { code: 'decision_not_found', param: 'decision' } });
    }
    expect((await give(server, { decision, score: 1 }, { 'x-api-key': 'one' })).statusCode).toBe(200);
  });

  test.each<[string, object, string]>([
    ['no decision', { score: 1 }, 'decision'],
    ['an endless decision', { decision: 'x'.repeat(1_000), score: 1 }, 'decision'],
    ['no score', { decision: 'd' }, 'score'],
    ['a score above 1', { decision: 'd', score: 1.01 }, 'score'],
    ['a score below 0', { decision: 'd', score: -0.01 }, 'score'],
    ['a score in words', { decision: 'd', score: '1' }, 'score'],
    ['an empty key', { decision: 'd', score: 1, key: '' }, 'key'],
    ['a source of a wrong kind', { decision: 'd', score: 1, source: 3 }, 'source'],
    ["the gateway's own source", { decision: 'd', score: 1, source: 'usage' }, 'source'],
    ['a comparison with itself', { decision: 'd', preferred_to: 'd' }, 'preferred_to'],
    ['a comparison with nothing', { decision: 'd', rejected_for: '' }, 'rejected_for'],
    ['a comparison both ways', { decision: 'd', preferred_to: 'e', rejected_for: 'f' }, 'rejected_for'],
    ['a comparison and a score', { decision: 'd', tied_with: 'e', score: 1 }, 'score'],
    ['an unknown member', { decision: 'd', score: 1, scor: 1 }, 'scor'],
  ])('%s is refused', async (_name, payload, param) => {
    const answer = await give(start(), payload);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ error: { code: 'invalid_request', param } });
  });

  test('is refused with a time to come back while nothing can be stored', async () => {
    const server = start({
      feedback: () => Promise.reject(new PointsmanError('storage_unavailable', 'The database is locked.')),
    });
    const answer = await give(server, { decision: 'd', score: 1 });
    expect(answer.statusCode).toBe(503);
    expect(answer.headers).toMatchObject({ 'retry-after': '1', 'x-should-retry': 'true' });
  });
});

describe('models', () => {
  test("are listed in OpenAI's shape, with ours beside it", async () => {
    const { data, object } = (await start().inject('/v1/models')).json<{ object: string; data: unknown[] }>();
    expect(object).toBe('list');
    expect(data).toHaveLength(4);
    expect(data.at(-1)).toEqual({
      id: 'mystery',
      object: 'model',
      created: expect.any(Number),
      owned_by: 'pointsman',
      pointsman: { kind: 'model', simulated: false, unroutable: 'its price is unknown' },
    });
  });

  test.each(['/v1/models/org/large', '/v1/models/org%2Flarge'])('%s is one of them', async (url) => {
    const answer = await start().inject(url);
    expect(answer.json()).toMatchObject({ id: 'org/large', object: 'model' });
    expect(answer.headers['x-request-id']).toMatch(/^req_/);
  });

  test('an unknown one is 404', async () => {
    const answer = await start().inject('/v1/models/nothing');
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({ error: { code: 'model_not_found' } });
  });
});

describe('health', () => {
  test('is about the process, ready about its work', async () => {
    const server = start({ notReady: () => 'no model has a target' });
    expect((await server.inject('/health')).statusCode).toBe(200);
    const ready = await server.inject('/ready');
    expect(ready.statusCode).toBe(503);
    expect(ready.json()).toEqual({ status: 'not_ready', reason: 'no model has a target' });
    await server.close();
    expect((await start().inject('/ready')).json()).toEqual({ status: 'ready' });
  });
});

test('metrics are what Prometheus reads', async () => {
  const answer = await start().inject('/metrics');
  expect(answer.headers['content-type']).toContain('text/plain; version=0.0.4');
  expect(answer.body).toContain('# TYPE pointsman_requests_total counter\n');
});
