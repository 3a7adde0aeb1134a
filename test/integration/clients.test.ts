import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool as langchainTool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { APICallError, embed, generateObject, generateText, stepCountIs, streamText, tool } from 'ai';
import OpenAI, { APIUserAbortError, BadRequestError } from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
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
  usageEvent,
  type Answer,
  type FakeUpstream,
} from '../helpers/fake-upstream.ts';
import { startGateway, type RunningGateway } from '../helpers/running-gateway.ts';

/**
 * The matrix of clients: real packages against the running gateway, a real server on loopback behind it. A describe is
 * a client, a test a cell; `scripts/docs-clients.ts` runs this file and writes docs/clients.md from what passed.
 */
let fake: FakeUpstream;
let gateway: RunningGateway;
let baseURL: string;

beforeAll(async () => {
  fake = await startFakeUpstream();
  gateway = await startGateway(`
models:
  - { id: words, base_url: ${fake.baseUrl}, upstream_model: fake-model, price: { input: 1, output: 2 } }
  - { id: vectors, base_url: ${fake.baseUrl}, price: { input: 1, output: 0 }, embedding: { space: v, dimensions: 3 } }
routes:
  auto: { models: [words, vectors], policy: { type: static, model: words }, estimators: { quality: mean, cost: mean } }
limits: { max_attempts: 1 }
`);
  baseURL = `${gateway.url}/v1`;
});
beforeEach(() => fake.always(hello));
afterAll(async () => {
  await gateway.close();
  await fake.close();
});

const call = (part: object) => chunkEvent({ tool_calls: [{ index: 0, ...part }] });
/** A streamed call of `add` with its arguments in two pieces. */
const addStreamed: Answer = stream([
  roleEvent,
  call({ id: 'call_1', type: 'function', function: { name: 'add', arguments: '' } }),
  call({ function: { arguments: '{"a":1,' } }),
  call({ function: { arguments: '"b":2}' } }),
  chunkEvent({}, 'tool_calls'),
  usageEvent(),
  doneEvent,
]);
const addWhole: Answer = status(
  200,
  completion('', {
    choices: [
      {
        index: 0,
        finish_reason: 'tool_calls',
        message: {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'add', arguments: '{"a":1,"b":2}' } }],
        },
      },
    ],
  }),
);
const three: Answer = (reply, request) =>
  (request.json()['stream'] === true
    ? stream([roleEvent, chunkEvent({ content: 'It is 3' }), stopEvent, usageEvent(), doneEvent])
    : status(200, completion('It is 3')))(reply, request);
const object: Answer = status(200, completion('{"city":"Oslo","people":700000}'));
const refusal: Answer = status(
  400,
  '{"error":{"message":"too hot","type":"invalid_request_error","param":"temperature","code":"bad_heat"}}',
);
const cut: Answer = async (reply) => {
  reply.head(200, { 'content-type': 'text/event-stream' });
  await reply.write(roleEvent + chunkEvent({ content: 'Hel' }));
  reply.cut();
};
const endless: Answer = async (reply) => {
  reply.head(200, { 'content-type': 'text/event-stream' });
  await reply.write(roleEvent + chunkEvent({ content: 'x' }));
  await reply.hang();
};
/** As the client asked: numbers, or base64 of them. */
const vector: Answer = (reply, request) => {
  const embedding =
    request.json()['encoding_format'] === 'base64'
      ? Buffer.from(new Float32Array([0.5, 0.25, -1]).buffer).toString('base64')
      : [0.5, 0.25, -1];
  const body = {
    object: 'list',
    data: [{ object: 'embedding', index: 0, embedding }],
    model: 'v',
    usage: { prompt_tokens: 2, total_tokens: 2 },
  };
  return status(200, JSON.stringify(body))(reply, request);
};

const city = z.object({ city: z.string(), people: z.number() });
const sum = ({ a, b }: { a: number; b: number }): string => String(a + b);
const addInput = z.object({ a: z.number(), b: z.number() });

/** The last message that the upstream was sent. */
function lastMessage(): unknown {
  const messages = fake.requests.at(-1)?.json()['messages'];
  return Array.isArray(messages) ? messages.at(-1) : undefined;
}
const lastEnded = () => fake.requests.at(-1)?.ended;

