import { describe, expect, test } from 'vitest';
import { seededRandom, type Random } from '../../src/core/random.ts';
import { addToFactor, factorise, factorSize, setDiagonal, solveLower } from '../../src/math/information-factor.ts';
import { LinearBelief, windowParts } from '../../src/math/linear-belief.ts';
import { identityProjection, principalProjection, randomProjection, reduceBy } from '../../src/math/projection.ts';

const n = 9;
const precision = new Float64Array(n).fill(2);

const vector = (random: Random, scale = 1): Float64Array =>
  Float64Array.from({ length: n }, () => scale * random.normal());

/** (A) x = b by Gauss with pivoting, on full matrices: slow and obviously right. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i] ?? 0]);
  const size = rows.length;
  for (let k = 0; k < size; k++) {
    const pivot = rows.findIndex(
      (row, i) => i >= k && Math.abs(row[k] ?? 0) === Math.max(...rows.slice(k).map((each) => Math.abs(each[k] ?? 0))),
    );
    const top = rows[pivot] ?? [];
    rows[pivot] = rows[k] ?? [];
    rows[k] = top.map((value) => value / (top[k] ?? 1));
    for (let i = 0; i < size; i++) {
      const factor = rows[i]?.[k] ?? 0;
      if (i !== k) rows[i] = (rows[i] ?? []).map((value, j) => value - factor * (rows[k]?.[j] ?? 0));
    }
  }
  return rows.map((row) => row[size] ?? NaN);
}

/** The posterior from sums of decayed evidence, written out. */
function direct(
  facts: readonly { x: Float64Array; y: number; w: number }[],
  prior = 2,
): { theta: number[]; spread: (x: Float64Array) => number } {
  const matrix = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_unused, j) => (i === j ? prior : 0)));
  const right = Array.from({ length: n }, () => 0);
  for (const { x, y, w } of facts) {
    for (let i = 0; i < n; i++) {
      right[i] = (right[i] ?? 0) + w * y * (x[i] ?? 0);
      const row = matrix[i] ?? [];
      for (let j = 0; j < n; j++) row[j] = (row[j] ?? 0) + w * (x[i] ?? 0) * (x[j] ?? 0);
    }
  }
  return {
    theta: solve(matrix, right),
    spread: (x) => solve(matrix, [...x]).reduce((sum, value, i) => sum + value * (x[i] ?? 0), 0),
  };
}

const close = (a: ArrayLike<number>, b: ArrayLike<number>, within = 1e-9): void => {
  for (let i = 0; i < b.length; i++) expect(Math.abs((a[i] ?? NaN) - (b[i] ?? NaN))).toBeLessThan(within);
};

describe('a linear belief', () => {
  test('is the ridge solution, one observation after another or at once', () => {
    const random = seededRandom('exact');
    const belief = new LinearBelief({ precision, discount: 1, window: 0 });
    const facts = Array.from({ length: 40 }, () => ({ x: vector(random), y: random.normal(), w: 0.2 + random.next() }));
    for (const { x, y, w } of facts) belief.update(x, y, w, y, 10);
    const { theta, spread } = direct(facts);
    close(belief.coefficients, theta);
    const query = vector(random);
    expect(belief.spread(query)).toBeCloseTo(spread(query), 10);
    // Penalised residual: sum w (y - x'theta)^2 + theta' D theta.
    const misses = facts.reduce(
      (sum, { x, y, w }) => sum + w * (y - x.reduce((dot, value, i) => dot + value * (theta[i] ?? 0), 0)) ** 2,
      0,
    );
    const penalty = theta.reduce((sum, value) => sum + 2 * value * value, 0);
    expect(belief.residual).toBeCloseTo(misses + penalty, 9);
  });

  test('with a discount forgets geometrically and keeps the prior', () => {
    const random = seededRandom('forget');
    const discount = 0.9;
    const belief = new LinearBelief({ precision, discount, window: 0 });
    const long = 3000;
    const facts = Array.from({ length: long }, () => ({ x: vector(random), y: random.normal() }));
    facts.forEach(({ x, y }) => belief.update(x, y, 1, y, 10));
    const decayed = facts.map(({ x, y }, i) => ({ x, y, w: discount ** (long - 1 - i) }));
    // The prior comes back in turns, so it is only about 2 in each direction: between two bounds.
    const query = vector(random);
    const weak = direct(decayed, 2 * n * (1 - discount) * discount ** n);
    const strong = direct(decayed, (2 * n * (1 - discount)) / (1 - discount ** n));
    expect(belief.spread(query)).toBeLessThan(weak.spread(query));
    expect(belief.spread(query)).toBeGreaterThan(strong.spread(query));
    expect(belief.moments[0]).toBeCloseTo(1 / (1 - discount), 6);
  });

  test('a direction that nobody asks about is never forgotten into nothing', () => {
    const belief = new LinearBelief({ precision, discount: 0.95, window: 0 });
    const x = new Float64Array(n);
    x[0] = 1;
    for (let i = 0; i < 20_000; i++) belief.update(x, 0.5, 1, 0.5, 1);
    const other = new Float64Array(n);
    other[5] = 1;
    // The prior alone says 1 / 2; it may waver by what one turn through the coordinates forgets.
    expect(belief.spread(other)).toBeGreaterThan(0.5 * 0.95 ** n);
    expect(belief.spread(other)).toBeLessThan(0.5 / 0.95 ** (2 * n));
  });

  test('with a window knows the last observations only', () => {
    const random = seededRandom('window');
    const window = 40;
    const belief = new LinearBelief({ precision, discount: 1, window });
    const facts = Array.from({ length: 200 }, () => ({ x: vector(random), y: random.normal(), w: 1 }));
    facts.forEach(({ x, y }, i) => {
      belief.update(x, y, 1, y, 10);
      const parts = Math.floor((i + 1) / (window / windowParts));
      const from = Math.max(0, (parts - windowParts + 1) * (window / windowParts));
      if (i % 7 === 0) close(belief.coefficients, direct(facts.slice(from, i + 1)).theta, 1e-8);
      expect(belief.moments[0]).toBeCloseTo(i + 1 - from, 9);
    });
  });

  test('loads nothing that is not a positive definite posterior', () => {
    const belief = new LinearBelief({ precision, discount: 1, window: 0 });
    const saved = new Float64Array(belief.size);
    belief.save(saved, 0);
    const other = new LinearBelief({ precision, discount: 1, window: 0 });
    expect(other.load(saved, 0)).toBe(true);
    for (const bad of [0, -1, NaN, Infinity]) {
      const spoilt = saved.slice();
      spoilt[0] = bad;
      expect(other.load(spoilt, 0)).toBe(false);
    }
    expect(other.load(saved, 1)).toBe(false);
  });

  test.each([
    ['without forgetting', { discount: 1, window: 0 }],
    ['with forgetting', { discount: 0.97, window: 0 }],
    ['with a window', { discount: 1, window: 100 }],
  ])('stays finite and positive definite over a million random updates, %s', (_, settings) => {
    const size = 5;
    const random = seededRandom('million');
    const belief = new LinearBelief({ precision: new Float64Array(size).fill(0.01), ...settings });
    const saved = new Float64Array(belief.size);
    const x = new Float64Array(size);
    // Stretches of wild, tiny, equal and one-directional inputs with weights over twelve orders of magnitude.
    for (let i = 0; i < 1_000_000; i++) {
      const kind = Math.floor(i / 1000) % 5;
      for (let d = 0; d < size; d++) {
        x[d] =
          kind === 4 ? 1 : kind === 3 && d > 0 ? 0 : (random.next() - 0.5) * (kind === 1 ? 1e-8 : kind === 2 ? 1e4 : 1);
      }
      belief.update(x, random.next() - 0.5, 10 ** (12 * random.next() - 6), 0.5, 100);
      if (i % 997 === 0) {
        expect(belief.spread(x) >= 0 && belief.spread(x) < Infinity).toBe(true);
        belief.save(saved, 0);
        expect(new LinearBelief({ precision: new Float64Array(size).fill(0.01), ...settings }).load(saved, 0)).toBe(
          true,
        );
      }
    }
    expect(belief.residual).toBeGreaterThanOrEqual(0);
  });
});

