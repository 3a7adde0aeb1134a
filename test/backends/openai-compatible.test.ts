import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOpenAiCompatible } from '../../src/backends/openai-compatible.ts';
import type { Backend } from '../../src/core/backend.ts';
import { systemClock } from '../../src/core/clock.ts';
import {
  chunkEvent,
  completion,
  doneEvent,
  event,
  roleEvent,
  startFakeUpstream,
  status,
  stopEvent,
  stream,
  streamEvents,
  type FakeUpstream,
} from '../helpers/fake-upstream.ts';
import { ask, bodyOf, callOf, question, targetAt } from './fixtures.ts';

let fake: FakeUpstream;
let backend: Backend;

beforeEach(async () => {
  fake = await startFakeUpstream();
  backend = createOpenAiCompatible({ clock: systemClock });
});
afterEach(async () => {
  await backend.close();
  await fake.close();
});

const target = (): ReturnType<typeof targetAt> => targetAt(fake.baseUrl);

describe('the request', () => {
  it('goes to the right path with our headers and never the caller’s', async () => {
    await ask(backend, target(), { requestId: 'req-42' });
    const [request] = fake.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/v1/chat/completions' });
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'pointsman',
      authorization: 'Bearer sk-secret-123',
      'x-request-id': 'req-42',
    });
  });

  it('sends no authorization where the target has no key', async () => {
    await ask(backend, targetAt(fake.baseUrl, { apiKey: null }));
    expect(fake.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it('keeps the client’s bytes, unknown fields and all, but for the model', async () => {
    const raw = Buffer.from(
      '{"top_k": 7, "model":"auto","temperature":1.0,"messages":[{"role":"user","content":"h\\u00e9"}]}',
    );
    await ask(backend, target(), { body: { raw, parsed: JSON.parse(raw.toString()) as Record<string, unknown> } });
    expect(fake.requests[0]?.raw.toString()).toBe(raw.toString().replace('"auto"', '"their-model"'));
  });

  it('calls the model by the gateway’s own id where the target names none', async () => {
    await ask(backend, targetAt(fake.baseUrl, { upstreamModel: null }), { model: 'llama-3' });
    expect(fake.requests[0]?.json()['model']).toBe('llama-3');
  });

  it('asks for usage in streams only, and not where the server refuses stream_options', async () => {
    await ask(backend, target());
    await ask(backend, target(), { stream: true });
    await ask(backend, targetAt(fake.baseUrl, { options: { stream_usage: false } }), { stream: true });
    expect(fake.requests.map((request) => request.json()['stream_options'])).toEqual([
      undefined,
      { include_usage: true },
      undefined,
    ]);
  });

  it('keeps the query of base_url and forgives a trailing slash', async () => {
    await ask(backend, targetAt(`${fake.baseUrl}/?api-version=1`));
    expect(fake.requests[0]?.path).toBe('/v1/chat/completions?api-version=1');
  });

  it('reuses its connection', async () => {
    for (let i = 0; i < 8; i++) await ask(backend, target(), { stream: i % 2 === 0 });
    // A stream is over at [DONE], an instant before its connection is free again.
    expect(fake.connections).toBeLessThanOrEqual(2);
  });
});

describe('whole answers', () => {
  it('come as one piece with usage, cost and finish reason', async () => {
    const body = completion('Hi', { usage: { prompt_tokens: 3, completion_tokens: 4, cost: 0.5 } });
    fake.next(status(200, body));
    const told = await ask(backend, target());
    expect(told).toMatchObject({ text: body, outputs: [true], failure: null, answer: { status: 200 } });
    expect(told.result).toEqual({
      usage: { inputTokens: 3, cachedTokens: 0, outputTokens: 4 },
      costUsd: 0.5,
      finishReason: 'stop',
    });
  });

  it('may lack usage', async () => {
    fake.next(status(200, completion('Hi', { usage: undefined })));
    expect((await ask(backend, target())).result).toEqual({ usage: null, costUsd: null, finishReason: 'stop' });
  });

  it.each([
    ['HTML', '<html>'],
    ['half JSON', completion('Hi').slice(0, -9)],
    ['no choices', '{"hello":1}'],
    ['empty choices', '{"choices":[]}'],
    ['nothing', ''],
    ['a list', '[]'],
  ])('%s is garbage', async (_, body) => {
    fake.next(status(200, body));
    const told = await ask(backend, target());
    expect(told.failure).toMatchObject({ kind: 'garbage', retryable: true, status: 200 });
    expect(told.failure?.error).toMatchObject({ code: 'upstream_failed', status: 502 });
    expect(told.bytes).toHaveLength(0);
  });

  it('an error inside status 200 is a failure', async () => {
    fake.next(status(200, '{"error":{"message":"no capacity","code":429}}'));
    expect((await ask(backend, target())).failure).toMatchObject({ kind: 'status', error: { code: 'rate_limited' } });
  });

  it('larger than the bound is given up, and the connection with it', async () => {
    fake.next(async (reply) => {
      reply.head(200, { 'content-type': 'application/json' });
      const block = Buffer.alloc(1024 * 1024, 0x20);
      for (let i = 0; i < 34 && !reply.gone; i++) await reply.write(block);
      await reply.hang();
    });
    expect((await ask(backend, target())).failure).toMatchObject({ kind: 'garbage' });
    await expect(fake.requests[0]?.ended).resolves.toBe('gone');
  });

  it('cut short is a cut', async () => {
    fake.next(async (reply) => {
      reply.head(200, { 'content-type': 'application/json', 'content-length': '500' });
      await reply.write(completion('Hi'));
      reply.cut();
    });
    expect((await ask(backend, target())).failure).toMatchObject({ kind: 'cut', error: { code: 'upstream_cut' } });
  });

  it('compressed though identity was asked for are refused, and the message says so', async () => {
    const body = gzipSync(completion('Hi'));
    fake.next(async (reply) => {
      reply.head(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      await reply.write(body);
      reply.end();
    });
    const { failure } = await ask(backend, target());
    expect(failure).toMatchObject({ kind: 'garbage' });
    expect(failure?.error.message).toContain('content-encoding gzip');
  });
});

describe('streams', () => {
  it('pass event by event as they come', async () => {
    const events = streamEvents(['a', 'b'], false);
    fake.next(stream(events, 5));
    const told = await ask(backend, target(), { stream: true });
    expect(told).toMatchObject({ text: events.join(''), failure: null });
    expect(told.outputs).toEqual([false, true, true, true, true]);
    expect(told.answer?.headers).toEqual({ 'content-type': 'text/event-stream; charset=utf-8' });
  });

  it('survive bytes that trickle one by one', async () => {
    const bytes = Buffer.from(streamEvents(['é', '🙂']).join('').replaceAll('\n', '\r\n'));
    fake.next(stream([...bytes].map((byte) => Buffer.of(byte))));
    const told = await ask(backend, target(), { stream: true });
    expect(told.failure).toBeNull();
    expect(told.text).toContain('🙂');
    expect(told.result?.usage?.inputTokens).toBe(9);
  });

  it('end at [DONE], though the server keeps the connection open', async () => {
    fake.next(async (reply) => {
      reply.head(200, { 'content-type': 'text/event-stream' });
      await reply.write(streamEvents(['a']).join(''));
      await reply.hang();
    });
    expect((await ask(backend, target(), { stream: true })).result?.finishReason).toBe('stop');
    await expect(fake.requests[0]?.ended).resolves.toBe('gone');
  });

  it.each(['reset', 'finish'] as const)('cut by %s after a token are cut', async (how) => {
    fake.next(async (reply) => {
      reply.head(200, { 'content-type': 'text/event-stream' });
      await reply.write(roleEvent + chunkEvent({ content: 'a' }));
      await reply.wait(5);
      reply.cut(how);
    });
    const told = await ask(backend, target(), { stream: true });
    expect(told).toMatchObject({ failure: { kind: 'cut' }, result: null });
    expect(told.text).not.toContain('[DONE]');
  });

  it('that end in good order without an end are cut, also where only the connection’s end tells', async () => {
    const half: [string, string] = [roleEvent, chunkEvent({ content: 'a' })];
    fake.next(stream(half), async (reply) => {
      reply.head(200, { 'content-type': 'text/event-stream', connection: 'close' });
      await reply.write(half.join(''));
      reply.end();
    });
    for (let i = 0; i < 2; i++) {
      expect((await ask(backend, target(), { stream: true })).failure).toMatchObject({ kind: 'cut' });
    }
  });

  it('without [DONE] get one when finish_reason was seen', async () => {
    fake.next(stream([chunkEvent({ content: 'a' }), stopEvent]));
    const told = await ask(backend, target(), { stream: true });
    expect(told.text).toBe(chunkEvent({ content: 'a' }) + stopEvent + doneEvent);
  });

  it('an error event before output is retryable, after output it is a cut', async () => {
    const error = event({ error: { message: 'overloaded', code: 'overloaded' } });
    fake.next(stream([roleEvent, error]), stream([roleEvent, chunkEvent({ content: 'a' }), error, doneEvent]));
    const before = await ask(backend, target(), { stream: true });
    expect(before.failure).toMatchObject({ kind: 'status', retryable: true });
    const after = await ask(backend, target(), { stream: true });
    expect(after.failure).toMatchObject({ kind: 'cut' });
    expect(after.failure?.error.message).toContain('overloaded');
    expect(after.text).not.toContain('[DONE]');
  });

  it.each([
    ['a JSON error', '{"error":{"message":"nope"}}', 'status'],
    ['a whole completion', completion('Hi'), 'garbage'],
  ])('%s where a stream was asked for', async (_, body, kind) => {
    fake.next(status(200, body));
    expect((await ask(backend, target(), { stream: true })).failure).toMatchObject({ kind, retryable: true });
  });

  it('HTML where a stream was asked for is garbage', async () => {
    fake.next(status(200, '<html>', { 'content-type': 'text/html' }));
    expect((await ask(backend, target(), { stream: true })).failure).toMatchObject({ kind: 'garbage' });
  });

  it('stop reading while the reader asks for silence, and go on after', async () => {
    const token = chunkEvent({ content: 'x'.repeat(60_000) });
    let sent = 0;
    fake.next(async (reply) => {
      reply.head(200, { 'content-type': 'text/event-stream' });
      for (; sent < 1000 && !reply.gone; sent++) await reply.write(token);
      await reply.write(stopEvent + doneEvent);
      reply.end();
    });
    let received = 0;
    const stalled: number[] = [];
    await new Promise<void>((resolve, reject) => {
      const handle = backend.call(callOf(target(), { stream: true }), {
        answer() {},
        data(bytes) {
          received += bytes.length;
          if (stalled.length > 0) return true;
          // What was read already may still be told; after that nothing is, however long it lasts.
          for (const ms of [50, 200]) setTimeout(() => stalled.push(received), ms);
          setTimeout(() => handle.resume(), 250);
          return false;
        },
        end: () => resolve(),
        fail: ({ error }) => reject(error),
      });
    });
    expect(stalled[1]).toBe(stalled[0]);
    expect(stalled[1]).toBeLessThan(10 * token.length);
    expect(received).toBe(1000 * token.length + stopEvent.length + doneEvent.length);
  });
});

describe('refusals', () => {
  it.each([401, 402, 403])('%i is our own credential, and the secret is in no message', async (code) => {
    fake.next(status(code, '{"error":{"message":"bad key sk-secret-123"}}'));
    const { failure } = await ask(backend, target());
    expect(failure).toMatchObject({ kind: 'credential', retryable: true, status: code });
    expect(failure?.error).toMatchObject({ code: 'upstream_credential', status: 502 });
    expect(failure?.error.message).not.toContain('sk-secret');
    expect(failure).not.toHaveProperty('passThrough');
  });

  it.each([408, 409, 500, 502, 503, 529])('%i is retryable', async (code) => {
    fake.next(status(code, '{"error":{"message":"try later, sk-secret-123\\n"}}', { 'retry-after': '2' }));
    const { failure } = await ask(backend, target());
    expect(failure).toMatchObject({ kind: 'status', retryable: true, status: code });
    expect(failure?.error).toMatchObject({ code: 'upstream_failed', status: 502, retryAfterMs: 2000 });
    expect(failure?.error.message).toContain('try later, ***');
  });

  it('429 is rate_limited with the upstream’s own delay', async () => {
    fake.next(status(429, '{}', { 'retry-after-ms': '1500', 'retry-after': '9' }));
    expect((await ask(backend, target())).failure?.error).toMatchObject({ code: 'rate_limited', retryAfterMs: 1500 });
  });

  it.each([400, 404, 413, 422])('%i is passed on as it came', async (code) => {
    const body =
      '{"error":{"message":"max_tokens is too large","type":"invalid_request_error","param":"max_tokens","code":null}}';
    fake.next(status(code, body, { 'x-internal': 'no' }));
    const { failure } = await ask(backend, target(), { stream: code === 400 });
    expect(failure).toMatchObject({ kind: 'status', retryable: false, status: code, error: { status: code } });
    expect(failure?.passThrough).toEqual({
      status: code,
      body: Buffer.from(body),
      headers: { 'content-type': 'application/json' },
    });
  });

  it('a 4xx that quotes our secret is not passed on', async () => {
    fake.next(status(400, '{"error":{"message":"bad header Bearer sk-secret-123"}}'));
    const { failure } = await ask(backend, target());
    expect(failure).toMatchObject({ retryable: false, error: { status: 400 } });
    expect(failure).not.toHaveProperty('passThrough');
    expect(failure?.error.message).toContain('***');
  });

  it('a redirect is not followed', async () => {
    fake.next(status(307, '', { location: 'http://127.0.0.1:1/' }));
    const { failure } = await ask(backend, target());
    expect(failure).toMatchObject({ kind: 'garbage' });
    expect(failure?.error.message).toContain('base_url');
  });
});

describe('connections', () => {
  it('refused', async () => {
    const gone = await startFakeUpstream();
    await gone.close();
    const { failure } = await ask(backend, targetAt(gone.baseUrl));
    expect(failure).toMatchObject({ kind: 'connect', retryable: true, error: { code: 'no_healthy_target' } });
    expect(failure?.error.message).toContain('ECONNREFUSED');
  });

  it('closed before any answer', async () => {
    fake.next((reply) => reply.cut());
    expect((await ask(backend, target())).failure).toMatchObject({
      kind: 'connect',
      retryable: true,
      error: { code: 'upstream_failed' },
    });
  });

  it('that speak no HTTP', async () => {
    fake.next((reply) => reply.raw('SSH-2.0-OpenSSH\r\n\r\n'));
    expect((await ask(backend, target())).failure).toMatchObject({ kind: 'garbage' });
  });

  it('with headers beyond all measure', async () => {
    fake.next(status(200, completion('Hi'), { 'x-large': 'x'.repeat(100_000) }));
    expect((await ask(backend, target())).failure).toMatchObject({ kind: 'garbage' });
  });

  it('informational answers are skipped', async () => {
    fake.next(async (reply, request) => {
      reply.raw('HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n');
      await status(200, completion('Hi'))(reply, request);
    });
    expect((await ask(backend, target())).text).toBe(completion('Hi'));
  });
});

describe('abort', () => {
  const never = {
    answer() {},
    data: () => true,
    end: () => expect.unreachable(),
    fail: () => expect.unreachable(),
  };

  it('before the answer reaches the upstream at once', async () => {
    fake.next((reply) => reply.hang());
    const handle = backend.call(callOf(target()), never);
    await fake.received(1);
    handle.abort();
    await expect(fake.requests[0]?.ended).resolves.toBe('gone');
  });

  it('in mid-stream reaches the upstream, and nothing more is told', async () => {
    fake.next(
      stream(
        Array.from({ length: 10_000 }, () => chunkEvent({ content: 'x' })),
        1,
      ),
    );
    let told = 0;
    await new Promise<void>((resolve) => {
      const handle = backend.call(callOf(target(), { stream: true }), {
        ...never,
        data() {
          told++;
          handle.abort();
          resolve();
          return true;
        },
      });
    });
    await expect(fake.requests[0]?.ended).resolves.toBe('gone');
    expect(told).toBe(1);
  });

  it('before there is a connection sends no request', async () => {
    backend.call(callOf(target()), never).abort();
    await ask(backend, target());
    expect(fake.requests).toHaveLength(1);
  });

  it('after the end is harmless and keeps the connection', async () => {
    await new Promise<void>((resolve) => {
      const handle = backend.call(callOf(target(), { stream: true }), {
        ...never,
        end() {
          handle.abort();
          setTimeout(resolve, 50);
        },
      });
    });
    await ask(backend, target());
    expect(fake.connections).toBe(1);
  });
});

it('passes prompts of any size and alphabet on', async () => {
  const content = '日本語 "quoted" \\ 🙂\n'.repeat(20_000);
  await ask(backend, target(), { body: bodyOf({ ...question, messages: [{ role: 'user', content }] }) });
  expect(fake.requests[0]?.json()['messages']).toEqual([{ role: 'user', content }]);
});