describe('openai', () => {
  const client = () => new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });
  const messages = [{ role: 'user' as const, content: '1 + 2?' }];

  it('whole', async () => {
    const { choices, usage } = await client().chat.completions.create({ model: 'auto', messages });
    expect([choices[0]?.message.content, usage?.total_tokens]).toEqual(['Hello world', 11]);
  });

  it('streamed', async () => {
    const runner = client().chat.completions.stream({
      model: 'auto',
      messages,
      stream_options: { include_usage: true },
    });
    expect(await runner.finalContent()).toBe('Hello world');
    expect((await runner.totalUsage()).total_tokens).toBe(11);
  });

  it.each([
    ['tools whole', false, addWhole],
    ['tools streamed', true, addStreamed],
  ] as const)('%s', async (_, streamed, answer) => {
    fake.next(answer, three);
    const parameters = { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } } };
    const parse = (text: string) => addInput.parse(JSON.parse(text));
    const add = { name: 'add', description: 'adds', parameters, parse, function: sum };
    const tools = [{ type: 'function' as const, function: add }];
    const runner = streamed
      ? client().chat.completions.runTools({ model: 'auto', messages, tools, stream: true })
      : client().chat.completions.runTools({ model: 'auto', messages, tools });
    expect(await runner.finalContent()).toBe('It is 3');
    expect(lastMessage()).toMatchObject({ role: 'tool', content: '3', tool_call_id: 'call_1' });
  });

  it('structured output', async () => {
    fake.next(object);
    const asked = { model: 'auto', messages, response_format: zodResponseFormat(city, 'city') };
    const { choices } = await client().chat.completions.parse(asked);
    expect(choices[0]?.message.parsed).toEqual({ city: 'Oslo', people: 700_000 });
    expect(fake.requests.at(-1)?.json()['response_format']).toMatchObject({ type: 'json_schema' });
  });

  it('error', async () => {
    fake.next(refusal);
    const error: unknown = await client()
      .chat.completions.create({ model: 'auto', messages })
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ code: 'bad_heat', param: 'temperature' });
  });

  it('cut stream', async () => {
    fake.next(cut);
    const chunks = await client().chat.completions.create({ model: 'auto', messages, stream: true });
    const read = async () => {
      for await (const chunk of chunks) expect(chunk.choices[0]?.finish_reason).toBeNull();
    };
    await expect(read()).rejects.toMatchObject({ code: 'upstream_cut' });
  });

  it('abort streamed', async () => {
    fake.next(endless);
    const chunks = await client().chat.completions.create({ model: 'auto', messages, stream: true });
    for await (const chunk of chunks) if (chunk.choices[0]?.delta.content === 'x') break;
    expect(await lastEnded()).toBe('gone');
  });

  it('abort whole', async () => {
    fake.next((reply) => reply.hang());
    const before = fake.requests.length;
    const leave = new AbortController();
    const asked = client().chat.completions.create({ model: 'auto', messages }, { signal: leave.signal });
    await fake.received(before + 1);
    leave.abort();
    await expect(asked).rejects.toBeInstanceOf(APIUserAbortError);
    expect(await lastEnded()).toBe('gone');
  });

  it('embeddings', async () => {
    fake.next(vector);
    const { data } = await client().embeddings.create({ model: 'auto', input: 'hi' });
    expect(data[0]?.embedding).toEqual([0.5, 0.25, -1]);
  });
});

describe('ai with @ai-sdk/openai-compatible', () => {
  const provider = () =>
    createOpenAICompatible({ name: 'pointsman', baseURL, includeUsage: true, supportsStructuredOutputs: true });
  const asked = () => ({ model: provider()('auto'), prompt: '1 + 2?', maxRetries: 0 });
  const tools = { add: tool({ description: 'adds', inputSchema: addInput, execute: async (input) => sum(input) }) };

  it('whole', async () => {
    const { text, usage } = await generateText(asked());
    expect([text, usage.totalTokens]).toEqual(['Hello world', 11]);
  });

  it('streamed', async () => {
    const { text, usage, finishReason } = streamText(asked());
    expect(await text).toBe('Hello world');
    expect([(await usage).totalTokens, await finishReason]).toEqual([11, 'stop']);
  });

  it('tools whole', async () => {
    fake.next(addWhole, three);
    const { text } = await generateText({ ...asked(), tools, stopWhen: stepCountIs(3) });
    expect(text).toBe('It is 3');
    expect(lastMessage()).toMatchObject({ role: 'tool', content: '3', tool_call_id: 'call_1' });
  });

  it('tools streamed', async () => {
    fake.next(addStreamed, three);
    expect(await streamText({ ...asked(), tools, stopWhen: stepCountIs(3) }).text).toBe('It is 3');
    expect(lastMessage()).toMatchObject({ role: 'tool', content: '3', tool_call_id: 'call_1' });
  });

  it('structured output', async () => {
    fake.next(object);
    expect((await generateObject({ ...asked(), schema: city })).object).toEqual({ city: 'Oslo', people: 700_000 });
    expect(fake.requests.at(-1)?.json()['response_format']).toMatchObject({ type: 'json_schema' });
  });

  it('error', async () => {
    fake.next(refusal);
    const error: unknown = await generateText(asked()).catch((e: unknown) => e);
    expect(APICallError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ statusCode: 400, message: expect.stringContaining('too hot') });
  });

  it('cut stream', async () => {
    fake.next(cut);
    const errors: unknown[] = [];
    const { fullStream } = streamText({ ...asked(), onError: ({ error }) => void errors.push(error) });
    const types: string[] = [];
    for await (const part of fullStream) types.push(part.type);
    expect(types).toContain('error');
    expect(errors).toHaveLength(1);
    expect(JSON.stringify(errors[0]) + String(errors[0])).toContain('middle of its answer');
  });

  it('abort streamed', async () => {
    fake.next(endless);
    const leave = new AbortController();
    const { textStream } = streamText({ ...asked(), abortSignal: leave.signal });
    for await (const text of textStream) if (text === 'x') leave.abort();
    expect(await lastEnded()).toBe('gone');
  });

  it('abort whole', async () => {
    fake.next((reply) => reply.hang());
    const before = fake.requests.length;
    const leave = new AbortController();
    const asking = generateText({ ...asked(), abortSignal: leave.signal });
    const refused = expect(asking).rejects.toThrow(/abort/i);
    await fake.received(before + 1);
    leave.abort();
    await refused;
    expect(await lastEnded()).toBe('gone');
  });

  it('embeddings', async () => {
    fake.next(vector);
    const { embedding } = await embed({ model: provider().embeddingModel('auto'), value: 'hi', maxRetries: 0 });
    expect(embedding).toEqual([0.5, 0.25, -1]);
  });
});

