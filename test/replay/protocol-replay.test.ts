import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createHashingEmbedder } from '../../src/embedding/hashing.ts';
import { createEmbeddingCache, embeddingKey } from '../../src/replay/embedding-cache.ts';
import { runReplay } from '../../src/replay/replay.ts';
import { formatReplay } from '../../src/replay/report/format-replay.ts';
import { must, temporaryFolder } from './helpers.ts';
import { asCsv, catsAndDogs } from './worlds.ts';

const folder = temporaryFolder();
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const all = catsAndDogs(240, 'all');
const data = write('all.csv', asCsv(all));
const embedder = createHashingEmbedder({ dimensions: 64 });
const quick = { train: data, embedder, resamples: 40, estimators: ['ridge'] } as const;

describe('protocols', () => {
  it('k folds: every row is tested once, the gain is told split by split and in the mean', async () => {
    const result = await runReplay({ ...quick, protocol: 'kfold:4' });
    expect(result.test.rows).toBe(240);
    expect(result.protocol.splits).toBe(4);
    const [run] = result.runs;
    const { splits, gain } = must(must(run).splits);
    expect(splits.reduce((sum, { tested }) => sum + tested, 0)).toBe(240);
    expect(gain.low).toBeLessThan(gain.value);
    expect(gain.value).toBeCloseTo(splits.reduce((sum, { router, reference }) => sum + router - reference, 0) / 4, 12);
    expect(must(must(run).cost).gain.low).toBeGreaterThan(0);
    expect(must(must(run).curve[0]).shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(formatReplay(result)).toContain('4-fold cross-validation');
  });

  it('several splits of the same rows count a row once, with the mean of what it came to', async () => {
    const result = await runReplay({ ...quick, policies: [{ name: 'random' }], protocol: 'resplit:6' });
    expect(result.test.rows).toBeLessThanOrEqual(240);
    expect(result.test.rows).toBeGreaterThan(150);
    expect(must(result.runs[0]?.curve[0]).quality).toBeCloseTo(result.baselines.random.quality, 9);
    expect(must(result.runs[0]?.splits).splits.length).toBe(6);
  });

  it('a new model is found by its probes', async () => {
    // The third is as good as the dear one at the price of the cheap one: who learns it from 40 rows must use it.
    const quality = Float64Array.from(
      { length: 720 },
      (_, i) => all.quality[Math.floor(i / 3) * 2 + (i % 3 === 1 ? 1 : 0)] ?? 0,
    );
    const costUsd = Float64Array.from({ length: 720 }, (_, i) => (i % 3 === 0 ? 0.01 : 0.001));
    const three = write('three.csv', asCsv({ ...all, models: ['dear', 'cheap', 'star'], quality, costUsd }));
    const result = await runReplay({ ...quick, train: three, protocol: 'model:40' });
    const { splits } = must(must(result.runs[0]).splits);
    expect(splits.map(({ label }) => label)).toEqual(['dear', 'cheap', 'star']);
    expect(must(splits[2]).newcomerShare).toBeGreaterThan(0.3);
    expect(must(splits[1]).newcomerShare).toBeLessThan(must(must(splits[2]).newcomerShare));
  });

  it('refuses shared questions under --strict and a second path for a protocol that cuts', async () => {
    const leaky = catsAndDogs(60, 'leaky');
    const prompts = [...all.prompts.slice(0, 5), ...leaky.prompts.slice(5)];
    const test = write('leaky.csv', asCsv({ ...leaky, prompts, texts: prompts }));
    const options = { ...quick, test, policies: [{ name: 'random' }] };
    await expect(runReplay({ ...options, strict: true })).rejects.toThrow(/^5 of 60 test rows ask a question/);
    expect((await runReplay(options)).overlap).toEqual({ rows: 5, tested: 60 });
    await expect(runReplay({ ...options, protocol: 'kfold:3' })).rejects.toThrow('leave --test out');
  });

  it('reads another attribute as cost', async () => {
    const joules = asCsv(all).replaceAll('|total_cost', '|energy_joules');
    const path = write('joules.csv', joules);
    expect((await runReplay({ ...quick, train: path })).baselines.hasCost).toBe(false);
    const result = await runReplay({ ...quick, train: path, cost: 'energy_joules' });
    const dollars = await runReplay(quick);
    expect(result.costUnit).toBe('energy_joules');
    expect(result.runs[0]?.cost).toEqual(dollars.runs[0]?.cost);
    expect(formatReplay(result)).not.toContain('$');
    // A hundred thousand joules a dollar: the same trade-offs, on a grid that moved along.
    const large = asCsv({ ...all, costUsd: must(all.costUsd).map((cost) => cost * 1e5) }).replaceAll(
      '|total_cost',
      '|energy_joules',
    );
    const scaled = await runReplay({ ...quick, train: write('large.csv', large), cost: 'energy_joules' });
    expect(must(scaled.runs[0]?.cost).gain.value).toBeCloseTo(must(dollars.runs[0]?.cost).gain.value, 2);
    expect(must(scaled.runs[0]?.cost).gain.low).toBeGreaterThan(0);
    await expect(runReplay({ ...quick, train: path, cost: 'seconds' })).rejects.toThrow('no column ends in "|seconds"');
  });
});

describe('the cache of embeddings', () => {
  it('gives the same result with, without and with a damaged cache, and asks the embedder once', async () => {
    let asked = 0;
    const counting = { ...embedder, embed: (text: string) => ((asked += 1), embedder.embed(text)) };
    const cache = join(folder, 'cache');
    const plain = JSON.stringify(await runReplay(quick));
    expect(JSON.stringify(await runReplay({ ...quick, embedder: counting, cache }))).toBe(plain);
    const first = asked;
    expect(first).toBe(240);
    expect(JSON.stringify(await runReplay({ ...quick, embedder: counting, cache }))).toBe(plain);
    expect(asked).toBe(first);
    const [file = ''] = readdirSync(join(cache, 'embeddings'));
    const bytes = readFileSync(join(cache, 'embeddings', file));
    bytes[500] = (bytes[500] ?? 0) ^ 1;
    writeFileSync(join(cache, 'embeddings', file), bytes);
    expect(JSON.stringify(await runReplay({ ...quick, embedder: counting, cache }))).toBe(plain);
    expect(asked).toBe(2 * first);
  });

  it('tells texts and embedders apart', () => {
    const keys = [embeddingKey('a', ['xy', 'z']), embeddingKey('a', ['x', 'yz']), embeddingKey('b', ['xy', 'z'])];
    expect(new Set(keys).size).toBe(3);
  });

  it('is no error where it cannot be written', () => {
    const cache = createEmbeddingCache(join(data, 'not-a-folder'));
    expect(() => cache.save('key', new Float32Array(4))).not.toThrow();
    expect(cache.load('key', 4)).toBeNull();
  });
});
