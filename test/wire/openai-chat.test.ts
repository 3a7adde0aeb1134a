import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PointsmanError } from '../../src/core/errors.ts';
import { readOpenAiChat } from '../../src/wire/openai-chat.ts';
import { promptTokensOf } from '../../src/wire/prompt-tokens.ts';

const caller = { tenant: 'default', key: null };

function read(parsed: Record<string, unknown>, headers: Record<string, string> = {}) {
  return readOpenAiChat({ raw: Buffer.from(JSON.stringify(parsed)), parsed }, headers, 'req_1', caller);
}

const user = (content: unknown) => ({ role: 'user', content });
const ask = (content: unknown) => ({ model: 'auto', messages: [user(content)] });

function paramOf(parsed: Record<string, unknown>): string | null {
  try {
    read(parsed);
  } catch (thrown) {
    if (!(thrown instanceof PointsmanError)) throw thrown;
    expect(thrown.code).toBe('invalid_request');
    return thrown.param;
  }
  return 'nothing was thrown';
}

test('the query says what the request says', () => {
  expect(read({ ...ask('Why?'), stream: true, max_tokens: 50, pointsman: { region: 'eu' } })).toEqual({
    query: {
      id: 'req_1',
      caller,
      format: 'openai-chat',
      model: 'auto',
      text: 'Why?',
      promptTokens: 8,
      maxOutputTokens: 50,
      needs: [],
      stream: true,
      wishes: { region: 'eu' },
    },
    includeUsage: false,
  });
});

test.each<[string, Record<string, unknown>]>([
  ['model', { messages: [user('x')] }],
  ['model', { ...ask('x'), model: '' }],
  ['messages', { model: 'auto', messages: {} }],
  ['messages[0]', { model: 'auto', messages: ['x'] }],
  ['messages[0]', { model: 'auto', messages: [[]] }],
  ['messages[1].role', { model: 'auto', messages: [user('x'), { content: 'x' }] }],
  ['messages[2].content', { model: 'auto', messages: [user('x'), user('y'), user(3)] }],
  ['messages[0].content', { model: 'auto', messages: [{ role: 'user' }] }],
  ['messages[0].content', { model: 'auto', messages: [{ role: 'system' }] }],
  ['messages[0].content[1]', ask([{ type: 'text', text: 'x' }, 'y'])],
  ['messages[0].content[0].type', ask([{ text: 'x' }])],
  ['messages[0].content[0].text', ask([{ type: 'text' }])],
  ['stream', { ...ask('x'), stream: 1 }],
  ['stream_options', { ...ask('x'), stream_options: [] }],
  ['stream_options.include_usage', { ...ask('x'), stream_options: { include_usage: 'yes' } }],
  ['max_tokens', { ...ask('x'), max_tokens: 0 }],
  ['max_tokens', { ...ask('x'), max_tokens: '9' }],
  ['max_tokens', { ...ask('x'), max_tokens: -2 }],
  ['max_completion_tokens', { ...ask('x'), max_completion_tokens: 1.5, max_tokens: 9 }],
])('%s is named when it is wrong', (param, parsed) => {
  expect(paramOf(parsed)).toBe(param);
});

test('what only the upstream can judge is left to it', () => {
  const messages = [
    { role: 'user', content: null },
    { role: 'assistant', tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }] },
    { role: 'tool', content: 'x', tool_call_id: 'c' },
    { role: 'newrole', content: [{ type: 'newpart', anything: 1 }] },
  ];
  expect(() =>
    read({ model: 'auto', messages, temperature: 'hot', n: 'many', chat_template_kwargs: {} }),
  ).not.toThrow();
});

describe('limits of the answer', () => {
  test.each<[Record<string, unknown>, number | null]>([
    [{}, null],
    [{ max_tokens: null }, null],
    [{ max_tokens: 7 }, 7],
    [{ max_completion_tokens: 8 }, 8],
    [{ max_tokens: 7, max_completion_tokens: 8 }, 8],
    [{ max_tokens: 7, max_completion_tokens: null }, 7],
    [{ max_tokens: -1 }, null],
  ])('%j -> %s', (fields, expected) => {
    expect(read({ ...ask('x'), ...fields }).query.maxOutputTokens).toBe(expected);
  });
});

