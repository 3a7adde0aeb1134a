import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { invertPacked } from '../../src/math/cholesky.ts';
import { PackedInverses } from '../../src/math/packed-inverses.ts';
import { dot, power } from '../../src/math/vectors.ts';

describe('invertPacked', () => {
  it('inverts a matrix worked out by hand', () => {
    // [[4, 2], [2, 3]] has determinant 8 and inverse [[3, -2], [-2, 4]] / 8.
    const packed = Float64Array.of(4, 2, 3);
    expect(invertPacked(packed, 2)).toBe(true);
    [0.375, -0.25, 0.5].forEach((value, i) => expect(packed[i]).toBeCloseTo(value, 15));
  });

  it('refuses what is not positive definite', () => {
    expect(invertPacked(Float64Array.of(1, 2, 1), 2)).toBe(false);
    expect(invertPacked(Float64Array.of(1, 0, 0), 2)).toBe(false);
    expect(invertPacked(Float64Array.of(NaN), 1)).toBe(false);
  });

  it('multiplies back to the identity', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 24 }), fc.integer(), (n, seed) => {
        const random = seededRandom(seed);
        const inverses = new PackedInverses(n);
        const place = inverses.addDiagonal(new Float64Array(n).fill(1));
        for (let row = 0; row < n; row++) {
          for (let i = 0; i < n; i++) inverses.input[i] = random.normal();
          inverses.addOuter(place, 1);
        }
        const copy = inverses.addCopy(place);
        expect(inverses.invert(copy)).toBe(true);
        for (let column = 0; column < n; column++) {
          inverses.input.fill(0);
          inverses.input[column] = 1;
          inverses.input.set(inverses.apply(copy).slice());
          inverses.apply(place).forEach((value, i) => expect(value).toBeCloseTo(i === column ? 1 : 0, 8));
        }
      }),
      { numRuns: 30 },
    );
  });
});

it('learning rows one by one gives the inverse of them all', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 60 }), fc.integer(), (n, rows, seed) => {
      const random = seededRandom(seed);
      const inverses = new PackedInverses(n);
      const batch = inverses.addDiagonal(new Float64Array(n).fill(0.5));
      const folded = inverses.addDiagonal(new Float64Array(n).fill(2));
      for (let row = 0; row < rows; row++) {
        const weight = 0.1 + random.next();
        for (let i = 0; i < n; i++) inverses.input[i] = random.normal();
        inverses.addOuter(batch, weight);
        const gains = inverses.apply(folded);
        inverses.learn(folded, weight, dot(inverses.input, gains, 0, n));
      }
      expect(inverses.invert(batch)).toBe(true);
      const expected = inverses.view(batch).slice();
      inverses.view(folded).forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, 8));
    }),
    { numRuns: 40 },
  );
});

it('power multiplies, also by nothing', () => {
  expect(power(0.5, 8)).toBe(2 ** -8);
  expect(power(3, 5)).toBe(243);
  expect(power(0, 0)).toBe(1);
});

it('dot reads from an offset, past whole blocks of four', () => {
  expect(dot(Float64Array.of(1, 2, 3, 4, 5), Float64Array.of(9, 9, 1, 10, 100, 1000, 10_000), 2, 5)).toBe(54_321);
});