describe('@langchain/openai', () => {
  const model = (streamUsage = true) =>
    new ChatOpenAI({ model: 'auto', apiKey: 'none', maxRetries: 0, streamUsage, configuration: { baseURL } });
  const add = langchainTool((input) => sum(input), { name: 'add', description: 'adds', schema: addInput });
  const question = new HumanMessage('1 + 2?');
  const totalTokens = (usage: unknown): number =>
    z.object({ total_tokens: z.number() }).optional().parse(usage)?.total_tokens ?? 0;

  it('whole', async () => {
    const { content, usage_metadata: usage } = await model().invoke([question]);
    expect([content, totalTokens(usage)]).toEqual(['Hello world', 11]);
  });

  it('streamed', async () => {
    let text = '';
    let tokens = 0;
    for await (const chunk of await model().stream([question])) {
      text += chunk.text;
      tokens += totalTokens(chunk.usage_metadata);
    }
    // It adds up what every chunk tells, so usage may be told once only.
    expect([text, tokens]).toEqual(['Hello world', 11]);
    expect(fake.requests.at(-1)?.json()['stream_options']).toEqual({ include_usage: true });
  });

  it('tools whole', async () => {
    fake.next(addWhole, three);
    const bound = model().bindTools([add]);
    const first = await bound.invoke([question]);
    const [asked] = first.tool_calls ?? [];
    expect(asked).toMatchObject({ name: 'add', args: { a: 1, b: 2 }, id: 'call_1' });
    const result = new ToolMessage({ content: sum(addInput.parse(asked?.args)), tool_call_id: asked?.id ?? '' });
    expect((await bound.invoke([question, first, result])).content).toBe('It is 3');
    expect(lastMessage()).toMatchObject({ role: 'tool', content: '3', tool_call_id: 'call_1' });
  });

  it('tools streamed', async () => {
    fake.next(addStreamed);
    let whole: Awaited<ReturnType<ChatOpenAI['invoke']>> | undefined;
    for await (const chunk of await model().bindTools([add]).stream([question])) {
      whole = whole === undefined ? chunk : whole.concat(chunk);
    }
    expect(whole?.tool_calls).toMatchObject([{ name: 'add', args: { a: 1, b: 2 }, id: 'call_1' }]);
  });

  it('structured output', async () => {
    fake.next(object);
    const structured = model().withStructuredOutput(city, { name: 'city', method: 'jsonSchema' });
    expect(await structured.invoke([question])).toEqual({ city: 'Oslo', people: 700_000 });
  });

  it('error', async () => {
    fake.next(refusal);
    await expect(model().invoke([question])).rejects.toMatchObject({ status: 400, code: 'bad_heat' });
  });

  it('cut stream', async () => {
    fake.next(cut);
    const read = async () => {
      let text = '';
      for await (const chunk of await model().stream([question])) text += chunk.text;
      return text;
    };
    await expect(read()).rejects.toMatchObject({ code: 'upstream_cut' });
  });

  it('abort streamed', async () => {
    fake.next(endless);
    const leave = new AbortController();
    const read = async () => {
      for await (const chunk of await model().stream([question], { signal: leave.signal })) {
        if (chunk.text === 'x') leave.abort();
      }
    };
    await expect(read()).rejects.toThrow(/abort/i);
    expect(await lastEnded()).toBe('gone');
  });

  it('abort whole', async () => {
    fake.next((reply) => reply.hang());
    const before = fake.requests.length;
    const leave = new AbortController();
    const refused = expect(model().invoke([question], { signal: leave.signal })).rejects.toThrow(/abort/i);
    await fake.received(before + 1);
    leave.abort();
    await refused;
    expect(await lastEnded()).toBe('gone');
  });

  it('embeddings', async () => {
    fake.next(vector);
    const embeddings = new OpenAIEmbeddings({
      model: 'auto',
      apiKey: 'none',
      maxRetries: 0,
      configuration: { baseURL },
    });
    expect(await embeddings.embedQuery('hi')).toEqual([0.5, 0.25, -1]);
  });
});
