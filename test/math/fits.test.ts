import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { calibrateScores, loadCalibrated } from '../../src/math/calibrated-scores.ts';
import { convexWeights } from '../../src/math/convex-weights.ts';
import { fitGeneralisedLinear } from '../../src/math/generalised-linear.ts';
import { fitIsotonic, isotonicAt } from '../../src/math/isotonic.ts';
import { centreIndex, clusterRows, kMeans, nearestOf } from '../../src/math/k-means.ts';
import { minimise } from '../../src/math/lbfgs.ts';
import { linearScores } from '../../src/math/linear-scores.ts';
import { ResidualModels } from '../../src/math/residual-models.ts';
import { canonicalOrder } from '../../src/math/row-order.ts';
import { StateReader } from '../../src/math/state-reader.ts';
import { smallRows } from './small-rows.ts';

const query = Float64Array.of(0.3, -0.5, 0.8);

describe('generalised linear models', () => {
  const predict = (quantity: 'quality' | 'cost', column: (row: number) => number): number => {
    const out = new Float64Array(1);
    fitGeneralisedLinear(quantity, smallRows([column]), 0.7).predict(query, out);
    return out[0] ?? NaN;
  };

  it('agree with scikit-learn 1.2.1: LogisticRegression(C=1/0.7)', () => {
    expect(predict('quality', (i) => ((i * 5) % 12 < 6 ? 1 : 0))).toBeCloseTo(0.2880642997886722, 6);
    expect(predict('quality', (i) => ((i * 7) % 12 < 4 ? 1 : 0))).toBeCloseTo(0.5094695685937015, 6);
  });

  it('take fractional labels: scipy BFGS on the cross-entropy', () => {
    expect(predict('quality', (i) => (i % 5) / 4)).toBeCloseTo(0.4242407047374431, 6);
  });

  it('agree with scikit-learn 1.2.1: PoissonRegressor(alpha=0.7/12)', () => {
    expect(predict('cost', (i) => 0.2 + ((i * 5) % 7) / 4)).toBeCloseTo(1.0463794139583555, 5);
  });

  it('fit each model on what was observed of it, whatever stands beside it', () => {
    const first = (i: number): number => (i % 3 === 0 ? NaN : i % 2);
    const out = new Float64Array(2);
    fitGeneralisedLinear('quality', smallRows([first, (i) => (i * 5) % 2]), 0.7).predict(query, out);
    expect(out[0]).toBeCloseTo(predict('quality', first), 5);
  });

  it('keep the total of what they were trained on', () => {
    const rows = smallRows([(i) => 0.2 + ((i * 5) % 7) / 4]);
    const part = fitGeneralisedLinear('cost', rows, 0.7);
    let total = 0;
    for (let row = 0; row < rows.count; row++) {
      const out = new Float64Array(1);
      part.predict(Float64Array.from(rows.inputs.subarray(row * 3, row * 3 + 3)), out);
      total += out[0] ?? NaN;
    }
    expect(total).toBeCloseTo(
      rows.targets.reduce((sum, value) => sum + value, 0),
      4,
    );
  });
});

describe('L-BFGS', () => {
  it('finds the bottom of a narrow valley', () => {
    const point = Float64Array.of(-1.2, 1);
    minimise(
      (at, gradient) => {
        const [x = 0, y = 0] = at;
        gradient[0] = -2 * (1 - x) - 400 * x * (y - x * x);
        gradient[1] = 200 * (y - x * x);
        return (1 - x) ** 2 + 100 * (y - x * x) ** 2;
      },
      point,
      1e-9,
      500,
    );
    expect(point[0]).toBeCloseTo(1, 7);
    expect(point[1]).toBeCloseTo(1, 7);
  });

  it('does nothing where it stands at the bottom', () => {
    const point = Float64Array.of(2);
    expect(minimise((at, gradient) => ((gradient[0] = 2 * ((at[0] ?? 0) - 2)), 0), point, 1e-9, 10)).toBe(0);
    expect(point[0]).toBe(2);
  });
});

