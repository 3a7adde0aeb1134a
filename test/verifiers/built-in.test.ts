import { describe, expect, it } from 'vitest';
import { loadCatalogue } from '../../src/routing/catalogue.ts';
import { checkOptions } from '../../src/routing/options.ts';
import { sampleQuery } from '../helpers/store-samples.ts';

const { verifiers } = await loadCatalogue();

async function score(name: string, options: unknown, answer: string): Promise<number> {
  const definition = verifiers.get(name);
  if (definition === undefined) throw new Error(`no verifier ${name}`);
  const verify = definition.create(checkOptions(name, definition.options, options, 'here'));
  const verdict = await verify(sampleQuery(), answer, new AbortController().signal);
  expect(verdict.confidence).toBe(1);
  return verdict.score;
}

describe('built-in verifiers', () => {
  it.each([
    [{}, '{"a": 1}', 1],
    [{}, '```json\n{"a": 1}\n```', 1],
    [{ fences: false }, '```json\n{"a": 1}\n```', 0],
    [{}, 'Here: {"a": 1}', 0],
    [{ schema: { type: 'array' } }, '{"a": 1}', 0],
    [{ schema: { type: 'object', required: ['a'] } }, '{"a": 1}', 1],
  ])('json %j of %s', async (options, answer, expected) => {
    expect(await score('json', options, answer)).toBe(expected);
  });

  it.each([
    [{ all: ['Paris', 'Seine'] }, 'paris', 0.5],
    [{ all: ['Paris'], ignore_case: false }, 'paris', 0],
    [{ none: ['sorry'] }, 'Paris', 1],
    [{ all: ['a'], none: ['b'], matches: '^c' }, 'cab', 2 / 3],
    [{ matches: String.raw`\b42\b` }, 'It is 42.', 1],
  ])('contains %j of %s', async (options, answer, expected) => {
    expect(await score('contains', options, answer)).toBeCloseTo(expected, 12);
  });

  it('refuse what cannot work', async () => {
    await expect(score('contains', {}, '')).rejects.toThrow(/at least one/);
    await expect(score('contains', { matches: '(' }, '')).rejects.toThrow(/no regular expression/);
    await expect(score('contains', { al: ['x'] }, '')).rejects.toThrow(/did you mean "all"/);
  });
});
