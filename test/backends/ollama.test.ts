import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOllama } from '../../src/backends/ollama.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { Backend, BackendCall } from '../../src/core/backend.ts';
import { systemClock } from '../../src/core/clock.ts';
import { startFakeUpstream, status, type Answer, type FakeUpstream } from '../helpers/fake-upstream.ts';
import { ask, bodyOf, question, targetAt, type Told } from './fixtures.ts';

/** Ollama's own API, played on loopback as its documentation has it. */
let fake: FakeUpstream;
let backend: Backend;

beforeAll(async () => {
  fake = await startFakeUpstream();
  backend = createOllama({ clock: systemClock });
});
afterAll(async () => {
  await backend.close();
  await fake.close();
});

const target = (options: Readonly<Record<string, unknown>> = {}) =>
  targetAt(fake.baseUrl, { backend: 'ollama', apiKey: null, options: { num_ctx: 4096, ...options } });

const piece = (message: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}) => ({
  model: 'their-model',
  created_at: '2026-01-01T00:00:00Z',
  message: { role: 'assistant', content: '', ...message },
  done: false,
  ...more,
});
const end = { done: true, done_reason: 'stop', prompt_eval_count: 20, eval_count: 5 };
const whole = (message: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}): Answer =>
  status(200, JSON.stringify(piece(message, { ...end, ...more })));
const lines =
  (...pieces: readonly unknown[]): Answer =>
  async (reply) => {
    reply.head(200, { 'content-type': 'application/x-ndjson' });
    for (const each of pieces) await reply.write(`${JSON.stringify(each)}\n`);
    reply.end();
  };

const notJson: Answer = async (reply) => {
  reply.head(200, { 'content-type': 'application/x-ndjson' });
  await reply.write(`${JSON.stringify(piece({ content: 'Hel' }))}\n{"model":\n`);
  reply.end();
};

const chat = (
  answer: Answer,
  body: Readonly<Record<string, unknown>> = {},
  call: Partial<BackendCall> = {},
  options: Readonly<Record<string, unknown>> = {},
): Promise<Told> => {
  fake.next(answer);
  const stream = call.stream === true;
  const asked = bodyOf({ ...question, ...(stream ? { stream } : {}), ...body });
  return ask(backend, target(options), { body: asked, ...call });
};
const sent = () => fake.requests.at(-1)?.json() ?? {};

describe('the request', () => {
  it('goes to /api/chat with num_ctx, the same for each call, and asks not to be cut', async () => {
    await chat(whole({ content: 'hi' }), { max_tokens: 9, temperature: 0.5, stop: 'END', seed: 7, top_k: 3 });
    expect(fake.requests.at(-1)?.path).toBe('/api/chat');
    expect(sent()).toEqual({
      model: 'their-model',
      messages: [{ role: 'user', content: 'hi' }],
      stream: false,
      truncate: false,
      options: { num_ctx: 4096, num_predict: 9, temperature: 0.5, stop: ['END'], seed: 7, top_k: 3 },
    });
    await chat(whole({ content: 'hi' }), { max_tokens: 2000 });
    expect(sent()['options']).toMatchObject({ num_ctx: 4096 });
  });

  it('carries tools, their results, images, thoughts and schemas in Ollama’s shape', async () => {
    const tools = [{ type: 'function', function: { name: 'add', parameters: { type: 'object' } } }];
    const schema = { type: 'object', properties: { sum: { type: 'number' } } };
    await chat(whole({ content: 'hi' }), {
      messages: [
        { role: 'developer', content: 'Be short.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          reasoning_content: 'Adding.',
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'add', arguments: '{"a":2}' } }],
        },
        { role: 'tool', tool_call_id: 'call_1', content: '4' },
      ],
      tools,
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
      reasoning_effort: 'low',
    });
    expect(sent()).toMatchObject({
      tools,
      format: schema,
      think: 'low',
      messages: [
        { role: 'system', content: 'Be short.' },
        { role: 'user', content: 'What is this?', images: ['AAAA'] },
        {
          role: 'assistant',
          content: '',
          thinking: 'Adding.',
          tool_calls: [{ id: 'call_1', function: { name: 'add', arguments: { a: 2 } } }],
        },
        { role: 'tool', content: '4', tool_name: 'add' },
      ],
    });
  });

  it('says what it could not carry, and refuses what it cannot do without', async () => {
    const told = await chat(whole({ content: 'hi' }), { logit_bias: { 5: 1 }, n: 1, tool_choice: 'auto', x: 1 });
    expect(told.answer?.headers['x-pointsman-dropped']).toBe('logit_bias, x');
    const before = fake.requests.length;
    const url = 'https://example.com/cat.png';
    const messages = [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }];
    const { failure } = await ask(backend, target(), { body: bodyOf({ messages }) });
    expect(failure).toMatchObject({ retryable: true, blameless: true });
    expect(failure?.error.message).toContain('an image that is no base64 data URL');
    expect(fake.requests.length).toBe(before);
  });
});