describe('isotonic regression', () => {
  it('agrees with scikit-learn 1.2.1', () => {
    const scores = Float64Array.of(0.1, 0.4, 0.35, 0.8, 0.2, 0.6, 0.6, 0.9, 0.5, 0.05);
    const fitted = fitIsotonic(scores, Float64Array.of(0, 1, 0, 1, 0.5, 0, 1, 0.75, 1, 0.25));
    // Levels of its steps; between their middles ours is a line.
    expect([...fitted.to]).toEqual([0.125, 0.25, 0.75, 0.875]);
    expect(isotonicAt(fitted, 0)).toBe(0.125);
    expect(isotonicAt(fitted, 1)).toBe(0.875);
  });

  it('never falls, and stays among the values', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(share, share), { minLength: 1, maxLength: 60 }), (pairs) => {
        const scores = Float64Array.from(pairs, ([score]) => score);
        const values = Float64Array.from(pairs, ([, value]) => value);
        const fitted = fitIsotonic(scores, values);
        const at = [...scores].sort((a, b) => a - b).map((score) => isotonicAt(fitted, score));
        at.forEach((value, i) => expect(value).toBeGreaterThanOrEqual((at[i - 1] ?? 0) - 1e-12));
        [...fitted.from].forEach((score, i) => {
          if (i > 0) expect(score).toBeGreaterThan(fitted.from[i - 1] ?? NaN);
        });
        const [low, high] = [Math.min(...values), Math.max(...values)];
        at.forEach((value) => {
          expect(value).toBeGreaterThanOrEqual(low - 1e-12);
          expect(value).toBeLessThanOrEqual(high + 1e-12);
        });
      }),
    );
  });
});

describe('convex weights', () => {
  const normal = (columns: readonly Float64Array[], y: Float64Array): [Float64Array, Float64Array] => [
    Float64Array.from(columns.flatMap((a) => columns.map((b) => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0)))),
    Float64Array.from(columns, (a) => a.reduce((sum, x, i) => sum + x * (y[i] ?? 0), 0)),
  ];

  it('agree with scipy 1.10: SLSQP on the same problem', () => {
    const column = (k: number): Float64Array => Float64Array.from({ length: 30 }, (_, i) => Math.sin(i + k * k));
    const columns = [0, 1, 2, 3].map(column);
    const y = Float64Array.from(
      { length: 30 },
      (_, i) =>
        0.5 * (columns[0]?.[i] ?? 0) +
        0.3 * (columns[2]?.[i] ?? 0) +
        0.4 * Math.cos(i * 3) -
        0.2 * (columns[1]?.[i] ?? 0),
    );
    const weights = convexWeights(...normal(columns, y));
    [0.50207200358, 0, 0.49792799642, 0].forEach((weight, k) => expect(weights[k]).toBeCloseTo(weight, 6));
  });

  it('are weights, and do no worse than any component alone', () => {
    const value = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.array(value, { minLength: 8, maxLength: 8 }), { minLength: 1, maxLength: 5 }),
        fc.array(value, { minLength: 8, maxLength: 8 }),
        (raw, target) => {
          const columns = raw.map((each) => Float64Array.from(each));
          const weights = convexWeights(...normal(columns, Float64Array.from(target)));
          expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
          weights.forEach((weight) => expect(weight).toBeGreaterThanOrEqual(0));
          const error = (mix: ArrayLike<number>): number =>
            target.reduce(
              (sum, y, i) => sum + (y - columns.reduce((all, x, k) => all + (mix[k] ?? 0) * (x[i] ?? 0), 0)) ** 2,
              0,
            );
          columns.forEach((_, k) => {
            const alone = columns.map((__, j) => (j === k ? 1 : 0));
            expect(error(weights)).toBeLessThanOrEqual(error(alone) + 1e-6);
          });
        },
      ),
    );
  });
});

describe('k-means of directions', () => {
  it('finds the directions that rows were planted around', () => {
    const random = seededRandom('planted');
    const inputs = new Float32Array(300 * 5);
    for (let row = 0; row < 300; row++) {
      // Five numbers a row, the last of which is not part of the direction.
      for (let d = 0; d < 4; d++) inputs[row * 5 + d] = (d === row % 3 ? 1 : 0) + 0.1 * random.normal();
      inputs[row * 5 + 4] = 100 * random.normal();
    }
    const clusters = clusterRows(inputs, 5, 4, 3, seededRandom('start'));
    for (let row = 3; row < 300; row++) expect(clusters[row]).toBe(clusters[row % 3]);
    expect(new Set(clusters).size).toBe(3);
    const centres = kMeans(inputs, 5, 4, 3, seededRandom('start'));
    for (const centre of centres) expect(Math.hypot(...centre)).toBeCloseTo(1, 6);
    const index = centreIndex(centres, 4);
    expect(nearestOf(index.scores(Float32Array.of(0, 1, 0, 0)))).toBe(clusters[1]);
  });

  it('gives no more centres than there are directions, and none of nothing', () => {
    const one = Float32Array.of(1, 0, 1, 0, 0, 1, 0, 1);
    expect(kMeans(one, 2, 2, 8, seededRandom('few')).length).toBe(2);
    expect(kMeans(new Float32Array(8), 2, 2, 8, seededRandom('none'))).toEqual([]);
  });
});

