import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { drawPrices, worthOfRows } from '../../src/math/random-prices.ts';
import { chooseMixture, mixturesOf, type HeldOut } from '../../src/math/stack-choice.ts';

const models = 3;
const rows = 600;

/** Members whose errors are independent of each other, with the given standard deviations. */
function heldOut(deviations: readonly number[]): HeldOut {
  const random = seededRandom('members');
  const truth = Float64Array.from({ length: rows * models }, () => 0.2 + 0.6 * random.next());
  return {
    quantity: 'quality',
    models,
    values: truth.map((value) => (random.next() < value ? 1 : 0)),
    parts: deviations.map((deviation) =>
      truth.map((value) => Math.min(1, Math.max(0, value + deviation * random.normal()))),
    ),
    scales: new Float64Array(models).fill(1),
    starts: [0, 200, 400, rows],
  };
}

describe('mixturesOf', () => {
  it('has every member alone, unchanged, before any mixture', () => {
    const held = heldOut([0.05, 0.3]);
    const [first, second, ...others] = mixturesOf(held);
    expect(first?.predictions).toEqual(held.parts[0]);
    expect([...(second?.weights ?? [])]).toEqual([0, 1]);
    expect(others.map(({ strength }) => strength)).toEqual([Infinity, Infinity, Infinity, 2000, 2000]);
    for (const { weights } of others) expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
  });

  it('predicts no fold with weights that its own outcomes moved', () => {
    const held = heldOut([0.2, 0.2]);
    const changed = { ...held, values: held.values.slice() };
    // Only fold 0 says something else, so only the other folds may be predicted otherwise.
    for (let cell = 0; cell < 200 * models; cell++) changed.values[cell] = 1 - (held.values[cell] ?? 0);
    const [before, after] = [mixturesOf(held), mixturesOf(changed)];
    for (const place of [3, 4]) {
      const [left, right] = [before[place]?.predictions, after[place]?.predictions];
      expect(right?.subarray(0, 200 * models)).toEqual(left?.subarray(0, 200 * models));
      expect(right?.subarray(200 * models)).not.toEqual(left?.subarray(200 * models));
    }
  });
});

describe('chooseMixture', () => {
  it('mixes members that err apart, and leaves a useless one out', () => {
    const mixed = chooseMixture(heldOut([0.25, 0.25, 0.25]));
    expect(Math.max(...(mixed?.weights ?? [1]))).toBeLessThan(0.7);
    const chosen = chooseMixture(heldOut([0.02, 0.8]));
    expect(chosen?.weights[0]).toBeGreaterThan(0.9);
  });

  it('lets outcomes that were not observed say nothing', () => {
    const held = heldOut([0.02, 0.8]);
    const values = held.values.map((value, cell) => (cell % 5 === 0 ? NaN : value));
    const chosen = chooseMixture({ ...held, values });
    expect(chosen?.weights[0]).toBeGreaterThan(0.9);
    expect(chosen?.predictions.every(Number.isFinite)).toBe(true);
  });
});

describe('worthOfRows', () => {
  it('is the quality of the best choice where nothing costs anything', () => {
    const free = { count: 1, prices: new Float64Array(2) };
    const values = Float64Array.of(1, 0, 0.2, 0.6);
    expect([...worthOfRows(Float64Array.of(0.9, 0.1, 0.9, 0.1), values, 2, free)]).toEqual([1, 0.2]);
    expect([...worthOfRows(values, values, 2, free)]).toEqual([1, 0.6]);
  });

  it('never chooses a model whose outcome is not known', () => {
    const free = { count: 1, prices: new Float64Array(2) };
    expect([...worthOfRows(Float64Array.of(0.9, 0.1), Float64Array.of(NaN, 0.4), 2, free)]).toEqual([0.4]);
  });

  it('is highest for predictions that are the truth, whatever the prices', () => {
    const random = seededRandom('truth');
    const truth = Float64Array.from({ length: 90 }, () => random.next());
    const prices = drawPrices(Float64Array.of(0.2, 0.5, 0.8), 40, random);
    const best = worthOfRows(truth, truth, 3, prices);
    const other = worthOfRows(
      truth.map((value) => 1 - value),
      truth,
      3,
      prices,
    );
    best.forEach((worth, row) => expect(worth).toBeGreaterThanOrEqual(other[row] ?? NaN));
  });
});
