import * as fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { errorTable, PointsmanError, type ErrorCode } from '../../src/core/errors.ts';
import { createServer } from '../../src/http/server.ts';
import { collectLogger } from '../helpers/collect-logger.ts';
import { createInMemoryGateway, failBeforeCommit, type InMemoryOptions } from '../helpers/in-memory-gateway.ts';

const started: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((app) => app.close()));
});

function start(options: InMemoryOptions = {}): FastifyInstance {
  const app = createServer(createInMemoryGateway(options), collectLogger());
  started.push(app);
  return app;
}

const json = { 'content-type': 'application/json' };
const ask = { model: 'auto', messages: [{ role: 'user', content: 'Hello?' }] };

/** The status and the four keys that every error body has. */
async function errorOf(answer: Promise<{ statusCode: number; body: string; headers: object }>) {
  const { statusCode, body, headers } = await answer;
  const parsed: unknown = JSON.parse(body);
  expect(parsed).toEqual({
    error: {
      message: expect.any(String),
      type: expect.any(String),
      param: expect.toSatisfy((param: unknown) => param === null || typeof param === 'string'),
      code: expect.any(String),
    },
  });
  expect(body).not.toMatch(/\bat .*\.[tj]s\b|node_modules/);
  expect(headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'x-request-id': expect.stringMatching(/^req_/),
    'x-should-retry': expect.stringMatching(/^(true|false)$/),
  });
  const { error } = parsed as { error: { message: string; param: string | null; code: string } };
  return { status: statusCode, ...error };
}

const send = (app: FastifyInstance, payload: string | object, headers: Record<string, string> = json) =>
  errorOf(app.inject({ method: 'POST', url: '/v1/chat/completions', headers, payload }));

describe('bodies', () => {
  test.each([
    ['', 'The body is empty; it needs a JSON object.'],
    ['{"model":', 'The body is not JSON: it ends too early, at line 1, column 10.'],
    ['{"model":"auto",\n  model:1}', 'The body is not JSON: unexpected "m" at line 2, column 3.'],
    ['nope', 'The body is not JSON: unexpected "o" at line 1, column 2.'],
  ])('%j is invalid_json and the message names the place', async (payload, message) => {
    const error = await send(start(), payload);
    expect(error).toMatchObject({ status: 400, code: 'invalid_json', message });
  });

  test.each(['[]', 'null', '3', '"text"'])('%s is JSON but no object', async (payload) => {
    expect(await send(start(), payload)).toMatchObject({ status: 400, code: 'invalid_request' });
  });

  test('no body at all', async () => {
    expect(await send(start(), '', {})).toMatchObject({ status: 400, code: 'invalid_request' });
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'nonsense'])(
    'content type %s is 415',
    async (type) => {
      const error = await send(start(), '{}', { 'content-type': type });
      expect(error).toMatchObject({ status: 415, code: 'unsupported_media_type' });
    },
  );

  test('a charset beside the content type is fine', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    const answer = await start().inject({ method: 'POST', url: '/v1/chat/completions', headers, payload: ask });
    expect(answer.statusCode).toBe(200);
  });

  test('a body over the limit is 413 and names it', async () => {
    const error = await send(start({ bodyLimitBytes: 100 }), { ...ask, padding: 'x'.repeat(200) });
    expect(error).toMatchObject({ status: 413, code: 'body_too_large' });
    expect(error.message).toContain('100 bytes');
  });

  test('nesting that would overflow a recursive reader', async () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    const app = start();
    const body = `{"model":"auto","messages":[{"role":"user","content":"Hi"}],"tools":${deep}}`;
    const answer = await app.inject({ method: 'POST', url: '/v1/chat/completions', headers: json, payload: body });
    expect(answer.statusCode).toBe(200);
    expect(await send(app, '['.repeat(200_000))).toMatchObject({ code: 'invalid_json' });
  });
});

