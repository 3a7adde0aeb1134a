import { afterEach, expect, test } from 'vitest';
import type { FastifyInstance } from 'fastify';
import { PointsmanError } from '../../src/core/errors.ts';
import { createServer } from '../../src/http/server.ts';
import { collectLogger } from '../helpers/collect-logger.ts';
import {
  answerStream,
  answerWhole,
  carried,
  completionBody,
  contentEvent,
  createInMemoryGateway,
  failBeforeCommit,
  type InMemoryGateway,
  type InMemoryOptions,
  wholeCommit,
} from '../helpers/in-memory-gateway.ts';

let app: FastifyInstance | undefined;
afterEach(() => app?.close());

function start(options: InMemoryOptions = {}): { gateway: InMemoryGateway; lines: string[]; app: FastifyInstance } {
  const gateway = createInMemoryGateway(options);
  const { logger, lines } = collectLogger();
  app = createServer(gateway, { logger });
  return { gateway, lines, app };
}

const ask = { model: 'auto', messages: [{ role: 'user', content: 'Hello?' }] };
const post = (server: FastifyInstance, payload: object | string, headers: Record<string, string> = {}) =>
  server.inject({
    method: 'POST',
    url: '/v1/chat/completions',
    headers: { 'content-type': 'application/json', ...headers },
    payload,
  });

test('an answer passes byte for byte, under the headers that explain it', async () => {
  const { gateway, app } = start();
  const answer = await post(app, ask);
  expect(answer.statusCode).toBe(200);
  expect(answer.body).toBe(completionBody);
  const { decision, query } = gateway.decisions[0] ?? expect.fail('no decision was recorded');
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json',
    'content-length': String(completionBody.length),
    'x-request-id': query.id,
    'x-pointsman-decision': decision.id,
    'x-pointsman-route': 'auto',
    'x-pointsman-policy': 'cost-aware',
    'x-pointsman-model': 'org/large',
    'x-pointsman-target': 'large@here',
    'x-pointsman-reason': 'quality 0.81 - 120 x $0.00025 = 0.78',
    'x-pointsman-predicted-quality': '0.8125',
    'x-pointsman-predicted-cost-usd': '0.00025000',
    'x-pointsman-cost-usd': '0.00030000',
    'x-pointsman-attempts': '1',
    'x-pointsman-simulated': 'true',
  });
  expect(Number(answer.headers['x-pointsman-overhead-ms'])).toBeGreaterThanOrEqual(0);
  expect(answer.headers).not.toHaveProperty('x-pointsman-degraded');
  expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
});

test.each([1, 200, 16_384, 16_385, 300_000])('every byte of %i is delivered as it came', async (length) => {
  const bytes = Buffer.from(Array.from({ length }, (_, i) => i % 256));
  const { app } = start({
    script: ({ sink }) => {
      sink.commit({ ...wholeCommit, contentLength: length });
      sink.write(bytes);
      sink.finish(carried);
    },
  });
  expect((await post(app, ask)).rawPayload.equals(bytes)).toBe(true);
});

test('predictions in the headers are those of the model that served, not of the one that was chosen', async () => {
  const { app } = start({ script: answerWhole({ model: 'small', attempts: 2, simulated: false, costUsd: null }) });
  const { headers } = await post(app, ask);
  expect(headers).toMatchObject({ 'x-pointsman-model': 'small', 'x-pointsman-predicted-quality': '0.5000' });
  expect(headers).toMatchObject({ 'x-pointsman-attempts': '2' });
  expect(headers).not.toHaveProperty('x-pointsman-cost-usd');
  expect(headers).not.toHaveProperty('x-pointsman-simulated');
});

test('no text of ours or of an upstream can break out of a header', async () => {
  const { app } = start({
    decision: { reason: `é\r\nset-cookie: a=b ${'x'.repeat(5_000)}`, degraded: ['embedding:timeout', 'cost:prior'] },
    script: answerWhole({
      answer: {
        status: 200,
        headers: { 'x-odd': 'a\u0007b\nc', 'transfer-encoding': 'chunked', 'x-request-id': 'theirs' },
      },
    }),
  });
  const { headers, statusCode } = await post(app, ask);
  expect(statusCode).toBe(200);
  expect(headers['set-cookie']).toBeUndefined();
  expect(String(headers['x-pointsman-reason'])).toMatch(/^\?  set-cookie: a=b x+$/);
  expect(String(headers['x-pointsman-reason']).length).toBe(256);
  expect(headers).toMatchObject({ 'x-odd': 'a?b c', 'x-pointsman-degraded': 'embedding:timeout, cost:prior' });
  expect(headers['transfer-encoding']).toBeUndefined();
  expect(headers['x-request-id']).toMatch(/^req_/);
});

