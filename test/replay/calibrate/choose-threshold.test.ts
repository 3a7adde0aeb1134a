import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseThreshold, outcomeAt, type PairRows } from '../../../src/replay/calibrate/choose-threshold.ts';

const rowsOf = (rows: readonly (readonly [score: number, strong: number, weak: number])[]): PairRows => ({
  scores: Float64Array.from(rows, ([score]) => score),
  quality: {
    strong: Float64Array.from(rows, ([, strong]) => strong),
    weak: Float64Array.from(rows, ([, , weak]) => weak),
  },
  costUsd: { strong: new Float64Array(rows.length).fill(0.01), weak: new Float64Array(rows.length).fill(0.001) },
});
const range = { low: 0, high: 1 };
const placesOf = (rows: PairRows): number[] => [...rows.scores.keys()];

describe('a threshold', () => {
  const rows = rowsOf([
    [0.61, 1, 0],
    [0.7, 1, 1],
    [0.2, 0, 1],
    [0.55, 1, 0],
    [0.55, 1, 1],
  ]);
  const choose = (goal: Parameters<typeof chooseThreshold>[2]): number =>
    chooseThreshold(rows, placesOf(rows), goal, range);

  test('for a share stands between the scores that it parts, as short as can be', () => {
    // 0.7 | 0.61 | 0.55 0.55 | 0.2
    expect(choose({ type: 'share', share: 0.2 })).toBe(0.7);
    expect(choose({ type: 'share', share: 0.4 })).toBe(0.6);
    // 0.6 cannot be had: two queries have one score. 0.4 and 0.8 are as near; fewer strong calls win.
    expect(choose({ type: 'share', share: 0.6 })).toBe(0.6);
    expect(choose({ type: 'share', share: 0.61 })).toBe(0.4);
    expect(choose({ type: 'share', share: 0 })).toBe(1);
    expect(choose({ type: 'share', share: 1 })).toBe(0);
  });

  test('for a quality is the highest that keeps it', () => {
    // Weak alone 0.6; with the two highest strong 0.8; with four 1; strong alone 0.8.
    expect(choose({ type: 'quality', ratio: 0.75 })).toBe(1);
    expect(choose({ type: 'quality', ratio: 0.76 })).toBe(0.6);
    expect(choose({ type: 'quality', ratio: 1 })).toBe(0.6);
    expect(outcomeAt(rows, placesOf(rows), 0.6)).toEqual({
      share: 0.4,
      quality: expect.closeTo(0.8, 12),
      costUsd: expect.closeTo((2 * 0.01 + 3 * 0.001) / 5, 12),
    });
  });

  test('no other threshold comes nearer to the share, and none that is higher keeps the quality', () => {
    const coarse = fc.integer({ min: 0, max: 12 }).map((value) => value / 12);
    const row = fc.tuple(coarse, fc.constantFrom(0, 0.5, 1), fc.constantFrom(0, 0.5, 1));
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 25 }), coarse, (written, target) => {
        const rows = rowsOf(written);
        const places = placesOf(rows);
        const others = Array.from({ length: 101 }, (_, i) => i / 100);
        const at = (threshold: number) => outcomeAt(rows, places, threshold);
        const forShare = at(chooseThreshold(rows, places, { type: 'share', share: target }, range)).share;
        for (const other of others) {
          // At the top of the range a score of 1 is still strong, so a share of 0 may not be had.
          expect(Math.abs(forShare - target)).toBeLessThanOrEqual(
            Math.abs(at(other).share - target) + 1 / rows.scores.length,
          );
        }
        const wanted = target * at(0).share * (at(0).quality ?? 0);
        const chosen = chooseThreshold(rows, places, { type: 'quality', ratio: target }, range);
        const hasOne = rows.scores.includes(1);
        if (!hasOne) {
          expect(at(chosen).quality).toBeGreaterThanOrEqual(wanted - 1e-9);
          for (const other of others) {
            if ((at(other).quality ?? 0) < wanted) continue;
            expect(at(chosen).share).toBeLessThanOrEqual(at(other).share);
          }
        }
      }),
    );
  });
});
