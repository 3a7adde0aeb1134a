import OpenAI, {
  APIConnectionError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  chunkEvent,
  completion,
  doneEvent,
  hello,
  roleEvent,
  startFakeUpstream,
  status,
  stopEvent,
  stream,
  streamEvents,
  usageEvent,
  type FakeUpstream,
} from '../helpers/fake-upstream.ts';
import { startGateway, type RunningGateway } from '../helpers/running-gateway.ts';

/** The real SDK against the running gateway; only the model behind it is played by a real server on loopback. */
let fake: FakeUpstream;
let other: FakeUpstream;
let gateway: RunningGateway;
let client: OpenAI;

const say = (content: string) => [{ role: 'user' as const, content }];

beforeAll(async () => {
  fake = await startFakeUpstream();
  other = await startFakeUpstream();
  gateway = await startGateway(`
keys:
  - { name: alice, key: sk-alice }
  - { name: bob, key: sk-bob, routes: [cheap] }
  - { name: poor, key: sk-poor, usd_per_day: 0.00001 }
models:
  - id: only
    base_url: ${fake.baseUrl}
    api_key: sk-upstream-secret
    upstream_model: fake-model
    price: { input: 1, output: 2 }
    capabilities: [tools]
    timeouts: { first_token_ms: 400, idle_ms: 400, total_ms: 800 }
  - id: spare
    base_url: ${other.baseUrl}
    price: { input: 3, output: 6 }
  - id: unpriced-of-unknown-price
    base_url: ${other.baseUrl}
routes:
  auto: { models: [only], policy: static, estimators: { quality: mean, cost: mean } }
  cheap: { models: [only, spare], policy: { type: static, model: only }, estimators: { quality: mean, cost: mean } }
aliases: { "gpt-4o*": auto }
limits: { max_attempts: 2 }
`);
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-alice', maxRetries: 0 });
});

beforeEach(() => fake.always(hello));

afterAll(async () => {
  await gateway.close();
  await fake.close();
  await other.close();
});

describe('chat', () => {
  it('answers as the upstream did, and says in headers what was decided', async () => {
    const { data, response } = await client.chat.completions
      .create({ model: 'auto', messages: say('Hello') })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe('Hello world');
    expect(data.model).toBe('fake-model');
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
    const header = (name: string) => response.headers.get(`x-pointsman-${name}`);
    expect([header('route'), header('policy'), header('model')]).toEqual(['auto', 'static', 'only']);
    expect(header('decision')).toMatch(/^dec_[\w-]{30}$/);
    // 9 prompt tokens at $1 and 2 at $2 per million.
    expect(Number(header('cost-usd'))).toBeCloseTo(13e-6, 9);
    expect(header('simulated')).toBeNull();
  });

  it('forwards the body byte for byte but for the model, and never the caller’s key', async () => {
    const raw =
      '{ "messages":[{"role":"user","content":"caf\\u00e9 \\ud83d\\ude80 1.0"}],  "temperature":1.0, "seed":12345678901234567890,\n "x_unknown":{"model":"nested"}, "model" : "auto","pointsman":{"tags":{"team":"a"}} }';
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer sk-alice' },
      body: raw,
    });
    expect(response.status).toBe(200);
    const sent = fake.requests.at(-1);
    expect(sent?.raw.toString()).toBe(
      '{ "messages":[{"role":"user","content":"caf\\u00e9 \\ud83d\\ude80 1.0"}],  "temperature":1.0, "seed":12345678901234567890,\n "x_unknown":{"model":"nested"}, "model" : "fake-model" }',
    );
    expect(sent?.headers['authorization']).toBe('Bearer sk-upstream-secret');
    expect(JSON.stringify(sent?.headers)).not.toContain('sk-alice');
  });

  it('knows aliases, exact models and route/policy', async () => {
    for (const model of ['gpt-4o-mini', 'only', 'cheap/random', 'router-cheap-0.5']) {
      other.always(hello);
      // `threshold` needs its two models, so RouteLLM's form is refused here: as a 404 that says why.
      const call = client.chat.completions.create({ model, messages: say('hi') });
      if (model.startsWith('router-')) await expect(call).rejects.toBeInstanceOf(NotFoundError);
      else expect((await call).choices[0]?.message.content).toBe('Hello world');
    }
  });

  it('lists every name, and why a model without a price is not routed to', async () => {
    const listed = new Map<string, unknown>();
    for await (const model of client.models.list()) listed.set(model.id, Reflect.get(model, 'pointsman'));
    expect([...listed.keys()]).toEqual(['auto', 'cheap', 'only', 'spare', 'unpriced-of-unknown-price']);
    expect(listed.get('unpriced-of-unknown-price')).toMatchObject({ unroutable: expect.stringContaining('price') });
    expect((await client.models.retrieve('auto')).object).toBe('model');
  });
});