test('the walk hands on the raw bytes, the query and the caller', async () => {
  const { gateway, app } = start();
  const raw = '{ "model":"auto","messages":[{"role":"user","content":"Hi"}],  "stream":false,"top_k":3 }';
  await post(app, raw, { 'x-pointsman-lambda': '7' });
  const { body, query, includeUsage } = gateway.executions[0] ?? expect.fail('nothing was executed');
  expect(body.raw.toString()).toBe(raw);
  expect(query).toMatchObject({ text: 'Hi', caller: { tenant: 'default', key: null }, wishes: { lambda: 7 } });
  expect(includeUsage).toBe(false);
});

test('everything is recorded once: decision, completion, settlement, counts', async () => {
  const { gateway, app } = start();
  const answer = await post(app, ask);
  const id = answer.headers['x-pointsman-decision'];
  expect(gateway.decisions.map(({ decision }) => decision.id)).toEqual([id]);
  expect(gateway.completions).toEqual([
    { decision: id, servedModel: 'org/large', fallback: false, attempts: carried.attempts },
  ]);
  expect(gateway.settled).toEqual([0.0003]);
  const { text } = await gateway.metrics.render();
  expect(text).toContain('pointsman_decisions_total{route="auto",policy="cost-aware",model="org/large"} 1\n');
  expect(text).toContain('pointsman_requests_total{route="auto",model="org/large",status="200"} 1\n');
  expect(text).toContain('pointsman_attempts_total{target="large@here",end_reason="stop"} 1\n');
});

test('a decision that takes its time is waited for', async () => {
  const { app } = start({ decide: (decision) => new Promise((resolve) => setTimeout(resolve, 5, decision)) });
  expect((await post(app, ask)).body).toBe(completionBody);
});

test.each(['sync', 'async'])('a decision that fails (%s) ends the walk with its error and no record', async (how) => {
  const error = new PointsmanError('no_eligible_candidate', 'small: needs images.');
  const { gateway, app } = start({
    decide: () => {
      if (how === 'sync') throw error;
      return Promise.reject(error);
    },
  });
  const answer = await post(app, ask);
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toEqual({
    error: {
      message: 'small: needs images.',
      type: 'invalid_request_error',
      param: null,
      code: 'no_eligible_candidate',
    },
  });
  expect(gateway.decisions).toEqual([]);
});

test('a spent budget answers 429 with its reset and leaves a decision that nobody served', async () => {
  const { gateway, app } = start({
    reserve: () => {
      throw new PointsmanError('budget_exceeded', 'route auto has spent 5 USD.', { retryAfterMs: 61_500 });
    },
  });
  const answer = await post(app, ask);
  expect(answer.statusCode).toBe(429);
  expect(answer.headers).toMatchObject({ 'retry-after': '62', 'retry-after-ms': '61500', 'x-should-retry': 'false' });
  expect(answer.json()).toMatchObject({ error: { type: 'insufficient_quota', code: 'budget_exceeded' } });
  expect(gateway.completions).toMatchObject([{ servedModel: null, attempts: [] }]);
  expect(gateway.executions).toEqual([]);
});

test('a stream passes event by event with the headers that keep proxies from buffering it', async () => {
  const events = [contentEvent('Hel'), contentEvent('lo'), 'data: [DONE]\n\n'];
  const { gateway, app } = start({ script: answerStream(events) });
  const answer = await post(app, { ...ask, stream: true, stream_options: { include_usage: true } });
  expect(answer.body).toBe(events.join(''));
  expect(answer.headers).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
    'x-pointsman-model': 'org/large',
  });
  expect(answer.headers['content-length']).toBeUndefined();
  expect(gateway.executions[0]?.includeUsage).toBe(true);
});

test('a stream that breaks off ends in one error event and never in [DONE]', async () => {
  const error = new PointsmanError('upstream_cut', 'The model stopped in the middle of its answer.');
  const failure = { kind: 'cut', error, retryable: false } as const;
  const { gateway, app } = start({ script: answerStream([contentEvent('Hel')], { failure }) });
  const { body, statusCode } = await post(app, { ...ask, stream: true });
  expect(statusCode).toBe(200);
  expect(body).toBe(
    `${contentEvent('Hel')}data: {"error":{"message":"${error.message}","type":"server_error","param":null,"code":"upstream_cut"}}\n\n`,
  );
  expect(gateway.completions).toHaveLength(1);
});