describe('a factor', () => {
  test('of a matrix and of its rank-one sums are the same', () => {
    const random = seededRandom('factor');
    const one = new Float64Array(factorSize(n));
    setDiagonal(one, precision);
    const packed = new Float64Array(factorSize(n));
    for (let k = 0, at = 0; k < n; at += n - k, k++) packed[at] = 2;
    for (let fact = 0; fact < 20; fact++) {
      const x = vector(random);
      for (let k = 0, at = 0; k < n; at += n - k, k++) {
        for (let i = k; i < n; i++) packed[at + i - k] = (packed[at + i - k] ?? 0) + (x[k] ?? 0) * (x[i] ?? 0);
      }
      addToFactor(one, x);
    }
    factorise(packed, n, 2);
    close(one, packed);
    const query = vector(random);
    expect(solveLower(one, query)).toBeGreaterThan(0);
  });
});

describe('a projection', () => {
  test('onto principal directions finds the plane that the rows lie in', () => {
    const random = seededRandom('plane');
    const dimensions = 20;
    const axes = [0, 1].map(() => Float64Array.from({ length: dimensions }, () => random.normal()));
    const count = 60;
    const embeddings = new Float32Array(count * dimensions);
    for (let row = 0; row < count; row++) {
      const [a, b] = [random.normal(), random.normal()];
      for (let d = 0; d < dimensions; d++)
        embeddings[row * dimensions + d] = a * (axes[0]?.[d] ?? 0) + b * (axes[1]?.[d] ?? 0);
    }
    const rows = {
      models: [],
      dimensions,
      embeddings,
      promptTokens: new Float64Array(count),
      values: new Float64Array(0),
    };
    const reduce = reduceBy(principalProjection(rows, 3), 3);
    const out = new Float64Array(3);
    for (let row = 0; row < count; row++) {
      const embedding = embeddings.subarray(row * dimensions, (row + 1) * dimensions);
      reduce(embedding, out);
      const length = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));
      expect(length(out)).toBeCloseTo(length(embedding), 3);
    }
  });

  test('sums every dimension for each component, and the random one keeps lengths roughly', () => {
    const random = seededRandom('sparse');
    const [dimensions, width] = [101, 64];
    const projection = randomProjection(dimensions, width);
    expect(randomProjection(dimensions, width)).toEqual(projection);
    const reduce = reduceBy(projection, width);
    const out = new Float64Array(width);
    for (let trial = 0; trial < 50; trial++) {
      const embedding = Float32Array.from({ length: dimensions }, () => (random.next() < 0.6 ? 0 : random.normal()));
      reduce(embedding, out);
      for (let k = 0; k < width; k++) {
        const expected = embedding.reduce((sum, value, d) => sum + value * (projection[d * width + k] ?? 0), 0);
        expect(out[k]).toBeCloseTo(expected, 9);
      }
      const ratio = Math.hypot(...out) / Math.hypot(...embedding);
      expect(ratio > 0.6 && ratio < 1.4).toBe(true);
    }
    const same = Float64Array.of(0, 0, 0, 7);
    reduceBy(identityProjection(3), 3)(Float32Array.of(1, 0, 3), same);
    expect([...same]).toEqual([1, 0, 3, 7]);
  });
});