describe('the answer', () => {
  it('is a chat completion with usage, tool calls as text with ids', async () => {
    const told = await chat(
      whole({ thinking: 'Hm.', tool_calls: [{ function: { name: 'add', arguments: { a: 2, b: [1] } } }] }),
    );
    expect(JSON.parse(told.text)).toEqual({
      id: 'chatcmpl-req-1',
      object: 'chat.completion',
      created: expect.any(Number),
      model: 'their-model',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: null,
            refusal: null,
            reasoning_content: 'Hm.',
            tool_calls: [
              { id: 'call_req-1_0', type: 'function', function: { name: 'add', arguments: '{"a":2,"b":[1]}' } },
            ],
          },
          logprobs: null,
          finish_reason: 'tool_calls',
        },
      ],
      usage: { prompt_tokens: 20, completion_tokens: 5, total_tokens: 25 },
    });
    expect(told.result).toEqual({
      usage: { inputTokens: 20, cachedTokens: 0, outputTokens: 5 },
      costUsd: null,
      finishReason: 'tool_calls',
    });
  });

  it('streams line by line, in whatever pieces the lines come', async () => {
    const body = readFileSync(new URL('../fixtures/presets/ollama-chat.ndjson', import.meta.url));
    for (const size of [1, 7, 64, body.length]) {
      const cutUp: Answer = async (reply) => {
        reply.head(200, { 'content-type': 'application/x-ndjson' });
        for (let i = 0; i < body.length; i += size) await reply.write(body.subarray(i, i + size));
        reply.end();
      };
      const told = await chat(cutUp, {}, { stream: true, includeUsage: true });
      expect(told.failure).toBeNull();
      const chunks = told.text
        .split('\n\n')
        .filter((event) => event.startsWith('data: {'))
        .map((event) => JSON.parse(event.slice(6)) as { choices: { delta: object; finish_reason: unknown }[] });
      expect(chunks.map(({ choices }) => choices[0]?.delta ?? 'usage')).toEqual([
        { role: 'assistant', content: '' },
        { reasoning_content: 'Let me think.' },
        { content: '4' },
        {
          tool_calls: [
            { index: 0, id: 'call_req-1_0', type: 'function', function: { name: 'add', arguments: '{"a":2,"b":2}' } },
          ],
        },
        {},
        'usage',
      ]);
      expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('tool_calls');
      expect(told.text.endsWith('data: [DONE]\n\n')).toBe(true);
    }
  });

  it('without counts has no usage: unknown is never zero', async () => {
    const told = await chat(whole({ content: 'hi' }, { prompt_eval_count: undefined }));
    expect(told.result?.usage).toBeNull();
    expect(JSON.parse(told.text)).not.toHaveProperty('usage');
  });

  it.each([
    ['a stream that stops', lines(piece({ content: 'Hel' })), 'cut'],
    ['an error inside a stream', lines(piece({ content: 'Hel' }), { error: 'model runner has stopped' }), 'cut'],
    ['a line that is not JSON', notJson, 'garbage'],
  ])('%s is no answer', async (_, answer, kind) => {
    const told = await chat(answer, {}, { stream: true });
    expect(told.failure?.kind).toBe(kind);
    expect(told.text).not.toContain('[DONE]');
  });

  it('that is a refusal goes to the client as it came', async () => {
    const { failure } = await chat(status(404, '{"error":"model \\"x\\" not found"}'));
    expect(failure).toMatchObject({ retryable: false, status: 404 });
    expect(failure?.error.message).toContain('model "x" not found');
  });
});

