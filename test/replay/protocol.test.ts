import { assert, integer, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowCount } from '../../src/replay/datasets/dataset.ts';
import { questionKey } from '../../src/replay/datasets/question-key.ts';
import type { LoadedRows } from '../../src/replay/load-splits.ts';
import { meanInterval, studentQuantile975 } from '../../src/replay/mean-interval.ts';
import { parseProtocol } from '../../src/replay/protocol.ts';
import { splitPool } from '../../src/replay/splits.ts';
import { must } from './helpers.ts';
import { catsAndDogs } from './worlds.ts';

const loadedOf = (rows: number, change: Parameters<typeof catsAndDogs>[2] = {}): LoadedRows => {
  const pool = catsAndDogs(rows, 'pool', change);
  const half = Math.floor(rows / 2);
  const all = [...Array(rows).keys()];
  return {
    pool,
    train: all.slice(0, half),
    test: all.slice(half),
    trainSources: pool.sources,
    testSources: pool.sources,
    how: '',
    warnings: [],
  };
};

describe('parseProtocol', () => {
  it.each([
    ['file', { type: 'file' }],
    ['hash', { type: 'hash', share: 0.3 }],
    ['hash:0.5', { type: 'hash', share: 0.5 }],
    ['kfold:5', { type: 'kfold', folds: 5 }],
    ['resplit:10:0.2', { type: 'resplit', times: 10, share: 0.2 }],
    ['group', { type: 'group', folds: null }],
    ['group:4', { type: 'group', folds: 4 }],
    ['model', { type: 'model', probes: 50 }],
    ['time:3', { type: 'time', blocks: 3 }],
  ])('%s', (text, protocol) => expect(parseProtocol(text)).toEqual(protocol));

  it.each([
    '',
    'kfold',
    'kfold:1',
    'kfold:2.5',
    'hash:0',
    'hash:1',
    'file:2',
    'group:1',
    'k-fold:5',
    'kfold:5:6',
    'time:1',
  ])('refuses "%s" and lists what there is', (text) =>
    expect(() => parseProtocol(text)).toThrow(/^protocol ".*": .*; there is file, hash/),
  );
});

describe('splitPool', () => {
  it.each(['hash', 'kfold:4', 'resplit:3', 'group', 'group:2', 'time:4'])(
    '%s never tests what it trained on',
    (name) => {
      assert(
        property(integer({ min: 60, max: 200 }), string({ maxLength: 5 }), (rows, seed) => {
          const loaded = loadedOf(rows);
          const { texts } = loaded.pool;
          const splits = splitPool(loaded, parseProtocol(name), seed);
          for (const { train, test } of splits) {
            expect(train.length).toBeGreaterThan(0);
            expect(test.length).toBeGreaterThan(0);
            const known = new Set(train.map((row) => questionKey(texts[row] ?? '')));
            expect(test.some((row) => known.has(questionKey(texts[row] ?? '')))).toBe(false);
          }
        }),
        { numRuns: 20 },
      );
    },
  );

  it.each(['kfold:5', 'group', 'group:2'])('%s tests every row exactly once', (name) => {
    const loaded = loadedOf(120);
    const tested = splitPool(loaded, parseProtocol(name), '0').flatMap(({ test }) => test);
    expect(tested.sort((a, b) => a - b)).toEqual([...Array(rowCount(loaded.pool)).keys()]);
  });

  it('keeps equal questions in one fold', () => {
    const texts = Array.from({ length: 90 }, (_, i) => `Question ${i % 30}${i < 30 ? '?' : ' '}`);
    const loaded = loadedOf(90, { texts });
    for (const { test } of splitPool(loaded, parseProtocol('kfold:3'), '1')) {
      const rows = new Set(test);
      for (const row of test) expect(rows.has((row + 30) % 90)).toBe(true);
    }
  });

  it('leaves one eval name out at a time', () => {
    const loaded = loadedOf(80);
    const splits = splitPool(loaded, parseProtocol('group'), '0');
    expect(splits.map(({ label }) => label)).toEqual(['cat', 'dog']);
    for (const { label, test } of splits) {
      expect(test.every((row) => loaded.pool.groups[row] === label)).toBe(true);
    }
  });

  it('goes forward in time', () => {
    const splits = splitPool(loadedOf(100), parseProtocol('time:5'), '0');
    expect(splits.map(({ train, test }) => [train.length, test.length])).toEqual([
      [20, 20],
      [40, 20],
      [60, 20],
      [80, 20],
    ]);
    for (const { train, test } of splits) expect(Math.max(...train)).toBeLessThan(Math.min(...test));
  });

  it('makes each model new in turn, known on as many training rows as were asked for', () => {
    const models = ['a', 'b', 'c'];
    const matrix = new Float64Array(300).fill(0.5);
    const loaded = loadedOf(100, { models, quality: matrix, costUsd: matrix });
    const splits = splitPool(loaded, parseProtocol('model:7'), '0');
    expect(splits.map(({ label }) => label)).toEqual(models);
    splits.forEach(({ newcomer, train, test }, m) => {
      const { model, probes } = must(newcomer);
      expect(model).toBe(m);
      expect(probes.size).toBe(7);
      for (const row of probes) expect(train.includes(row) && !test.includes(row)).toBe(true);
    });
  });

  it('says what is too few', () => {
    expect(() => splitPool(loadedOf(60), parseProtocol('group:3'), '0')).toThrow('it has 2 eval names');
    expect(() => splitPool(loadedOf(60), parseProtocol('model'), '0')).toThrow('it has 2 models');
    expect(() => splitPool(loadedOf(2), parseProtocol('kfold:9'), '0')).toThrow(/without (test|training) rows/);
  });
});

describe('meanInterval', () => {
  it("is Student's t where splits share nothing, and wider where they do", () => {
    // scipy.stats.t.interval(0.95, 4, loc=3, scale=sem([1,2,3,4,5])) = (1.0367568385224393, 4.9632431614775605)
    const { value, low, high } = meanInterval([1, 2, 3, 4, 5], 0);
    expect(value).toBe(3);
    expect(low).toBeCloseTo(1.036_757, 2);
    expect(high).toBeCloseTo(4.963_243, 2);
    const shared = meanInterval([1, 2, 3, 4, 5], 0.25);
    expect((shared.high - 3) / (high - 3)).toBeCloseTo(Math.sqrt(0.45 / 0.2), 9);
    // One figure tells nothing of its spread.
    expect(meanInterval([2], 0.5)).toEqual({ value: 2, low: NaN, high: NaN });
  });

  it.each([
    [1, 12.7062],
    [2, 4.3027],
    [3, 3.1824],
    [4, 2.7764],
    [9, 2.2622],
    [29, 2.0452],
  ])('97.5 %% quantile of t at %i degrees of freedom', (degrees, quantile) => {
    expect(Math.abs(studentQuantile975(degrees) - quantile)).toBeLessThan(degrees === 3 ? 0.02 : 0.005);
  });
});
