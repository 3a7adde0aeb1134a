import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Estimator, Prediction, Quantity } from '../../src/core/estimator.ts';
import ridge from '../../src/estimators/ridge.ts';
import { observation, randomRows, rowsOf } from './helpers.ts';

const price = { input: 1, cachedInput: 1, output: 4 };
const create = (quantity: Quantity, dimensions: number, alpha = 1): Estimator =>
  ridge.create({ alpha, prior_mean: 0.5, prior_output_tokens: 250 }, { quantity, dimensions });
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

describe('ridge', () => {
  it('gives the quality and deviation worked out by hand', () => {
    const estimator = create('quality', 1);
    estimator.fit(
      rowsOf(
        ['a'],
        [
          [[1], 0, [1]],
          [[-1], 0, [0]],
        ],
      ),
    );
    // y − 0.5 = (0.5, −0.5), x = (±1, 1), D = I: X'X + D = 3 I, X'y = (1, 0), theta = (1/3, 0).
    // Residual y'y − theta'X'y = 1/2 − 1/3 = 1/6; noise (1/6 + 2/4) / (2 + 2) = 1/6; spread (1 + 1) / 3.
    const { mean, deviation } = ask(estimator, [1], ['a']);
    expect(mean[0]).toBeCloseTo(0.5 + 1 / 3, 12);
    expect(deviation[0]).toBeCloseTo(Math.sqrt((1 / 6) * (2 / 3)), 12);
  });

  it('gives the cost worked out by hand', () => {
    const estimator = create('cost', 1);
    estimator.fit(
      rowsOf(
        ['a'],
        [
          [[1], 1000, [0.004]],
          [[-1], 500, [0.001]],
        ],
      ),
    );
    // At x = (1, 1), over 3: cost (0.003 + 0.005) / 3, prompt (500 + 1500) / 3, evidence (0 + 2) / 3; missing 1/3.
    // Price of 800 tokens: 0.0018; running mean (0.005 + 0.0018) / 3 at (1500 + 800) / 3 tokens.
    // 0.008 / 3 + 0.0068 / 9 at 2000 / 3 + 2300 / 9 = 922.2 tokens, 122.2 fewer here: 0.0034222 − 0.0001222.
    expect(ask(estimator, [1], ['a'], 800).mean[0]).toBeCloseTo(0.0033, 12);
  });

  it('folds to what it fits at once, whatever was observed', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Quantity>('quality', 'cost'),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 0, max: 40 }),
        fc.constantFrom(0, 0.5, 0.9),
        fc.integer(),
        fc.nat(40),
        (quantity, dimensions, count, missing, seed, fittedFirst) => {
          const models = ['a', 'b', 'c'];
          const rows = { ...randomRows(count, dimensions, models, missing, String(seed)), dimensions };
          const batch = create(quantity, dimensions);
          batch.fit(rows);
          const folded = create(quantity, dimensions);
          const first = Math.min(fittedFirst, count);
          folded.fit({
            ...rows,
            embeddings: rows.embeddings.slice(0, first * dimensions),
            promptTokens: rows.promptTokens.slice(0, first),
            values: rows.values.slice(0, first * models.length),
          });
          for (let row = first; row < count; row++) {
            models.forEach((model, column) => {
              const value = rows.values[row * models.length + column] ?? NaN;
              const embedding = rows.embeddings.slice(row * dimensions, (row + 1) * dimensions);
              if (Number.isNaN(value)) return;
              folded.update({
                ...observation(model, quantity, value, embedding),
                promptTokens: rows.promptTokens[row] ?? 0,
              });
            });
          }
          const query = [1, ...Array.from({ length: dimensions - 1 }, () => 0)];
          const [one, two] = [ask(batch, query, models, 50), ask(folded, query, models, 50)];
          models.forEach((_, i) => {
            expect(two.mean[i]).toBeCloseTo(one.mean[i] ?? NaN, 9);
            expect(two.deviation[i]).toBeCloseTo(one.deviation[i] ?? NaN, 8);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('stays exact over thousands of observations', () => {
    const [count, dimensions] = [4000, 16];
    const rows = randomRows(count, dimensions, ['a'], 0, 'long');
    const [batch, folded] = [create('quality', dimensions, 0.1), create('quality', dimensions, 0.1)];
    batch.fit(rows);
    for (let row = 0; row < count; row++) {
      const embedding = rows.embeddings.slice(row * dimensions, (row + 1) * dimensions);
      folded.update(observation('a', 'quality', rows.values[row] ?? NaN, embedding));
    }
    const query = Array.from(rows.embeddings.subarray(0, dimensions));
    const [one, two] = [ask(batch, query, ['a']), ask(folded, query, ['a'])];
    expect(two.mean[0]).toBeCloseTo(one.mean[0] ?? NaN, 10);
    expect(two.deviation[0]).toBeCloseTo(one.deviation[0] ?? NaN, 10);
  });

  it('keeps models apart that shared their evidence until one learned more', () => {
    const estimator = create('quality', 4);
    estimator.fit(randomRows(30, 4, ['a', 'b'], 0, 'share'));
    const before = ask(estimator, [1, 0, 0, 0], ['a', 'b']);
    for (let i = 0; i < 10; i++) estimator.update(observation('a', 'quality', 1, Float32Array.of(1, 0, 0, 0)));
    const after = ask(estimator, [1, 0, 0, 0], ['a', 'b']);
    expect(after.mean[0]).toBeGreaterThan(before.mean[0] ?? NaN);
    expect(after.deviation[0]).toBeLessThan(before.deviation[0] ?? NaN);
    expect(after.mean[1]).toBe(before.mean[1]);
    expect(after.deviation[1]).toBe(before.deviation[1]);
  });

  it('is the running mean where nothing is known of the query', () => {
    const estimator = create('quality', 2);
    estimator.update(observation('a', 'quality', 1));
    estimator.update(observation('a', 'quality', 1));
    expect(ask(estimator, [0, 0], ['a']).mean[0]).toBeCloseTo(2.5 / 3, 12);
  });

  it('refuses a state that was learned under another penalty', () => {
    const state = create('quality', 3, 1).save();
    expect(() => create('quality', 3, 2).load(state)).toThrow(/alpha/);
  });
});
