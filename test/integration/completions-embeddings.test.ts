import OpenAI, { BadRequestError, RateLimitError } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  doneEvent,
  event,
  startFakeUpstream,
  status,
  stream,
  type Answer,
  type FakeUpstream,
} from '../helpers/fake-upstream.ts';
import { startGateway, type RunningGateway } from '../helpers/running-gateway.ts';

/** `/v1/completions` and `/v1/embeddings` on the running gateway; real servers on loopback play the models. */
let fake: FakeUpstream;
let other: FakeUpstream;
let gateway: RunningGateway;
let client: OpenAI;

const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
const textOf = (text: string, finish: string | null = null, index = 0) => ({
  id: 'cmpl-fake',
  object: 'text_completion',
  created: 1_700_000_000,
  model: 'fake-model',
  choices: [{ index, text, logprobs: null, finish_reason: finish }],
});
const usageOnly = { ...textOf(''), choices: [], usage };
const vectors = JSON.stringify({
  object: 'list',
  model: 'fake-embedder',
  data: [{ object: 'embedding', index: 0, embedding: [0.5, 0.25, -1] }],
  usage: { prompt_tokens: 4, total_tokens: 4 },
});

const answer: Answer = (reply, request) => {
  if (request.path === '/v1/embeddings') return status(200, vectors)(reply, request);
  const asked = request.json();
  return asked['stream'] === true
    ? stream([event(textOf('Once')), event(textOf(' more', 'stop')), event(usageOnly), doneEvent])(reply, request)
    : status(200, JSON.stringify({ ...textOf('Once more', 'stop'), usage }))(reply, request);
};

beforeAll(async () => {
  fake = await startFakeUpstream(answer);
  other = await startFakeUpstream(answer);
  gateway = await startGateway(`
keys:
  - { name: alice, key: sk-alice }
  - { name: poor, key: sk-poor, usd_per_day: 0.0000001 }
models:
  - { id: words, base_url: ${fake.baseUrl}, api_key: sk-up, upstream_model: fake-model, price: { input: 1, output: 2 } }
  - { id: spare, base_url: ${other.baseUrl}, price: { input: 3, output: 6 } }
  - { id: embed, base_url: ${fake.baseUrl}, upstream_model: fake-embedder, price: { input: 0.1, output: 0 }, context_tokens: 20, embedding: { space: s1, dimensions: 3 } }
  - { id: embed-mirror, base_url: ${other.baseUrl}, price: { input: 0.2, output: 0 }, embedding: { space: s1, dimensions: 3 } }
  - { id: embed-else, base_url: ${other.baseUrl}, price: { input: 0.1, output: 0 }, embedding: { space: s2, dimensions: 3 } }
routes:
  auto: { models: [words, spare, embed, embed-mirror], policy: { type: static, model: words }, estimators: { quality: mean, cost: mean } }
  vectors: { models: [embed, embed-mirror], policy: { type: static, model: embed }, estimators: { quality: mean, cost: mean } }
  both:
    models: [embed, embed-mirror, embed-else]
    policy: random
    estimators: { quality: mean, cost: mean }
    spaces: { rule: nearest-centroid, examples: { s1: { cooking: ["stir the soup", "bake the bread in the oven"] }, s2: { code: ["a python function", "sort the list"] } } }
  mixed: { models: "*", policy: random, estimators: { quality: mean, cost: mean } }
limits: { max_attempts: 2 }
`);
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-alice', maxRetries: 0 });
});

beforeEach(() => {
  fake.always(answer);
  other.always(answer);
});

afterAll(async () => {
  await gateway.close();
  await fake.close();
  await other.close();
});

