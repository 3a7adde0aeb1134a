import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { defineEstimator } from '../../src/core/estimator.ts';
import { createHashingEmbedder } from '../../src/embedding/hashing.ts';
import { embedDataset } from '../../src/replay/embedded.ts';
import { foldRows, rowsOfFold, withoutFold } from '../../src/replay/folded.ts';
import { tuneEstimator, type Tuned } from '../../src/replay/tune.ts';
import type { Dataset } from '../../src/replay/datasets/dataset.ts';
import { must } from './helpers.ts';
import { catsAndDogs } from './worlds.ts';

const embedder = createHashingEmbedder({ dimensions: 64 });
const embed = (dataset: Dataset) => embedDataset(dataset, embedder, () => undefined);

/**
 * Predicts what row it was fitted on: the mean of each model, times `tilt` for the first. Tilt 1 is right; others rank
 * the models wrongly. Remembers what it was fitted on and asked for.
 */
function tilted(tilts: readonly number[], seen: { fitted: number; asked: number; leaked: boolean }) {
  return defineEstimator({
    summary: 'Mean, tilted.',
    source: 'A test.',
    options: Type.Object({ tilt: Type.Number({ default: 1 }) }),
    needsEmbedding: true,
    quantities: ['quality', 'cost'],
    settings: () => tilts.map((tilt) => ({ tilt })),
    create: ({ tilt }, { quantity }) => {
      const means = new Float64Array(2);
      const rows = new Set<string>();
      return {
        fit({ models, values, embeddings, dimensions, promptTokens }) {
          seen.fitted += 1;
          means.fill(0);
          rows.clear();
          for (let row = 0; row < promptTokens.length; row++) {
            rows.add(embeddings.subarray(row * dimensions, (row + 1) * dimensions).join());
            models.forEach((_, m) => (means[m] = (means[m] ?? 0) + (values[row * 2 + m] ?? 0) / promptTokens.length));
          }
        },
        predict({ embedding }, candidates) {
          seen.asked += 1;
          if (rows.has(embedding.join())) seen.leaked = true;
          const scale = quantity === 'quality' ? tilt : 1;
          const mean = Float64Array.from(candidates, (_, m) => (means[m] ?? 0) * (m === 0 ? scale : 1));
          return { mean, deviation: new Float64Array(candidates.length) };
        },
        update: () => undefined,
        save: () => ({ version: 1, data: {}, arrays: {} }),
        load: () => undefined,
      };
    },
  });
}

const tune = (data: Awaited<ReturnType<typeof embed>>, definition: ReturnType<typeof tilted>): Promise<Tuned> =>
  tuneEstimator(data, {
    name: 'tilted',
    definition,
    own: false,
    threads: null,
    folds: 5,
    seed: 'tune',
    onProgress: () => undefined,
  });

describe('tuneEstimator', () => {
  it('chooses by what the estimators are for, and never predicts a row by an estimator that saw it', async () => {
    const seen = { fitted: 0, asked: 0, leaked: false };
    const data = await embed(catsAndDogs(120, 'tune', { costUsd: null }));
    const tuned = await tune(data, tilted([0.01, 0.2, 1, 0.1], seen));
    expect(tuned.quality).toEqual({ tilt: 1 });
    expect(tuned.cost).toBeNull();
    expect(seen.leaked).toBe(false);
    const right = data.dataset.quality.filter((_, i) => i % 2 === 0);
    expect(tuned.score).toBeCloseTo(right.reduce((sum, value) => sum + value, 0) / 120, 12);
  });

  it('lets the worst fall out after one fold in five, and scores the finalists on every row', async () => {
    const seen = { fitted: 0, asked: 0, leaked: false };
    const data = await embed(catsAndDogs(100, 'race', { costUsd: null }));
    const tuned = await tune(data, tilted([0.01, 0.02, 0.03, 0.9, 1, 1.1], seen));
    expect(seen.fitted).toBe(1 * 6 + 4 * 3);
    const finals = tuned.trials.filter(({ folds }) => folds === 5).map(({ options }) => options['tilt']);
    expect(new Set(finals)).toEqual(new Set([0.9, 1, 1.1]));
  });

  it('of equals takes the earlier, and the same each time', async () => {
    const data = await embed(catsAndDogs(100, 'equal'));
    const definition = tilted([1, 1.01, 1.02], { fitted: 0, asked: 0, leaked: false });
    const tuned = await tune(data, definition);
    expect(tuned.quality).toEqual({ tilt: 1 });
    expect(await tune(data, definition)).toEqual(tuned);
  });

  it('refuses too few rows', async () => {
    const data = await embed(catsAndDogs(9, 'few'));
    await expect(tune(data, tilted([1], { fitted: 0, asked: 0, leaked: false }))).rejects.toThrow('9 rows are too few');
  });
});

describe('foldRows', () => {
  it('brings every row, with all that belongs to it, into exactly one fold', async () => {
    const data = await embed(catsAndDogs(60, 'folds'));
    const folded = foldRows(data, 5, 'seed');
    const rowsOf = (embeddings: Float32Array, quality: Float64Array): string[] =>
      Array.from({ length: quality.length / 2 }, (_, row) =>
        [...embeddings.subarray(row * 64, (row + 1) * 64), ...quality.subarray(row * 2, row * 2 + 2)].join(),
      );
    const all = rowsOf(data.embeddings, data.dataset.quality).sort();
    expect(rowsOf(folded.embeddings, folded.quality).sort()).toEqual(all);
    for (let fold = 0; fold < 5; fold++) {
      const { from, to } = rowsOfFold(folded, fold);
      const { quality, cost } = withoutFold(folded, fold);
      const held = rowsOf(folded.embeddings, folded.quality).slice(from, to);
      const rest = rowsOf(must(quality).embeddings, must(quality).values);
      expect([...rest, ...held].sort()).toEqual(all);
      // Both quantities are fitted on the same arrays, so that an estimator can share its work between them.
      expect(must(cost).embeddings).toBe(must(quality).embeddings);
      expect(must(cost).values.length).toBe(must(quality).values.length);
    }
  });
});