describe('streams', () => {
  it('arrive token by token; the usage chunk only where it was asked for', async () => {
    const read = async (includeUsage: boolean) => {
      const chunks = await client.chat.completions.create({
        model: 'auto',
        messages: say('hi'),
        stream: true,
        ...(includeUsage ? { stream_options: { include_usage: true } } : {}),
      });
      let text = '';
      let usages = 0;
      let empty = 0;
      for await (const chunk of chunks) {
        text += chunk.choices[0]?.delta.content ?? '';
        if (chunk.usage) usages++;
        if (chunk.choices.length === 0) empty++;
      }
      return { text, usages, empty };
    };
    fake.always(stream(streamEvents(['Hel', 'lo'])));
    expect(await read(false)).toEqual({ text: 'Hello', usages: 0, empty: 0 });
    // Asked of the upstream in both cases: the cost has to be known.
    expect(fake.requests.at(-1)?.json()).toMatchObject({ stream_options: { include_usage: true } });
    expect(await read(true)).toEqual({ text: 'Hello', usages: 1, empty: 1 });
  });

  it('survive any split of the bytes', async () => {
    const bytes = Buffer.from(streamEvents(['héllo ', '🚀', ' wörld']).join(''));
    fake.always(stream([...bytes].map((byte) => Buffer.of(byte))));
    const chunks = await client.chat.completions.create({ model: 'auto', messages: say('hi'), stream: true });
    let text = '';
    for await (const chunk of chunks) text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe('héllo 🚀 wörld');
  });

  it('with tools reach runTools: the call goes out, the result comes back', async () => {
    const call = (part: object) => chunkEvent({ tool_calls: [{ index: 0, ...part }] });
    fake.next(
      stream([
        roleEvent,
        call({ id: 'call_1', type: 'function', function: { name: 'add', arguments: '' } }),
        call({ function: { arguments: '{"a":1,' } }),
        call({ function: { arguments: '"b":2}' } }),
        chunkEvent({}, 'tool_calls'),
        usageEvent(),
        doneEvent,
      ]),
      stream([roleEvent, chunkEvent({ content: 'It is 3' }), stopEvent, doneEvent]),
    );
    const runner = client.chat.completions.runTools({
      model: 'auto',
      messages: say('1 + 2?'),
      stream: true,
      tools: [
        {
          type: 'function',
          function: {
            name: 'add',
            description: 'adds',
            parameters: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } } },
            parse: (text: string) => JSON.parse(text) as { a: number; b: number },
            function: ({ a, b }: { a: number; b: number }) => String(a + b),
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe('It is 3');
    const messages = fake.requests.at(-1)?.json()['messages'] as {
      role: string;
      content?: string;
      tool_call_id?: string;
    }[];
    expect(messages.at(-1)).toMatchObject({ role: 'tool', content: '3', tool_call_id: 'call_1' });
  });

  it('that break in the middle raise an error, never end as if whole', async () => {
    fake.always(async (reply) => {
      reply.head(200, { 'content-type': 'text/event-stream' });
      await reply.write(roleEvent + chunkEvent({ content: 'Hel' }));
      reply.cut();
    });
    const chunks = await client.chat.completions.create({ model: 'auto', messages: say('hi'), stream: true });
    let text = '';
    await expect(
      (async () => {
        for await (const chunk of chunks) text += chunk.choices[0]?.delta.content ?? '';
      })(),
    ).rejects.toMatchObject({ code: 'upstream_cut' });
    expect(text).toBe('Hel');
  });

  it('end at the upstream when the client breaks off, before and after the first token', async () => {
    fake.always(async (reply) => {
      reply.head(200, { 'content-type': 'text/event-stream' });
      await reply.write(roleEvent + chunkEvent({ content: 'x' }));
      await reply.hang();
    });
    const chunks = await client.chat.completions.create({ model: 'auto', messages: say('hi'), stream: true });
    for await (const chunk of chunks) if (chunk.choices[0]?.delta.content) break;
    expect(await fake.requests.at(-1)?.ended).toBe('gone');

    fake.always((reply) => reply.hang());
    const before = fake.requests.length;
    const controller = new AbortController();
    const call = client.chat.completions.create({ model: 'auto', messages: say('hi') }, { signal: controller.signal });
    await fake.received(before + 1);
    controller.abort();
    await expect(call).rejects.toBeInstanceOf(APIUserAbortError);
    expect(await fake.requests.at(-1)?.ended).toBe('gone');
  });
});

describe('errors are the SDK’s own classes', () => {
  const cases: readonly (readonly [string, () => Promise<unknown>, new (...args: never[]) => Error, object])[] = [
    [
      'no messages',
      () => client.chat.completions.create({ model: 'auto', messages: [] }),
      BadRequestError,
      { code: 'invalid_request', param: 'messages' },
    ],
    [
      'a bad wish',
      () => client.chat.completions.create({ model: 'auto', messages: say('x'), pointsman: { lamda: 1 } } as never),
      BadRequestError,
      { code: 'invalid_wish' },
    ],
    [
      'no eligible candidate',
      () =>
        client.chat.completions.create({ model: 'auto', messages: say('x'), response_format: { type: 'json_object' } }),
      BadRequestError,
      { code: 'no_eligible_candidate', message: expect.stringMatching(/only \(capability: needs json_object/) },
    ],
    [
      'an unknown model',
      () => client.chat.completions.create({ model: 'atuo', messages: say('x') }),
      NotFoundError,
      { code: 'model_not_found', message: expect.stringContaining('"auto"') },
    ],
    [
      'no key',
      () => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'wrong', maxRetries: 0 }).models.list(),
      AuthenticationError,
      { code: 'invalid_api_key' },
    ],
    [
      'another route',
      () =>
        new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-bob', maxRetries: 0 }).chat.completions.create({
          model: 'auto',
          messages: say('x'),
        }),
      PermissionDeniedError,
      { code: 'permission_denied' },
    ],
    [
      'a spent budget',
      () =>
        new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-poor', maxRetries: 0 }).chat.completions.create({
          model: 'auto',
          messages: say('x'),
          max_tokens: 1000,
        }),
      RateLimitError,
      { code: 'budget_exceeded', message: expect.stringMatching(/resets at \d{4}-/) },
    ],
  ];
  it.each(cases)('%s', async (_name, call, kind, shape) => {
    const error = await call().then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject(shape);
    expect(error).toMatchObject({ type: expect.any(String), requestID: expect.stringMatching(/^req_/) });
  });

  it('an upstream 4xx comes through with its message', async () => {
    fake.next(
      status(
        400,
        '{"error":{"message":"too hot","type":"invalid_request_error","param":"temperature","code":"bad_heat"}}',
      ),
    );
    await expect(client.chat.completions.create({ model: 'auto', messages: say('x') })).rejects.toMatchObject({
      status: 400,
      code: 'bad_heat',
      param: 'temperature',
      message: expect.stringContaining('too hot'),
    });
  });

  it('our own bad credential is a 502, and its secret stays ours', async () => {
    fake.always(status(401, '{"error":{"message":"Incorrect API key provided: sk-upstream-secret"}}'));
    const error = await client.chat.completions
      .create({ model: 'auto', messages: say('x') })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InternalServerError);
    expect(error).toMatchObject({ status: 502, code: 'upstream_credential' });
    expect(String(error) + gateway.log.join('')).not.toContain('sk-upstream-secret');
  });

  it.each([true, false])('a target that never answers is a 504 by its deadline (stream: %s)', async (streamed) => {
    fake.always((reply) => reply.hang());
    await expect(
      client.chat.completions.create({ model: 'auto', messages: say('x'), stream: streamed }),
    ).rejects.toMatchObject({ status: 504, code: 'upstream_timeout' });
  });

  it('feedback of another key is as if the decision did not exist', async () => {
    // The breaker may still be open after the faults above: ask until it closes.
    fake.always(status(200, completion('ok')));
    const { response } = await client
      .withOptions({ maxRetries: 8 })
      .chat.completions.create({ model: 'auto', messages: say('x') })
      .withResponse();
    const decision = response.headers.get('x-pointsman-decision');
    const send = (apiKey: string, score: unknown) =>
      new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 0 }).post('/feedback', {
        body: { decision, score },
      });
    await expect(send('sk-bob', 1)).rejects.toMatchObject({ status: 404, code: 'decision_not_found' });
    await expect(send('sk-alice', 1.5)).rejects.toMatchObject({ status: 400, param: 'score' });
    expect(await send('sk-alice', 1)).toMatchObject({ status: 'accepted' });
    expect(await send('sk-alice', 0)).toMatchObject({ status: 'duplicate' });
  });

  it('a gateway that is not there is a connection error', async () => {
    const nobody = new OpenAI({ baseURL: 'http://127.0.0.1:9/v1', apiKey: 'x', maxRetries: 0 });
    await expect(nobody.models.list()).rejects.toBeInstanceOf(APIConnectionError);
  });
});