describe('needs', () => {
  test.each<[Record<string, unknown>, string[]]>([
    [{}, []],
    [{ tools: [] }, []],
    [{ tools: [{ type: 'function' }] }, ['tools']],
    [{ functions: [{ name: 'f' }] }, ['tools']],
    [{ response_format: { type: 'text' } }, []],
    [{ response_format: { type: 'json_object' } }, ['json_object']],
    [{ response_format: { type: 'json_schema', json_schema: {} } }, ['json_schema']],
    [{ logprobs: true }, ['logprobs']],
    [{ logprobs: false }, []],
    [{ n: 1 }, []],
    [{ n: 2 }, ['multiple_choices']],
    [{ modalities: ['text', 'audio'] }, ['audio']],
    [{ messages: [user([{ type: 'image_url', image_url: { url: 'u' } }])] }, ['images']],
    [{ messages: [user([{ type: 'input_audio', input_audio: { data: 'AAAA' } }])] }, ['audio']],
    [{ messages: [user([{ type: 'file', file: { file_id: 'f' } }])] }, ['files']],
    [
      { messages: [user([{ type: 'image_url' }, { type: 'file' }])], tools: [{}], logprobs: true, n: 3 },
      ['tools', 'images', 'files', 'logprobs', 'multiple_choices'],
    ],
  ])('%j -> %j', (fields, needs) => {
    expect(read({ ...ask('x'), ...fields }).query.needs).toEqual(needs);
  });
});

describe('prompt tokens', () => {
  const tokens = (parsed: Record<string, unknown>): number => read(parsed).query.promptTokens;

  test('one user message costs what a replay says it does', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => tokens(ask(text)) === promptTokensOf(text)));
  });

  test.each([
    ['English', 'The quick brown fox jumps over the lazy dog near the bank of the river today. ', 17],
    ['Chinese', '今天天气很好,我们一起去公园散步吧。', 14],
    ['Russian', 'Быстрая коричневая лиса прыгает через ленивую собаку. ', 16],
  ])('%s is within a factor of two of what large vocabularies need', (_name, text, real) => {
    // Near counts, for the law that matters: the right order of magnitude in every script.
    const estimate = promptTokensOf(text.repeat(10)) / 10;
    expect(estimate).toBeGreaterThan(real / 2);
    expect(estimate).toBeLessThan(real * 2);
  });

  test('escapes do not change what a text weighs', () => {
    const parsed = ask('日本語');
    const escaped = Buffer.from(JSON.stringify(parsed).replace('日本語', '\\u65e5\\u672c\\u8a9e'));
    expect(readOpenAiChat({ raw: escaped, parsed }, {}, 'r', caller).query.promptTokens).toBe(tokens(parsed));
  });

  test('more of anything never weighs less', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), fc.string(), (texts, more) => {
        const messages = texts.map((text) => user(text));
        const before = tokens({ model: 'auto', messages });
        expect(tokens({ model: 'auto', messages: [...messages, user(more)] })).toBeGreaterThan(before);
      }),
    );
  });

  test('tools and tool calls weigh what their JSON does, pictures what they are and not their bytes', () => {
    const plain = tokens(ask('x'));
    const tools = [{ type: 'function', function: { name: 'f', description: 'd'.repeat(4_000) } }];
    expect(tokens({ ...ask('x'), tools }) - plain).toBeGreaterThan(1_000);
    expect(tokens({ ...ask('x'), tools }) - plain).toBeLessThan(1_100);
    const call = { role: 'assistant', content: null, tool_calls: [{ function: { arguments: 'a'.repeat(4_000) } }] };
    expect(tokens({ model: 'auto', messages: [user('x'), call] })).toBeGreaterThan(1_000);
    const picture = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(400_000)}` } };
    const pictures = tokens({ ...ask([{ type: 'text', text: 'x' }, picture]), tools: [{ type: 'function' }] });
    expect(pictures - plain).toBeGreaterThan(700);
    expect(pictures - plain).toBeLessThan(900);
    const low = { type: 'image_url', image_url: { url: 'u', detail: 'low' } };
    expect(tokens(ask([low]))).toBeLessThan(100);
  });
});
