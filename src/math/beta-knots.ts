import { knotCount } from './best-of.ts';

/** The two counts of a Beta distribution are kept above this: below it the density piles up at 0 and 1. */
const leastCount = 0.05;

/**
 * Writes the Beta distribution with this mean and deviation, over [0, 1], into row `row`: knots around the mean, and the
 * distribution function there by the midpoint rule on the density. A deviation too wide for the mean is held to what a
 * Beta distribution can have; one of 0 is a point.
 */
export function placeBeta(
  knots: Float64Array,
  heights: Float64Array,
  row: number,
  mean: number,
  deviation: number,
): void {
  const at = row * knotCount;
  const centre = Math.min(1, Math.max(0, mean));
  const from = Math.max(0, centre - 5 * deviation);
  const width = (Math.min(1, centre + 5 * deviation) - from) / (knotCount - 1);
  const total = (centre * (1 - centre)) / (deviation * deviation) - 1;
  const good = Math.max(leastCount, total * centre) - 1;
  const bad = Math.max(leastCount, total * (1 - centre)) - 1;
  // Relative to the density at the mean, so that large counts do not underflow.
  const peak = logDensity(good, bad, Math.min(1 - 1e-9, Math.max(1e-9, centre)));
  heights[at] = 0;
  knots[at] = from;
  for (let k = 1; k < knotCount; k++) {
    knots[at + k] = from + k * width;
    const height = Math.exp(Math.min(600, logDensity(good, bad, from + (k - 0.5) * width) - peak));
    heights[at + k] = (heights[at + k - 1] ?? 0) + height;
  }
  const sum = heights[at + knotCount - 1] ?? 0;
  if (sum > 0 && Number.isFinite(sum) && deviation > 0) {
    for (let k = 1; k < knotCount; k++) heights[at + k] = (heights[at + k] ?? 0) / sum;
  } else {
    for (let k = 0; k < knotCount; k++) {
      knots[at + k] = centre;
      heights[at + k] = k / (knotCount - 1);
    }
  }
}

const logDensity = (good: number, bad: number, x: number): number => good * Math.log(x) + bad * Math.log(1 - x);