test('a [DONE] that a failure follows is taken back, the content beside it is not', async () => {
  const failure = { kind: 'cut', error: new PointsmanError('upstream_cut', 'Cut.'), retryable: false } as const;
  const together = `${contentEvent('Hello')}data: [DONE]\r\n\r\n`;
  const { app } = start({ script: answerStream([together], { failure }) });
  const { body } = await post(app, { ...ask, stream: true });
  expect(body).not.toContain('[DONE]');
  expect(body.startsWith(contentEvent('Hello'))).toBe(true);
  expect(body.match(/"error"/g)).toHaveLength(1);
});

test('[DONE] inside the text of an answer is content like any other', async () => {
  const events = [contentEvent('[DONE]'), contentEvent('data: [DONE]'), 'data: [DONE]\n\n'];
  const { app } = start({ script: answerStream(events) });
  expect((await post(app, { ...ask, stream: true })).body).toBe(events.join(''));
});

test('used-up attempts tell the SDK not to repeat them, unless it is known when things get better', async () => {
  const failed = start({ script: failBeforeCommit(new PointsmanError('upstream_failed', 'Nobody could answer.')) });
  const spent = await post(failed.app, ask);
  expect(spent.statusCode).toBe(502);
  expect(spent.headers).toMatchObject({ 'x-should-retry': 'false', 'x-pointsman-attempts': '1' });
  expect(spent.headers['x-pointsman-decision']).toMatch(/^dec_/);
  await failed.app.close();

  const cooling = start({
    script: failBeforeCommit(new PointsmanError('no_healthy_target', 'All cool down.', { retryAfterMs: 2_500 })),
  });
  const later = await post(cooling.app, ask);
  expect(later.statusCode).toBe(503);
  expect(later.headers).toMatchObject({ 'x-should-retry': 'true', 'retry-after': '3', 'retry-after-ms': '2500' });
  expect(later.headers['x-request-id']).toMatch(/^req_/);
});

test("an upstream's 4xx passes with its body and what its headers say", async () => {
  const body = Buffer.from(
    '{"error":{"message":"too long","type":"invalid_request_error","param":null,"code":"ctx","x":1}}',
  );
  const error = new PointsmanError('invalid_request', 'too long', { status: 422 });
  const passThrough = { status: 422, body, headers: { 'content-type': 'text/plain', 'x-upstream': 'yes' } };
  const { app } = start({
    script: failBeforeCommit(error, { failure: { kind: 'status', error, retryable: false, passThrough } }),
  });
  const answer = await post(app, ask);
  expect(answer.statusCode).toBe(422);
  expect(answer.body).toBe(body.toString());
  expect(answer.headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8', 'x-upstream': 'yes' });
});

test('an upstream that throws is a 500 with a request id, logged, and tells nothing else', async () => {
  const { gateway, lines, app } = start({
    script: () => {
      throw new TypeError('secret-detail at /srv/file.ts');
    },
  });
  const answer = await post(app, ask);
  expect(answer.statusCode).toBe(500);
  const { error } = answer.json<{ error: Record<string, unknown> }>();
  expect(error).toMatchObject({ type: 'server_error', code: 'internal_error', param: null });
  expect(error.message).toContain(answer.headers['x-request-id']);
  expect(answer.body).not.toContain('secret-detail');
  expect(lines.join('')).toContain('secret-detail');
  expect(gateway.completions).toHaveLength(1);
  expect(gateway.settled).toEqual([0]);
});

test('a store that throws costs a log line, not the answer', async () => {
  const { gateway, lines, app } = start();
  gateway.completed = () => {
    throw new Error('disk');
  };
  expect((await post(app, ask)).body).toBe(completionBody);
  expect(lines.join('')).toContain('recording a request threw');
});

test('a key that is confined to routes may use nothing else', async () => {
  const access = {
    caller: { tenant: 'acme', key: 'ci' },
    scopes: new Set(['chat'] as const),
    routes: new Set(['auto', 'small']),
  };
  const { app } = start({ keys: new Map([['s3cret', access]]) });
  const headers = { authorization: 'Bearer s3cret' };
  expect((await post(app, ask, headers)).statusCode).toBe(200);
  expect((await post(app, { ...ask, model: 'small' }, headers)).statusCode).toBe(200);
  for (const model of ['other', 'org/large']) {
    const refused = await post(app, { ...ask, model }, headers);
    expect(refused.statusCode).toBe(403);
    expect(refused.json()).toMatchObject({ error: { code: 'permission_denied', param: 'model' } });
  }
});