describe('fields', () => {
  test.each<[string, object, string, string]>([
    ['no model', { messages: ask.messages }, 'invalid_request', 'model'],
    ['model of a wrong kind', { ...ask, model: 7 }, 'invalid_request', 'model'],
    ['unknown model', { ...ask, model: 'gpt-99' }, 'model_not_found', 'model'],
    ['no messages', { model: 'auto' }, 'invalid_request', 'messages'],
    ['empty messages', { model: 'auto', messages: [] }, 'invalid_request', 'messages'],
    ['messages of a wrong kind', { model: 'auto', messages: 'Hi' }, 'invalid_request', 'messages'],
    ['stream of a wrong kind', { ...ask, stream: 'yes' }, 'invalid_request', 'stream'],
    ['a wish of a wrong kind', { ...ask, pointsman: { lambda: '3' } }, 'invalid_wish', 'pointsman.lambda'],
    ['an unknown wish', { ...ask, pointsman: { lamda: 3 } }, 'invalid_wish', 'pointsman.lamda'],
  ])('%s', async (_name, payload, code, param) => {
    const error = await send(start(), payload);
    expect(error).toMatchObject({ code, param });
    expect(error.status).toBe(code === 'model_not_found' ? 404 : 400);
  });

  test('a wrong header', async () => {
    const error = await send(start(), ask, { ...json, 'x-pointsman-local-only': 'maybe' });
    expect(error).toMatchObject({ status: 400, code: 'invalid_wish', param: 'x-pointsman-local-only' });
  });

  const app = createServer(createInMemoryGateway(), collectLogger());
  afterAll(() => app.close());

  test('property: no JSON body makes a 500 or breaks the error shape', async () => {
    const message = fc.record(
      {
        role: fc.oneof(fc.constantFrom('user', 'assistant', 'tool', 'system'), fc.jsonValue()),
        content: fc.oneof(
          fc.string(),
          fc.array(
            fc.record({ type: fc.constantFrom('text', 'image_url', 'file', 'input_audio'), text: fc.jsonValue() }),
          ),
          fc.jsonValue(),
        ),
        tool_calls: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const body = fc.record(
      {
        model: fc.oneof(fc.constant('auto'), fc.jsonValue()),
        messages: fc.oneof(fc.array(message, { maxLength: 4 }), fc.jsonValue()),
        stream: fc.oneof(fc.boolean(), fc.jsonValue()),
        max_tokens: fc.jsonValue(),
        tools: fc.jsonValue(),
        response_format: fc.jsonValue(),
        stream_options: fc.jsonValue(),
        pointsman: fc.oneof(fc.jsonValue(), fc.record({ tags: fc.jsonValue(), models: fc.jsonValue() })),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(body, fc.jsonValue()), async (value) => {
        const payload = JSON.stringify(value);
        const answer = app.inject({ method: 'POST', url: '/v1/chat/completions', headers: json, payload });
        const { statusCode } = await answer;
        if (statusCode !== 200) expect([400, 404]).toContain((await errorOf(answer)).status);
      }),
      { numRuns: 300 },
    );
  });

  test('property: no bytes make a 500', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (bytes) => {
        const payload = Buffer.from(bytes);
        const answer = await app.inject({ method: 'POST', url: '/v1/chat/completions', headers: json, payload });
        expect(answer.statusCode).toBe(400);
      }),
      { numRuns: 200 },
    );
  });
});

describe('paths and methods', () => {
  test('an unknown path names what there is', async () => {
    const error = await errorOf(start().inject('/v1/nothing?x=1'));
    expect(error).toMatchObject({ status: 404, code: 'not_found' });
    expect(error.message).toContain('/v1/chat/completions');
  });

  test.each([
    ['GET', '/v1/chat/completions', 'POST'],
    ['OPTIONS', '/v1/chat/completions', 'POST'],
    ['DELETE', '/v1/models/a/b', 'GET, HEAD'],
    ['PUT', '/v1/feedback?x', 'POST'],
    ['POST', '/health', 'GET, HEAD'],
  ] as const)('%s %s is 405 with what is allowed', async (method, url, allow) => {
    const answer = start().inject({ method, url });
    expect(await errorOf(answer)).toMatchObject({ status: 405, code: 'method_not_allowed' });
    expect((await answer).headers.allow).toBe(allow);
  });

  test.each(['/%', '/v1/models/%ff', `/v1/models/${'x'.repeat(2_000)}`])('%s is no defect of ours', async (url) => {
    expect((await errorOf(start().inject(url))).status).toBe(404);
  });
});

test.each(Object.keys(errorTable) as ErrorCode[])(
  '%s reaches the client with its own status and type',
  async (code) => {
    const app = start({ script: failBeforeCommit(new PointsmanError(code, 'Why.', { param: 'p' }), { attempts: [] }) });
    const answer = await app.inject({ method: 'POST', url: '/v1/chat/completions', headers: json, payload: ask });
    const { status, type, retry } = errorTable[code];
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toEqual({ error: { message: 'Why.', type, param: 'p', code } });
    expect(answer.headers['x-should-retry']).toBe(String(retry));
    if (status === 503) expect(answer.headers['retry-after']).toBe('1');
  },
);

test('a defect is a 500 that tells its request id to the client and the rest to the log', async () => {
  const { logger, lines } = collectLogger();
  const gateway = createInMemoryGateway({
    decide: () => {
      throw new TypeError('postgres://user:hunter2@host');
    },
  });
  const app = createServer(gateway, { logger });
  started.push(app);
  const answer = app.inject({ method: 'POST', url: '/v1/chat/completions', headers: json, payload: ask });
  const error = await errorOf(answer);
  expect(error).toMatchObject({ status: 500, code: 'internal_error' });
  expect(error.message).not.toContain('hunter2');
  const id = String((await answer).headers['x-request-id']);
  expect(error.message).toContain(id);
  expect(lines.filter((line) => line.includes(id) && line.includes('hunter2'))).toHaveLength(1);
  const { text } = await gateway.metrics.render();
  expect(text).toContain('pointsman_errors_total{code="internal_error"} 1\n');
  expect(text).toContain('pointsman_requests_total{route="none",model="none",status="500"} 1\n');
});
