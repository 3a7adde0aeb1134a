import { describe, expect, it } from 'vitest';
import { fitsSchema } from '../../src/math/json-schema.ts';
import { Pending } from '../../src/rewards/pending.ts';
import { refused } from '../../src/rewards/refusal.ts';
import { requestedJson } from '../../src/rewards/requested-json.ts';
import { malformedCalls, toolResults } from '../../src/rewards/tool-results.ts';
import { readChatAnswer } from '../../src/wire/chat-answer.ts';

const answer = (text: string, more: object = {}) => ({
  text,
  refusal: null,
  toolCalls: [],
  finishReason: 'stop',
  ...more,
});

describe('a refusal', () => {
  it.each([
    "I'm sorry, but I can't help with that.",
    'I’m sorry, but as an AI I cannot do this',
    'I cannot assist with that request.',
    "  I'm unable to provide legal advice.",
    'As an AI language model, I cannot have opinions.',
  ])('is "%s"', (text) => expect(refused(answer(text), [])).toBe(true));

  it.each([
    'Sorry for the delay! The capital is Paris.',
    'I cannot overstate how good this is.',
    'A process cannot write to a closed file; open it first.',
    'Here is the answer. I cannot help with the second part.',
    '',
  ])('is not "%s"', (text) => expect(refused(answer(text), [])).toBe(false));

  it('is what the API says, and what a route adds', () => {
    expect(refused(answer('', { refusal: 'No.' }), [])).toBe(true);
    expect(refused(answer('', { finishReason: 'content_filter' }), [])).toBe(true);
    expect(refused(answer('Das kann ich leider nicht.'), ['kann ich leider nicht'])).toBe(true);
  });
});

describe('JSON that was asked for', () => {
  const schema = {
    type: 'object',
    required: ['a'],
    properties: { a: { $ref: '#/$defs/n' } },
    $defs: { n: { type: 'integer' } },
  };
  const asked = (of: unknown) => ({ response_format: { type: 'json_schema', json_schema: { name: 'x', schema: of } } });

  it('comes, comes broken, or was never asked for', () => {
    expect(requestedJson({}, 'no json')).toBeNull();
    expect(requestedJson({ response_format: { type: 'text' } }, 'no json')).toBeNull();
    expect(requestedJson({ response_format: { type: 'json_object' } }, '{"a": 1}')).toBe(true);
    expect(requestedJson({ response_format: { type: 'json_object' } }, '{"a": 1')).toBe(false);
    expect(requestedJson(asked(schema), '{"a": 1}')).toBe(true);
    expect(requestedJson(asked(schema), '{"a": "x"}')).toBe(false);
  });

  it('a schema that nobody can use is no verdict, and an expression in it cannot stop us', () => {
    expect(requestedJson(asked('nonsense'), '{}')).toBeNull();
    expect(fitsSchema({ $ref: '#/nowhere' }, {})).not.toBe(true);
    const evil = { type: 'string', pattern: '^(a+)+$' };
    expect(fitsSchema(evil, `${'a'.repeat(40)}!`)).toBe(true);
    let deep: unknown = {};
    for (let i = 0; i < 200; i++) deep = { not: deep };
    expect(fitsSchema(deep, 1)).toBeNull();
  });
});

describe('tools', () => {
  const said = (content: unknown) => [
    { role: 'user', content: 'x' },
    { role: 'tool', tool_call_id: 'old', content: 'Error: long ago' },
    { role: 'assistant', tool_calls: [] },
    { role: 'tool', tool_call_id: 'c1', content },
  ];

  it.each([
    ['Error: no such file', true],
    ['Traceback (most recent call last):', true],
    ['{"error": "no such city"}', true],
    ['{"is_error": true}', true],
    ['{"success": false}', true],
    ['{"error": null, "temperature": 20}', false],
    ['{"errors": 0}', false],
    ['The error rate is 3 %', false],
    ['', false],
  ])('%s', (content, failed) => {
    expect(toolResults(said(content))).toEqual([{ callId: 'c1', failed }]);
  });

  it('calls that no tool can take', () => {
    const body = { tools: [{ type: 'function', function: { name: 'weather' } }] };
    const call = (name: string, given: string) => answer('', { toolCalls: [{ id: '1', name, arguments: given }] });
    expect(malformedCalls(body, call('weather', '{"city":"Rome"}'))).toBe(false);
    expect(malformedCalls(body, call('weather', ''))).toBe(false);
    expect(malformedCalls(body, call('weather', '{"city":'))).toBe(true);
    expect(malformedCalls(body, call('wether', '{}'))).toBe(true);
  });
});

describe('an answer as the client received it', () => {
  it('is the same streamed or whole, in however many pieces', () => {
    const whole = {
      choices: [
        {
          index: 0,
          message: { content: null, tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{"a":1}' } }] },
          finish_reason: 'tool_calls',
        },
      ],
    };
    const piece = (delta: unknown, finish: string | null = null) =>
      `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
    const stream =
      piece({ role: 'assistant', tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '' } }] }) +
      piece({ tool_calls: [{ index: 0, function: { arguments: '{"a"' } }] }) +
      ': ping\n\n' +
      piece({ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }) +
      piece({}, 'tool_calls') +
      'data: [DONE]\n\n';
    const read = readChatAnswer(Buffer.from(JSON.stringify(whole)), false);
    expect(read?.toolCalls).toEqual([{ id: 'c', name: 'f', arguments: '{"a":1}' }]);
    expect(readChatAnswer(Buffer.from(stream), true)).toEqual(read);
    expect(readChatAnswer(Buffer.from('{"error": {}}'), false)).toBeNull();
    expect(readChatAnswer(Buffer.from('not json'), true)).toBeNull();
  });
});

describe('what waits', () => {
  it('is taken once, expires once, and is forgotten when crowded out', () => {
    const over: string[] = [];
    const pending = new Pending<string>(2, (value) => over.push(value));
    pending.add('a', 'A', 10);
    pending.add('b', 'B', 20);
    pending.add('c', 'C', 5);
    expect(pending.take('a', 0)).toBeUndefined();
    expect(pending.take('b', 20)).toBe('B');
    expect(pending.take('b', 20)).toBeUndefined();
    expect(pending.take('c', 6)).toBeUndefined();
    pending.sweep(100);
    expect(over).toEqual(['C']);
  });
});
