import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowCount } from '../../../src/replay/datasets/dataset.ts';
import { alignModels, countSharedQuestions } from '../../../src/replay/datasets/match.ts';
import { questionKey } from '../../../src/replay/datasets/question-key.ts';
import { foldOfRows, splitRows } from '../../../src/replay/datasets/split.ts';
import { must } from '../helpers.ts';
import { catsAndDogs } from '../worlds.ts';

describe('questionKey', () => {
  it('is blind to case, white space and punctuation, and to nothing else', () => {
    expect(questionKey('What is  2+2, please?')).toBe(questionKey('what is 22 PLEASE'));
    const different = ['ab', 'ba', 'a', '', 'é', 'e', '漢', '字', 'abc', 'ab1', 'ab2'];
    expect(new Set(different.map(questionKey)).size).toBe(different.length);
  });

  it('does not collide on a hundred thousand questions, and fits a double', () => {
    const keys = new Set(Array.from({ length: 100_000 }, (_, i) => questionKey(`question number ${i} of many`)));
    expect(keys.size).toBe(100_000);
    for (const key of keys) if (!Number.isSafeInteger(key) || key < 0) throw new Error(`key ${key}`);
  });
});

describe('splitRows', () => {
  const whole = catsAndDogs(400, 'split');

  it('puts every row on one side, about the share that was asked for, the same each time', () => {
    const { rest, held } = splitRows(whole, 0.3, 'seed');
    expect([...rest.sampleIds, ...held.sampleIds].sort()).toEqual([...whole.sampleIds].sort());
    expect(rowCount(held)).toBeGreaterThan(90);
    expect(rowCount(held)).toBeLessThan(150);
    expect(splitRows(whole, 0.3, 'seed').held.sampleIds).toEqual(held.sampleIds);
    expect(splitRows(whole, 0.3, 'other').held.sampleIds).not.toEqual(held.sampleIds);
  });

  it('keeps equal questions together and moves no row when others come or go', () => {
    const shouted = { ...whole, texts: whole.texts.map((text) => text.toUpperCase()) };
    expect(splitRows(shouted, 0.3, 'seed').held.sampleIds).toEqual(splitRows(whole, 0.3, 'seed').held.sampleIds);
    const folds = foldOfRows(whole, 5, 'seed');
    const fewer = { ...whole, texts: whole.texts.slice(100) };
    expect([...foldOfRows(fewer, 5, 'seed')]).toEqual([...folds.subarray(100)]);
  });

  it('makes folds of about equal size', () => {
    const sizes = new Float64Array(5);
    for (const fold of foldOfRows(whole, 5, 'seed')) sizes[fold] = (sizes[fold] ?? 0) + 1;
    for (const size of sizes) expect(Math.abs(size - 80)).toBeLessThan(30);
  });
});

describe('train beside test', () => {
  const train = catsAndDogs(20, 'train');
  const test = catsAndDogs(10, 'test');

  it('counts the questions that both ask', () => {
    expect(countSharedQuestions(train, test)).toBe(0);
    const texts = [...test.texts.slice(0, 8), ...train.texts.slice(0, 2).map((text) => `  ${text.toUpperCase()}!`)];
    expect(countSharedQuestions(train, { ...test, texts })).toBe(2);
  });

  it('brings the columns of test into the order of train', () => {
    const aligned = alignModels(test, ['cheap', 'dear'], 'train.csv');
    expect(aligned.models).toEqual(['cheap', 'dear']);
    expect(alignModels(aligned, ['dear', 'cheap'], 'train.csv')).toEqual(test);
    expect(aligned.quality[0]).toBe(test.quality[1]);
    expect(must(aligned.costUsd)[2]).toBe(must(test.costUsd)[3]);
  });

  it('names the model that one of them lacks', () => {
    expect(() => alignModels(test, ['dear', 'other'], 'train.csv')).toThrow(
      'cats-test.csv, row 1, column "other": the column of this model is missing; train.csv has it.',
    );
    expect(() => alignModels(test, ['dear'], 'train.csv')).toThrow('column "cheap": train.csv has no such model.');
  });

  it('reorders whatever the order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(['dear', 'cheap'], { minLength: 2 }), (models) => {
        expect(alignModels(alignModels(test, models, 'a'), test.models, 'b')).toEqual(test);
      }),
    );
  });
});