describe('scores become quality', () => {
  const rows = smallRows([(i) => 0.5 + 0.4 * Math.sin(i + 1), (i) => 0.5 - 0.4 * Math.sin(i + 1)]);
  const everyRow = Array.from({ length: rows.count }, (_, row) => row);

  it('by the slope and the means that fit, whatever scale and zero the scores have', () => {
    for (const [scale, zero] of [
      [1, 0],
      [50, -3],
    ] as const) {
      // Scores that know the truth: the first input is sin(i + 1).
      const scores = linearScores(Float64Array.of(scale, 0, 0, -scale, 0, 0), Float64Array.of(zero, 2 * zero));
      const part = calibrateScores(scores, rows, everyRow);
      const out = new Float64Array(2);
      part.predict(Float64Array.of(0.7, 0, 0), out);
      expect(out[0]).toBeCloseTo(0.78, 6);
      expect(out[1]).toBeCloseTo(0.22, 6);
      const saved = part.save();
      const loaded = loadCalibrated(scores, new StateReader('test', { version: 1, ...saved }, 1), 2);
      const again = new Float64Array(2);
      loaded.predict(Float64Array.of(0.7, 0, 0), again);
      expect(again).toEqual(out);
    }
  });

  it('and scores that point the wrong way are not believed', () => {
    const scores = linearScores(Float64Array.of(-1, 0, 0, 1, 0, 0), new Float64Array(2));
    const out = new Float64Array(2);
    calibrateScores(scores, rows, everyRow).predict(Float64Array.of(0.7, 0, 0), out);
    const mean = everyRow.reduce((sum, row) => sum + (rows.targets[row * 2] ?? 0), 0) / rows.count;
    expect(out[0]).toBeCloseTo(mean, 12);
  });
});

describe('what is learned after training', () => {
  const facts = [
    [[0.6, 0, 0.8], 0.5, 1],
    [[0, 1, 0], -0.25, 0.5],
    [[0.6, 0, 0.8], 0.3, 2],
  ] as const;
  const learned = (): ResidualModels => {
    const models = new ResidualModels(3, 10);
    models.fit(smallRows([(i) => i / 12]), 6);
    for (const [input, residual, weight] of facts) {
      models.place(Float64Array.from(Float32Array.from(input)));
      models.update(0, residual, weight);
    }
    return models;
  };

  it('is the ridge regression of the errors with training as evidence of none: numpy', () => {
    const models = learned();
    models.place(Float64Array.from(Float32Array.of(0.48, 0.6, 0.64)));
    expect(models.value(0)).toBeCloseTo(0.11378898866321152, 9);
    expect(models.spread(0)).toBeCloseTo(0.13470029174718884, 9);
  });

  it('leaves other models alone, and moves an untrained one more', () => {
    const models = learned();
    const at = Float64Array.of(0.6, 0, 0.8);
    models.place(at);
    expect(models.value(1)).toBe(0);
    expect(models.spread(1)).toBeGreaterThan(models.spread(0));
    for (const [input, residual, weight] of facts) {
      models.place(Float64Array.from(input));
      models.update(1, residual, weight);
    }
    models.place(at);
    expect(models.value(1)).toBeGreaterThan(models.value(0));
  });

  it('folds long inputs without losing which is which', () => {
    const models = new ResidualModels(512, 1);
    const axis = (i: number): Float64Array => Float64Array.from({ length: 512 }, (_, j) => (i === j ? 1 : 0));
    for (let round = 0; round < 40; round++) {
      models.place(axis(3));
      models.update(0, 1, 1);
      models.place(axis(200));
      models.update(0, -1, 1);
    }
    models.place(axis(3));
    expect(models.value(0)).toBeGreaterThan(0.8);
    models.place(axis(200));
    expect(models.value(0)).toBeLessThan(-0.8);
  });
});

describe('canonical order', () => {
  it('gives the same rows in the same order, however they were shuffled', () => {
    const few = fc.constantFrom(0, 0.5, 1, NaN);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(0, 0.5, 1), fc.constantFrom(-1, 1), few, few), { maxLength: 12 }),
        fc.string(),
        (raw, seed) => {
          const random = seededRandom(seed);
          const listed = (rows: typeof raw): string[] => {
            const order = canonicalOrder({
              models: ['a', 'b'],
              dimensions: 2,
              embeddings: Float32Array.from(rows.flatMap(([x, y]) => [x, y])),
              promptTokens: new Float64Array(rows.length),
              values: Float64Array.from(rows.flatMap(([, , a, b]) => [a, b])),
            });
            return [...order].map((row) => String(rows[row]));
          };
          const mixed = raw
            .map((row) => ({ row, at: random.next() }))
            .sort((a, b) => a.at - b.at)
            .map(({ row }) => row);
          expect(listed(mixed)).toEqual(listed(raw));
        },
      ),
    );
  });
});
