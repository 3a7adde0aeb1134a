import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createHashingEmbedder } from '../../src/embedding/hashing.ts';
import type { Progress } from '../../src/replay/progress.ts';
import { runReplay, type ReplayOptions } from '../../src/replay/replay.ts';
import { formatReplay } from '../../src/replay/report/format-replay.ts';
import { must, temporaryFolder } from './helpers.ts';
import { asCsv, catsAndDogs } from './worlds.ts';

const folder = temporaryFolder();
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const train = write('train.csv', asCsv(catsAndDogs(200, 'train')));
const test = write('test.csv', asCsv(catsAndDogs(120, 'test')));
const embedder = createHashingEmbedder({ dimensions: 64 });
const quick = { train, test, embedder, resamples: 100 } satisfies ReplayOptions;

describe('runReplay', () => {
  it('finds that cats can be asked of the cheap model', async () => {
    const steps: Progress[] = [];
    const result = await runReplay(quick, (step) => steps.push(step));
    expect(result.runs.map(({ label }) => label)).toEqual(['cost-aware · knn', 'cost-aware · ridge']);
    for (const { cost, groups, curve, estimator } of result.runs) {
      const { gain, savings, aiq } = must(cost);
      expect(gain.low).toBeGreaterThan(0.05);
      expect(aiq.low).toBeLessThanOrEqual(aiq.value);
      expect(must(savings[2]).saved).toBeGreaterThan(0.3);
      expect(groups.map(({ group }) => group)).toEqual(['cat', 'dog']);
      expect(groups.reduce((sum, { rows }) => sum + rows, 0)).toBe(120);
      expect(curve.length).toBe(201);
      for (const { shares } of curve) expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
      expect(must(estimator).trials.length).toBeGreaterThan(0);
    }
    expect(result.baselines.bestSingle.model).toBe('dear');
    expect(result.warnings).toEqual([]);
    expect(new Set(steps.map(({ stage }) => stage))).toEqual(
      new Set(['read', 'embed', 'tune', 'fit', 'sweep', 'bootstrap']),
    );
    for (const { done, total } of steps) expect(done).toBeLessThanOrEqual(total);
  });

  it('gives the same bytes each time', async () => {
    const [first, second] = [await runReplay(quick), await runReplay(quick)];
    expect(JSON.stringify(second)).toBe(JSON.stringify(first));
    expect(JSON.stringify(first)).not.toContain(folder);
    const other = await runReplay({ ...quick, seed: 'other' });
    expect(must(other.runs[0]?.cost).gain).not.toEqual(must(first.runs[0]?.cost).gain);
  });

  it('replays every policy, with models suggested by the training rows where options name none', async () => {
    const names = ['static', 'random', 'threshold', 'epsilon-greedy'];
    const policies = names.map((name) => ({ name }));
    const result = await runReplay({ ...quick, policies, estimators: ['knn'] });
    expect(result.runs.map(({ label, axis, curve }) => [label, axis, curve.length])).toEqual([
      ['static', null, 1],
      ['random', null, 1],
      ['threshold · knn', 'threshold', 201],
      ['epsilon-greedy · knn', 'lambda', 201],
    ]);
    expect(must(result.runs[0]).options).toEqual({ model: 'dear' });
    expect(must(result.runs[2]).options).toMatchObject({ strong: 'dear', weak: 'cheap' });
    const [random] = must(result.runs[1]).curve;
    expect(must(random).quality).toBeCloseTo(result.baselines.random.quality, 12);
  });

  it('splits a set in one piece by question and says so; the parts share no question', async () => {
    const result = await runReplay({ ...quick, test: train, policies: [{ name: 'random' }] });
    expect(result.split).toMatch(/^train\.csv split by a hash of the question: \d+ rows train, \d+ test$/);
    expect(result.train.rows + result.test.rows).toBe(200);
    expect(result.warnings).toEqual([]);
  });

  it('counts questions of test that train asks too', async () => {
    const leaky = catsAndDogs(120, 'test');
    const prompts = [...catsAndDogs(200, 'train').prompts.slice(0, 7), ...leaky.prompts.slice(7)];
    const path = write('leaky.csv', asCsv({ ...leaky, prompts, texts: prompts }));
    const result = await runReplay({ ...quick, test: path, policies: [{ name: 'random' }] });
    expect(result.warnings).toEqual(['7 of 120 test rows ask a question that the training rows ask too']);
  });

  it('without cost replays quality alone, and says so', async () => {
    const free = (name: string, rows: number): string =>
      write(`${name}-free.csv`, asCsv(catsAndDogs(rows, name, { costUsd: null })));
    const result = await runReplay({
      ...quick,
      train: free('train', 200),
      test: free('test', 120),
      estimators: ['knn'],
    });
    const [run] = result.runs;
    expect(must(run).cost).toBeNull();
    expect(must(run).curve.length).toBe(1);
    expect(result.baselines.zero).toBeNull();
    expect(result.warnings.join()).toContain('knows no cost');
    expect(formatReplay(result)).toContain('- best single, 95 %');
    await expect(runReplay({ ...quick, test: free('test', 120) })).rejects.toThrow('test-free.csv: it has no cost');
  });

  it.each([
    [{ policies: [{ name: 'cost-awar' }] }, 'invalid_config', 'there is no policy "cost-awar"; there is '],
    [{ estimators: ['nn'] }, 'invalid_config', 'there is no estimator "nn"; there is '],
    [{ policies: [{ name: 'cost-aware', options: { lamda: 1 } }] }, 'invalid_config', 'did you mean "lambda"?'],
    [{ train: join(folder, 'none.csv') }, 'invalid_data', 'there is no such file or folder'],
  ])('refuses %j', async (change, code, message) => {
    const promise = runReplay({ ...quick, ...change });
    await expect(promise).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });
});

describe('formatReplay', () => {
  it('prints the table, the plot, each eval name and the settings', async () => {
    const result = await runReplay({ ...quick, estimators: ['knn'] });
    const text = formatReplay(result);
    const { aiq, gain } = must(result.runs[0]?.cost);
    const line = must(text.split('\n').find((each) => each.startsWith('cost-aware · knn')));
    expect(line).toContain(aiq.value.toFixed(4));
    expect(line).toContain(`+${gain.value.toFixed(4)}`);
    const zero = must(result.baselines.zero).aiq.value.toFixed(4);
    expect(text).toMatch(new RegExp(`^zero router +${zero.replace('.', '\\.')}`, 'm'));
    for (const part of [
      'best single: dear',
      'oracle',
      'Within each eval name',
      'cat',
      'log scale',
      'Embedded: the whole prompt, by hashing-v1-64',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toMatch(/knn: quality \{"k":\d+/);
    expect(text.split('\n').some((each) => each.endsWith(' '))).toBe(false);
  });
});
