import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { largestWindow, largestWindowOfAll, type LargestWindow } from '../../../src/replay/metrics/windows.ts';

/** Every window there is, summed anew; of equal sums the earliest end, as both scans keep it. */
function bruteForce(values: Float64Array, fits: (length: number) => boolean): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let from = 0; from < values.length; from++) {
    for (let to = from; to < values.length; to++) {
      if (!fits(to - from + 1)) continue;
      largest = Math.max(
        largest,
        values.subarray(from, to + 1).reduce((sum, value) => sum + value, 0),
      );
    }
  }
  return largest;
}

// Eighths add up exactly; -Infinity is a step at which an arm was not to be had.
const eighth = fc.integer({ min: -16, max: 16 }).map((value) => value / 8);
const values = fc
  .array(fc.oneof({ weight: 5, arbitrary: eighth }, fc.constant(Number.NEGATIVE_INFINITY)), {
    minLength: 1,
    maxLength: 14,
  })
  .map((drawn) => Float64Array.from(drawn));
const sumOf = (drawn: Float64Array, { from, to }: LargestWindow): number =>
  drawn.subarray(from, to + 1).reduce((sum, value) => sum + value, 0);

describe('the largest window', () => {
  it('of any length is what trying all of them finds', () => {
    fc.assert(
      fc.property(values, (drawn) => {
        const found = largestWindowOfAll(drawn);
        expect(found.sum).toBe(bruteForce(drawn, () => true));
        expect(sumOf(drawn, found)).toBe(found.sum);
      }),
    );
  });

  it('of one length is what trying all of them finds, also around steps that are in none', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 16 }), (drawn, length) => {
        const found = largestWindow(drawn, length);
        const size = Math.min(length, drawn.length);
        expect(found.sum).toBe(bruteForce(drawn, (each) => each === size));
        if (found.sum > Number.NEGATIVE_INFINITY) expect(sumOf(drawn, found)).toBe(found.sum);
      }),
    );
  });
});