const post = (path: string, body: string | object) =>
  fetch(`${gateway.url}/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-alice' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

describe('text completions', () => {
  it('go up byte for byte but for the model and come back as they are, with what was decided and paid', async () => {
    const raw = '{ "prompt":"caf\\u00e9",  "temperature":1.0, "best_of" : 1, "model" : "auto", "x_unknown": [1.50] }';
    const response = await post('completions', raw);
    expect(fake.requests.at(-1)).toMatchObject({ method: 'POST', path: '/v1/completions' });
    expect(fake.requests.at(-1)?.raw.toString()).toBe(raw.replace('"auto"', '"fake-model"'));
    expect(await response.text()).toBe(JSON.stringify({ ...textOf('Once more', 'stop'), usage }));
    expect(response.headers.get('x-pointsman-model')).toBe('words');
    expect(Number(response.headers.get('x-pointsman-cost-usd'))).toBeCloseTo((5 * 1 + 2 * 2) / 1e6, 9);
  });

  it('stream; the usage chunk only where it was asked for', async () => {
    const read = async (include: boolean) => {
      let text = '';
      let usages = 0;
      const chunks = await client.completions.create({
        model: 'auto',
        prompt: 'x',
        stream: true,
        ...(include ? { stream_options: { include_usage: true } } : {}),
      });
      for await (const chunk of chunks) {
        text += chunk.choices[0]?.text ?? '';
        if (chunk.usage) usages++;
      }
      return { text, usages };
    };
    expect(await read(false)).toEqual({ text: 'Once more', usages: 0 });
    expect(fake.requests.at(-1)?.json()['stream_options']).toEqual({ include_usage: true });
    expect(await read(true)).toEqual({ text: 'Once more', usages: 1 });
  });

  it('of several prompts are whole when each has ended, and cut before', async () => {
    const both = [event(textOf('a', 'stop', 0)), event(textOf('b', 'stop', 1))];
    fake.next(stream(both), stream(both.slice(0, 1)));
    const asked = { model: 'words', prompt: ['one', 'two'], stream: true };
    expect(await (await post('completions', asked)).text()).toContain('[DONE]');
    const cut = await (await post('completions', asked)).text();
    expect(cut).toContain('upstream_cut');
    expect(cut).not.toContain('[DONE]');
  });

  it('fall back to the next model before the first byte', async () => {
    fake.always(status(500, '{"error":{"message":"broken"}}'));
    const response = await post('completions', { model: 'auto', prompt: 'x' });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-pointsman-model')).toBe('spare');
    expect(other.requests.at(-1)?.path).toBe('/v1/completions');
  });

  it('are ended upstream when the client leaves', async () => {
    fake.next(async (reply) => {
      reply.head(200, { 'content-type': 'text/event-stream' });
      await reply.write(event(textOf('Once')));
      await reply.hang();
    });
    const leave = new AbortController();
    const chunks = await client.completions.create(
      { model: 'words', prompt: 'x', stream: true },
      { signal: leave.signal },
    );
    for await (const chunk of chunks) if (chunk.choices[0]?.text === 'Once') leave.abort();
    expect(await fake.requests.at(-1)?.ended).toBe('gone');
  });

  it('are held to the budget', async () => {
    const poor = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-poor', maxRetries: 0 });
    await expect(poor.completions.create({ model: 'auto', prompt: 'x' })).rejects.toBeInstanceOf(RateLimitError);
    await expect(poor.embeddings.create({ model: 'vectors', input: 'some words to embed' })).rejects.toBeInstanceOf(
      RateLimitError,
    );
  });

  it('are stored as what they are', async () => {
    const decision = (await post('completions', { model: 'auto', prompt: 'x' })).headers.get('x-pointsman-decision');
    const answer = await post('feedback', { decision, score: 1 });
    expect(await answer.json()).toMatchObject({ status: 'accepted' });
  });
});

describe('embeddings', () => {
  it('come as the SDK reads them, byte for byte, and cost what they cost', async () => {
    const bytes = Buffer.from(new Float32Array([0.5, 0.25, -1]).buffer).toString('base64');
    fake.next(status(200, vectors.replace('[0.5,0.25,-1]', JSON.stringify(bytes))));
    const { data, response } = await client.embeddings.create({ model: 'vectors', input: 'Hello' }).withResponse();
    expect(data.data[0]?.embedding).toEqual([0.5, 0.25, -1]);
    expect(fake.requests.at(-1)?.json()).toEqual({ model: 'fake-embedder', input: 'Hello', encoding_format: 'base64' });
    expect(Number(response.headers.get('x-pointsman-cost-usd'))).toBeCloseTo(4e-7, 12);
    expect(await (await post('embeddings', { model: 'vectors', input: 'Hello' })).text()).toBe(vectors);
  });

  it('fall back inside their space only', async () => {
    fake.always(status(500, '{}'));
    const mirrored = await post('embeddings', { model: 'auto', input: 'Hello' });
    expect(mirrored.headers.get('x-pointsman-model')).toBe('embed-mirror');
    const refused = await post('embeddings', { model: 'mixed', input: 'Hello' });
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain('s1: embed, embed-mirror; s2: embed-else');
  });

  it('of a route over several spaces can be narrowed to one by the request', async () => {
    const one = await post('embeddings', { model: 'mixed', input: 'Hello', pointsman: { models: ['embed-else'] } });
    expect(one.headers.get('x-pointsman-model')).toBe('embed-else');
  });

  it('are held to the context of each input, not of all together', async () => {
    const short = 'five words are this long.';
    const only = { pointsman: { models: ['embed'] } };
    expect((await post('embeddings', { model: 'vectors', input: [short, short, short, short], ...only })).status).toBe(
      200,
    );
    const long = await post('embeddings', { model: 'vectors', input: [short, short.repeat(5)], ...only });
    expect(long.status).toBe(400);
    expect(await long.text()).toContain('embed (context: needs about 32 tokens, takes 20)');
  });

  it('never go to a model that answers in words, nor chat to one that embeds', async () => {
    await expect(
      client.embeddings.create({ model: 'auto', input: 'x' }, { headers: { 'x-pointsman-models': 'words' } }),
    ).rejects.toThrow(/words \(embedding: it does not embed/);
    await expect(
      client.chat.completions.create({ model: 'vectors', messages: [{ role: 'user', content: 'x' }] }),
    ).rejects.toBeInstanceOf(BadRequestError);
  });

  it('that hold no vector are no answer', async () => {
    fake.next(status(200, '{"object":"list","data":[]}'));
    const response = await post('embeddings', { model: 'vectors', input: 'x' });
    expect(response.headers.get('x-pointsman-model')).toBe('embed-mirror');
  });
});

describe('embeddings over several spaces, by the nearest centroid', () => {
  const modelOf = async (input: unknown, more: object = {}) => {
    const response = await post('embeddings', { model: 'both', input, ...more });
    return response.ok ? response.headers.get('x-pointsman-model') : response.status;
  };

  it('go to the space that the text is nearest to, mirrors and fallbacks included, and never to another', async () => {
    for (let i = 0; i < 8; i++) {
      expect(await modelOf(`is the soup in the oven ${i}`)).toMatch(/^embed(-mirror)?$/);
      expect(await modelOf([`a function that sorts ${i}`, 'in python'])).toBe('embed-else');
    }
    // The only server of its space refuses: an error, not a vector of the other one.
    other.always(status(500, '{"error":{"message":"broken"}}'));
    const before = fake.requests.length;
    expect(await modelOf('a function in python')).toBe(502);
    expect(fake.requests.length).toBe(before);
    expect(await modelOf('bake the soup')).toBe('embed');
  });

  it('are refused where there is no text to choose by, and follow the request where it chooses', async () => {
    expect(await modelOf([1, 2, 3])).toBe(400);
    expect(await modelOf([1, 2, 3], { pointsman: { models: ['embed-else'] } })).toBe('embed-else');
  });
});

describe('simulated models', () => {
  it('complete and embed too', async () => {
    const simulated = await startGateway(`
models:
  - { id: sim, backend: simulated, price: { input: 1, output: 2 }, options: { skills: {} } }
  - { id: sim-embed, backend: simulated, price: { input: 1, output: 0 }, embedding: { space: sim, dimensions: 16 }, options: { skills: {}, dimensions: 16 } }
`);
    try {
      const sdk = new OpenAI({ baseURL: `${simulated.url}/v1`, apiKey: 'none', maxRetries: 0 });
      const whole = await sdk.completions.create({ model: 'auto', prompt: 'What is 2 + 2?' });
      expect(whole.choices[0]?.text).toContain('[simulated] sim');
      let text = '';
      for await (const chunk of await sdk.completions.create({
        model: 'auto',
        prompt: 'What is 2 + 2?',
        stream: true,
      })) {
        text += chunk.choices[0]?.text ?? '';
      }
      expect(text).toBe(whole.choices[0]?.text);
      const input = ['the cat sat', 'a cat sat', 'tax law of 1913'];
      const { data } = await sdk.embeddings.create({ model: 'auto', input });
      const [cat = [], alike = [], other = []] = data.map(({ embedding }) => embedding);
      const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
      expect(cat).toHaveLength(16);
      expect(dot(cat, cat)).toBeCloseTo(1, 5);
      expect(dot(cat, alike)).toBeGreaterThan(dot(cat, other));
    } finally {
      await simulated.close();
    }
  });
});
