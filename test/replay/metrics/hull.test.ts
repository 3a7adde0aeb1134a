import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hullCost, hullQuality, integrateHull, upperHull } from '../../../src/replay/metrics/hull.ts';

const grid = fc.integer({ min: 0, max: 40 });
const points = fc.array(fc.record({ costUsd: grid, quality: grid.map((value) => value / 40) }), {
  minLength: 1,
  maxLength: 25,
});

describe('upperHull', () => {
  it('drops what is dominated, below a segment, or on one', () => {
    const hull = upperHull([
      { costUsd: 4, quality: 0.75 },
      { costUsd: 1, quality: 0.25 },
      { costUsd: 2, quality: 0.3 },
      { costUsd: 2, quality: 0.5 },
      { costUsd: 3, quality: 0.625 },
      { costUsd: 5, quality: 0.7 },
    ]);
    expect(hull).toEqual([
      { costUsd: 1, quality: 0.25 },
      { costUsd: 2, quality: 0.5 },
      { costUsd: 4, quality: 0.75 },
    ]);
  });

  it('rises and bends down, lies above every point, and is made of given points', () => {
    fc.assert(
      fc.property(points, (given) => {
        const hull = upperHull(given);
        for (let i = 1; i < hull.length; i++) {
          const [a, b, c] = [hull[i - 1], hull[i], hull[i + 1]];
          if (a === undefined || b === undefined) throw new Error('hull has holes');
          expect(b.costUsd).toBeGreaterThan(a.costUsd);
          expect(b.quality).toBeGreaterThan(a.quality);
          if (c === undefined) continue;
          const [slope, next] = [b, c].map((point, k) => {
            const from = k === 0 ? a : b;
            return (point.quality - from.quality) / (point.costUsd - from.costUsd);
          });
          expect(next).toBeLessThan(slope ?? 0);
        }
        for (const point of given)
          expect(hullQuality(hull, point.costUsd)).toBeGreaterThanOrEqual(point.quality - 1e-12);
        for (const point of hull) expect(given).toContain(point);
      }),
    );
  });

  it('does not depend on the order of the points and is its own hull', () => {
    fc.assert(
      fc.property(points, (given) => {
        const hull = upperHull(given);
        expect(upperHull([...given].reverse())).toEqual(hull);
        expect(upperHull(hull)).toEqual(hull);
      }),
    );
  });
});

describe('reading a hull', () => {
  it('finds the least cost of a quality, the inverse of quality at a cost', () => {
    fc.assert(
      fc.property(points, fc.double({ min: 0, max: 1, noNaN: true }), (given, share) => {
        const hull = upperHull(given);
        const [first, last] = [hull[0], hull.at(-1)];
        if (first === undefined || last === undefined) throw new Error('hull is empty');
        const quality = first.quality + share * (last.quality - first.quality);
        const cost = hullCost(hull, quality);
        expect(cost).not.toBeNull();
        expect(hullQuality(hull, cost ?? 0)).toBeCloseTo(quality, 9);
        expect(hullCost(hull, last.quality + 0.001)).toBeNull();
        expect(hullQuality(hull, first.costUsd - 1)).toBeNull();
        expect(hullQuality(hull, last.costUsd + 1)).toBe(last.quality);
      }),
    );
  });

  it('integrates as a fine midpoint sum does', () => {
    fc.assert(
      fc.property(points, grid, grid, fc.double({ min: 0, max: 1, noNaN: true }), (given, a, b, floor) => {
        const hull = upperHull(given);
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        // Corners of the hull stand on whole costs, so a midpoint sum with 8 steps a unit is exact on every step.
        let sum = 0;
        for (let step = 0; step < (to - from) * 8; step++) {
          sum += (hullQuality(hull, from + (step + 0.5) / 8) ?? floor) / 8;
        }
        expect(integrateHull(hull, from, to, floor)).toBeCloseTo(sum, 9);
      }),
    );
  });
});