describe('a prompt that was cut in silence', () => {
  const long = { promptTokens: 3000 };

  it('is an error that another model may mend, whole', async () => {
    const told = await chat(whole({ content: 'hi' }, { prompt_eval_count: 1024 }), {}, long);
    expect(told.answer).toBeNull();
    expect(told.failure).toMatchObject({ kind: 'garbage', retryable: true });
    expect(told.failure?.error.message).toContain('1024 tokens of a prompt of about 3000');
  });

  it('is an error and no end, streamed', async () => {
    const body = readFileSync(new URL('../fixtures/presets/ollama-cut.ndjson', import.meta.url), 'utf8');
    const answer: Answer = async (reply) => {
      reply.head(200, { 'content-type': 'application/x-ndjson' });
      await reply.write(body);
      reply.end();
    };
    const told = await chat(answer, {}, { ...long, stream: true });
    expect(told.failure?.error.message).toContain('cut the prompt in silence');
    expect(told.text).not.toContain('[DONE]');
  });

  it.each([
    ['a count near enough', 1600, long, {}],
    ['no count, as from a warm cache', undefined, long, {}],
    ['a short prompt, of which an estimate says nothing', 20, { promptTokens: 200 }, {}],
    ['nobody looking', 20, long, { least_prompt_share: 0 }],
  ])('is not suspected of %s', async (_, count, call, options) => {
    const told = await chat(whole({ content: 'hi' }, { prompt_eval_count: count }), {}, call, options);
    expect(told.failure).toBeNull();
  });

  it('is not even sent where it cannot fit', async () => {
    const before = fake.requests.length;
    const { failure } = await ask(backend, target(), { promptTokens: 5000 });
    expect(failure).toMatchObject({ retryable: true, blameless: true });
    expect(failure?.error.message).toContain('num_ctx is 4096');
    expect(fake.requests.length).toBe(before);
  });
});

describe('embeddings', () => {
  it('come from /api/embed in either encoding', async () => {
    const answer = status(200, '{"model":"m","embeddings":[[0.5,-1],[1,0.25]],"prompt_eval_count":6}');
    for (const encoding of ['float', 'base64']) {
      fake.next(answer);
      const body = bodyOf({ model: 'm', input: ['a', 'b'], encoding_format: encoding });
      const told = await ask(backend, target(), { format: 'openai-embedding', body });
      expect(fake.requests.at(-1)?.path).toBe('/api/embed');
      expect(sent()).toMatchObject({ model: 'their-model', input: ['a', 'b'], truncate: false });
      const { data, usage } = JSON.parse(told.text) as { data: { embedding: unknown }[]; usage: unknown };
      const read = ({ embedding }: { embedding: unknown }) =>
        typeof embedding === 'string'
          ? [...new Float32Array(Uint8Array.from(Buffer.from(embedding, 'base64')).buffer)]
          : embedding;
      expect(data.map(read)).toEqual([
        [0.5, -1],
        [1, 0.25],
      ]);
      expect(usage).toEqual({ prompt_tokens: 6, total_tokens: 6 });
      expect(told.result?.usage).toEqual({ inputTokens: 6, cachedTokens: 0, outputTokens: 0 });
    }
  });
});

describe('the YAML', () => {
  it('has to say how much context, and that is what the model takes', () => {
    const model = (more: string) => parseConfig(`models:\n  - { id: m, preset: ollama, ${more} }`, null).models[0];
    expect(() => model('upstream_model: llama3.2')).toThrow(/num_ctx/);
    expect(model('options: { num_ctx: 8192 }')).toMatchObject({ contextTokens: 8192 });
    expect(model('context_tokens: 6000')?.targets[0]?.options).toMatchObject({ num_ctx: 6000 });
    expect(model('context_tokens: 128000, options: { num_ctx: 8192 }')).toMatchObject({ contextTokens: 8192 });
  });
});
