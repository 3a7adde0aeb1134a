import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { bestOf, knotCount, normalHeights, placeNormal } from '../../src/math/best-of.ts';
import { placeBeta } from '../../src/math/beta-knots.ts';

type Normal = readonly [mean: number, deviation: number];

function normals(...pairs: readonly Normal[]): Float64Array {
  const knots = new Float64Array(pairs.length * knotCount);
  pairs.forEach(([mean, deviation], i) => placeNormal(knots, i, mean, deviation));
  return bestOf(knots, normalHeights, pairs.length);
}

/** Shares of 200,000 draws in which each was the largest. */
function drawn(...pairs: readonly Normal[]): number[] {
  const random = seededRandom('draws');
  const wins = pairs.map(() => 0);
  for (let draw = 0; draw < 200_000; draw++) {
    let best = 0;
    let largest = -Infinity;
    pairs.forEach(([mean, deviation], i) => {
      const value = mean + deviation * random.normal();
      if (value > largest) [best, largest] = [i, value];
    });
    wins[best] = (wins[best] ?? 0) + 1;
  }
  return wins.map((count) => count / 200_000);
}

describe('the chance of being the largest', () => {
  // Phi(d / sqrt(s1^2 + s2^2)), from a table of the normal distribution.
  test.each([
    [[0, 1], [0, 1], 0.5],
    [[1, 1], [0, 1], 0.7602],
    [[0.3, 0.1], [0.2, 0.2], 0.6726],
    [[0.5, 0], [0.4, 0.1], 0.8413],
    [[0.5, 1e-9], [0.4, 0.1], 0.8413],
    [[0.9, 0.01], [0.1, 0.01], 1],
  ] as const)('of two normals %j and %j is %f', (a, b, expected) => {
    const [first = NaN] = normals(a, b);
    expect(Math.abs(first - expected)).toBeLessThan(0.003);
    expect(Math.abs((normals(b, a)[1] ?? NaN) - first)).toBeLessThan(1e-12);
  });

  test.each([
    [
      [
        [0.5, 0.1],
        [0.55, 0.05],
        [0.3, 0.3],
        [0.52, 0.01],
      ],
    ],
    [
      [
        [0.8, 0.001],
        [0.803, 0.001],
        [0.7, 0.2],
      ],
    ],
    [Array.from({ length: 11 }, (_, i): Normal => [i / 100, 0.05 + i / 200])],
  ] as const)('agrees with 200,000 draws: %j', (pairs) => {
    const chances = normals(...pairs);
    drawn(...pairs).forEach((share, i) => expect(Math.abs(share - (chances[i] ?? NaN))).toBeLessThan(0.008));
  });

  test('is a distribution, grows with the mean, and ties where distributions are the same', () => {
    const pair = fc.tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1, maxLength: 12 }), (pairs) => {
        const chances = normals(...pairs);
        expect(Math.abs(chances.reduce((sum, each) => sum + each, 0) - 1)).toBeLessThan(1e-9);
        chances.forEach((chance) => expect(chance >= 0 && chance <= 1).toBe(true));
        const [[mean, deviation] = [0, 0], ...others] = pairs;
        const raised = normals([mean + 0.1, deviation], ...others);
        expect(raised[0]).toBeGreaterThanOrEqual((chances[0] ?? 0) - 0.01);
        const twins = normals([mean, deviation], [mean, deviation], ...others);
        expect(Math.abs((twins[0] ?? 0) - (twins[1] ?? 0))).toBeLessThan(1e-12);
      }),
    );
  });

  test('point masses: the highest wins, equal ones share', () => {
    expect([...normals([0.5, 0], [0.7, 0], [0.7, 0], [0.1, 0])]).toEqual([0, 0.5, 0.5, 0]);
  });
});

describe('Beta knots', () => {
  const betas = (...pairs: readonly (readonly [good: number, bad: number])[]): Float64Array => {
    const knots = new Float64Array(pairs.length * knotCount);
    const heights = new Float64Array(pairs.length * knotCount);
    pairs.forEach(([good, bad], i) => {
      const total = good + bad;
      placeBeta(knots, heights, i, good / total, Math.sqrt((good * bad) / (total * total * (total + 1))));
    });
    return bestOf(knots, heights, pairs.length);
  };

  // P(X > Y) for Beta(a, b), Beta(c, d) with whole counts, summed exactly from E. Miller's closed form.
  test.each([
    [[1, 1], [1, 1], 0.5],
    [[2, 1], [1, 1], 2 / 3],
    [[2, 1], [1, 2], 5 / 6],
    [[1, 3], [3, 1], 0.05],
    [[80, 20], [70, 30], 0.948],
  ] as const)('P(Beta%j > Beta%j) is %f', (a, b, expected) => {
    expect(Math.abs((betas(a, b)[0] ?? NaN) - expected)).toBeLessThan(0.012);
  });

  test('any mean and deviation give a distribution function', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(share, fc.oneof(share, fc.constantFrom(0, 1e-12, 1e-6)), (mean, deviation) => {
        const knots = new Float64Array(knotCount);
        const heights = new Float64Array(knotCount);
        placeBeta(knots, heights, 0, mean, deviation);
        expect(heights[0]).toBe(0);
        expect(heights[knotCount - 1]).toBeCloseTo(1, 9);
        for (let k = 1; k < knotCount; k++) {
          expect(heights[k]).toBeGreaterThanOrEqual(heights[k - 1] ?? NaN);
          expect(knots[k]).toBeGreaterThanOrEqual(knots[k - 1] ?? NaN);
        }
      }),
    );
  });
});
