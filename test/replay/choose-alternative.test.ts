import { expect, it } from 'vitest';
import type { Alternatives } from '../../src/core/estimator.ts';
import { createHashingEmbedder } from '../../src/embedding/hashing.ts';
import { chooseAlternative } from '../../src/replay/choose-alternative.ts';
import { embedDataset, withoutEmbeddings } from '../../src/replay/embedded.ts';
import { fitEstimator } from '../../src/replay/fitted.ts';
import { loadCatalogue } from '../../src/routing/catalogue.ts';
import { must } from './helpers.ts';
import { catsAndDogs } from './worlds.ts';

const dataset = catsAndDogs(60, 'alternatives');
const data = withoutEmbeddings(dataset);
const cells = (matrix: Float64Array, rows: readonly number[]): Float64Array =>
  Float64Array.from(rows.flatMap((row) => [...matrix.subarray(row * 2, row * 2 + 2)]));

/** Held-out predictions that are the truth, or everything but. */
function told(matrix: Float64Array, rows: readonly number[]): Alternatives {
  const truth = cells(matrix, rows);
  const most = Math.max(...truth);
  return {
    rows: Int32Array.from(rows),
    choices: [
      { options: { is: 'wrong' }, mean: truth.map((value) => most - value) },
      { options: { is: 'right' }, mean: truth },
      { options: { is: 'right too' }, mean: truth },
    ],
  };
}

const up = Array.from({ length: 40 }, (_, i) => i);
const down = up.map((i) => 49 - i);

it('finds each row by its number, in whatever order the two quantities tell them; of equals the first', () => {
  const costs = must(dataset.costUsd);
  const chosen = must(chooseAlternative(data, told(dataset.quality, up), told(costs, down)));
  expect(chosen).toMatchObject({ quality: { is: 'right' }, cost: { is: 'right' } });
  // 10 to 39: rows that only one of them held out do not speak.
  expect(chosen.criterion).toContain('over 30 rows');
  expect(chosen.score).toBeGreaterThan(0.8);
});

it('leaves out rows with an outcome that nobody knows', () => {
  const quality = dataset.quality.slice();
  quality[2 * 7] = NaN;
  const chosen = chooseAlternative(withoutEmbeddings({ ...dataset, quality, costUsd: null }), told(quality, up), null);
  expect(chosen).toMatchObject({ quality: { is: 'right' }, cost: null });
  expect(chosen?.criterion).toContain('over 39 rows');
});

it('says null where no row can judge', () => {
  expect(chooseAlternative(data, told(dataset.quality, up), told(must(dataset.costUsd), [55]))).toBeNull();
});

it('makes of a stack the alternative that came out best, with its weights in the options', async () => {
  const embedded = await embedDataset(
    catsAndDogs(150, 'stack'),
    createHashingEmbedder({ dimensions: 64 }),
    () => undefined,
  );
  const catalogue = await loadCatalogue();
  const options = { catalogue, own: false, threads: 1, folds: 3, seed: '0', onProgress: () => undefined };
  const { tuned, quality } = await fitEstimator('stack', embedded, options);
  const scores = tuned.trials.filter((trial) => trial.quantity === 'quality').map(({ score }) => score);
  expect(tuned.score).toBe(Math.max(...scores));
  expect(scores.length).toBe(9 + 5);
  expect(quality.save().arrays['weights']).toEqual(Float64Array.from(must(weightsOf(tuned.quality))));
});

function weightsOf(options: Readonly<Record<string, unknown>>): number[] | undefined {
  const { weights } = options;
  return Array.isArray(weights) ? weights.map(Number) : undefined;
}
