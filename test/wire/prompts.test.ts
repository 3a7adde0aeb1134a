import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PointsmanError } from '../../src/core/errors.ts';
import { readOpenAiCompletion } from '../../src/wire/openai-completion.ts';
import { readOpenAiEmbedding } from '../../src/wire/openai-embedding.ts';
import { readPrompts } from '../../src/wire/prompts.ts';

const caller = { tenant: 'default', key: null };
const bodyOf = (parsed: Readonly<Record<string, unknown>>) => ({ raw: Buffer.from(JSON.stringify(parsed)), parsed });
const completion = (parsed: Readonly<Record<string, unknown>>) =>
  readOpenAiCompletion(bodyOf(parsed), {}, 'req_1', caller);
const embedding = (parsed: Readonly<Record<string, unknown>>) =>
  readOpenAiEmbedding(bodyOf(parsed), {}, 'req_1', caller);

describe('prompts', () => {
  it('come in four forms', () => {
    expect(readPrompts('input', 'Hello there!')).toEqual({
      text: 'Hello there!',
      tokens: 3,
      longestTokens: 3,
      count: 1,
    });
    expect(readPrompts('input', ['one two three', 'x'])).toEqual({
      text: 'one two three\nx',
      tokens: 4,
      longestTokens: 4,
      count: 2,
    });
    expect(readPrompts('input', [1, 2, 50_000])).toEqual({ text: '', tokens: 3, longestTokens: 3, count: 1 });
    expect(readPrompts('input', [[1], [2, 3]])).toEqual({ text: '', tokens: 3, longestTokens: 2, count: 2 });
  });

  it('the longest is never longer than all, and one prompt is as long as itself', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 200 }), { minLength: 1, maxLength: 8 }), (texts) => {
        const all = readPrompts('input', texts);
        expect(all.longestTokens).toBeLessThanOrEqual(all.tokens);
        expect(all.longestTokens).toBe(Math.max(...texts.map((text) => readPrompts('input', text).tokens)));
      }),
    );
  });

  it.each([
    [undefined, 'input must be'],
    [null, 'input must be'],
    [[], 'input must be'],
    [{}, 'input must be'],
    [['a', 7], 'input[1] must be'],
    [['a', []], 'input[1] must be'],
    [[1, 'a'], 'input[1] must be a token number'],
    [[1.5], 'input[0] must be a token number'],
    [[[1, -1]], 'input[0][1] must be a token number'],
  ])('%j is refused at its place', (value, message) => {
    expect(() => readPrompts('input', value)).toThrow(PointsmanError);
    expect(() => readPrompts('input', value)).toThrow(message);
  });
});

describe('a text completion', () => {
  it('is a query like any other', () => {
    const { query, includeUsage } = completion({
      model: 'auto',
      prompt: 'Once upon a time',
      max_tokens: 50,
      n: 2,
      logprobs: 3,
      stream: true,
      stream_options: { include_usage: true },
      pointsman: { lambda: 3 },
    });
    expect(query).toMatchObject({
      format: 'openai-completion',
      model: 'auto',
      text: 'Once upon a time',
      promptTokens: 4,
      maxOutputTokens: 50,
      needs: ['logprobs', 'multiple_choices'],
      stream: true,
      wishes: { lambda: 3 },
    });
    expect(includeUsage).toBe(true);
  });

  it.each([
    [{ prompt: 'x' }, 'model'],
    [{ model: 'auto' }, 'prompt'],
    [{ model: 'auto', prompt: 'x', stream: 'yes' }, 'stream'],
    [{ model: 'auto', prompt: 'x', max_tokens: 0 }, 'max_tokens'],
    [{ model: 'auto', prompt: 'x', stream_options: 1 }, 'stream_options'],
  ])('%j names %s', (parsed, param) => {
    expect(() => completion(parsed)).toThrow(expect.objectContaining({ code: 'invalid_request', param }));
  });
});

describe('embeddings', () => {
  it('generate nothing, so they reserve nothing for an answer', () => {
    expect(embedding({ model: 'auto', input: ['a b', 'c'] }).query).toMatchObject({
      format: 'openai-embedding',
      text: 'a b\nc',
      maxOutputTokens: 0,
      stream: false,
    });
  });

  it('are not streamed', () => {
    expect(() => embedding({ model: 'auto', input: 'a', stream: true })).toThrow(/stream must be absent or false/);
  });
});
