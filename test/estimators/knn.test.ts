import { describe, expect, it } from 'vitest';
import type { Estimator, Prediction, Quantity } from '../../src/core/estimator.ts';
import knn from '../../src/estimators/knn.ts';
import { observation, randomRows, rowsOf } from './helpers.ts';

const price = { input: 1, cachedInput: 1, output: 4 };
const defaults = {
  k: 2,
  sharpness: 1,
  prior_strength: 1,
  prior_mean: 0.5,
  prior_output_tokens: 250,
  max_rows: 100,
  max_online_rows: 50,
};
const create = (quantity: Quantity, dimensions: number, options: Partial<typeof defaults> = {}): Estimator =>
  knn.create({ ...defaults, ...options }, { quantity, dimensions });
const ask = (
  estimator: Estimator,
  vector: readonly number[],
  models: readonly string[],
  promptTokens = 0,
): Prediction =>
  estimator.predict(
    { embedding: Float32Array.from(vector), promptTokens },
    models.map((model) => ({ model, price })),
  );
const east = Float32Array.of(1, 0);
const north = Float32Array.of(0, 1);

describe('knn', () => {
  it('gives the quality and deviation worked out by hand', () => {
    const estimator = create('quality', 2);
    estimator.fit(
      rowsOf(
        ['a'],
        [
          [[1, 0], 0, [1]],
          [[0, 1], 0, [0]],
          [[0.6, 0.8], 0, [0.5]],
        ],
      ),
    );
    // Running mean (1 + 0 + 0.5 + prior 0.5) / 4 = 0.5, mean square (1 + 0 + 0.25 + prior 0.5) / 4 = 0.4375.
    // The two nearest weigh 1 and 0.6: mean (1 + 0.6 x 0.5 + 0.5) / 2.6, square (1 + 0.6 x 0.25 + 0.4375) / 2.6.
    // They amount to 1.6^2 / 1.36 equal neighbours; the deviation counts one more.
    const { mean, deviation } = ask(estimator, [1, 0], ['a']);
    expect(mean[0]).toBeCloseTo(1.8 / 2.6, 4);
    const variance = 1.5875 / 2.6 - (1.8 / 2.6) ** 2;
    expect(deviation[0]).toBeCloseTo(Math.sqrt(variance / (1 + 2.56 / 1.36)), 4);
  });

  it("carries the neighbours' cost to the length of this prompt", () => {
    const estimator = create('cost', 2, { k: 1, sharpness: 0 });
    estimator.fit(rowsOf(['a'], [[[1, 0], 1000, [0.004]]]));
    // Price of 3,000 tokens 0.004; running mean 0.004 at (1000 + 3000) / 2 = 2000 tokens; with the neighbour, worth one:
    // 0.004 at (1000 + 2000) / 2 = 1500 tokens. 1,500 tokens more: 0.0055.
    expect(ask(estimator, [1, 0], ['a'], 3000).mean[0]).toBeCloseTo(0.0055, 12);
  });

  it('shares the last place among rows that are equally near', () => {
    const estimator = create('quality', 2, { k: 1, sharpness: 0, prior_strength: 1e-9 });
    estimator.fit(
      rowsOf(
        ['a'],
        [
          [[1, 0], 0, [1]],
          [[1, 0], 0, [0]],
          [[1, 0], 0, [1]],
          [[0, 1], 0, [0]],
        ],
      ),
    );
    expect(ask(estimator, [1, 0], ['a']).mean[0]).toBeCloseTo(2 / 3, 6);
  });

  it('widens the neighbourhood where only one model was observed per row', () => {
    // Two models, alternately observed; k = 2 per model needs the four nearest rows, not the two nearest.
    const estimator = create('quality', 2, { sharpness: 0, prior_strength: 1e-9 });
    const angles = [0, 0.1, 0.2, 0.3, 1.4, 1.5];
    estimator.fit(
      rowsOf(
        ['a', 'b'],
        angles.map((angle, i) => [
          [Math.cos(angle), Math.sin(angle)],
          0,
          i % 2 === 0 ? [i < 4 ? 1 : 0, NaN] : [NaN, i < 4 ? 0 : 1],
        ]),
      ),
    );
    const { mean } = ask(estimator, [1, 0], ['a', 'b']);
    expect(mean[0]).toBeCloseTo(1, 6);
    expect(mean[1]).toBeCloseTo(0, 6);
  });

  it('learns a model that came later, and keeps what it knew of the others', () => {
    const estimator = create('quality', 2);
    estimator.fit(
      rowsOf(
        ['a'],
        [
          [[1, 0], 0, [0.9]],
          [[0, 1], 0, [0.1]],
        ],
      ),
    );
    const before = ask(estimator, [1, 0], ['a', 'new']);
    for (let i = 0; i < 5; i++) estimator.update(observation('new', 'quality', 1, north));
    const after = ask(estimator, [0, 1], ['a', 'new']);
    expect(after.mean[1]).toBeGreaterThan(0.8);
    expect(after.deviation[1]).toBeLessThan(before.deviation[1] ?? NaN);
    expect(ask(estimator, [0, 1], ['a']).mean[0]).toBeLessThan(0.5);
  });

  it('drops the oldest row learned while serving, never a trained one', () => {
    const estimator = create('quality', 2, { k: 1, max_online_rows: 3, prior_strength: 1e-9 });
    estimator.fit(rowsOf(['a'], [[[1, 0], 0, [1]]]));
    for (const value of [0, 0.2, 0.4]) estimator.update(observation('a', 'quality', value, north));
    expect(ask(estimator, [0, 1], ['a']).mean[0]).toBeCloseTo(0.2, 6);
    estimator.update(observation('a', 'quality', 0.6, north));
    expect(ask(estimator, [0, 1], ['a']).mean[0]).toBeCloseTo(0.4, 6);
    expect(ask(estimator, [1, 0], ['a']).mean[0]).toBeCloseTo(1, 6);
    for (let i = 0; i < 100; i++) estimator.update(observation('a', 'quality', 0.5, north));
    expect(estimator.save().data['rows']).toBe(4);
  });

  it('keeps dropped rows in the running mean', () => {
    const estimator = create('quality', 2, { max_online_rows: 1 });
    for (const value of [1, 1, 1]) estimator.update(observation('a', 'quality', value, east));
    // A query without a direction has no neighbours: (3 + 0.5) / 4.
    expect(ask(estimator, [0, 0], ['a']).mean[0]).toBeCloseTo(3.5 / 4, 12);
  });

  it('learns the running mean from facts without a query', () => {
    const estimator = create('quality', 2);
    estimator.update(observation('a', 'quality', 1));
    expect(ask(estimator, [1, 0], ['a']).mean[0]).toBeCloseTo(0.75, 12);
    expect(estimator.save().data['rows']).toBe(0);
  });

  it('thins too many rows to the same ones, whatever their order', () => {
    const rows = randomRows(60, 4, ['a'], 0, 'thin');
    const backwards = {
      ...rows,
      embeddings: Float32Array.from(
        { length: 240 },
        (_, i) => rows.embeddings[(59 - Math.floor(i / 4)) * 4 + (i % 4)] ?? 0,
      ),
      promptTokens: rows.promptTokens.slice().reverse(),
      values: rows.values.slice().reverse(),
    };
    const predictions = [rows, backwards].map((given) => {
      const estimator = create('quality', 4, { max_rows: 10 });
      estimator.fit(given);
      expect(estimator.save().data['rows']).toBe(10);
      return ask(estimator, [1, 0, 0, 0], ['a']).mean[0] ?? NaN;
    });
    expect(predictions[0]).toBeCloseTo(predictions[1] ?? NaN, 12);
  });

  it('offers no k that needs more than half of the rows', () => {
    const ks = knn.settings(randomRows(100, 2, ['a'], 0, 'k')).map(({ k }) => k);
    expect(ks).toEqual([40, 20, 10, 5]);
    expect(knn.settings(randomRows(3, 2, ['a'], 0, 'k')).map(({ k }) => k)).toEqual([1]);
  });

  it('refuses a state whose online rows do not fit', () => {
    const estimator = create('quality', 2, { max_online_rows: 20 });
    for (let i = 0; i < 20; i++) estimator.update(observation('a', 'quality', 1, east));
    expect(() => create('quality', 2, { max_online_rows: 5 }).load(estimator.save())).toThrow(/max_online_rows/);
  });
});
