/**
 * The chance of being the largest of several independent quantities: what Thompson sampling chooses each with. Each
 * quantity is given as a distribution function that is linear between knots.
 */

/** Knots of one distribution. */
export const knotCount = 33;

/** Standard normal: knots from -4 to 4 standard deviations, and the distribution function there, from 0 to exactly 1. */
const normalKnots = Float64Array.from({ length: knotCount }, (_, k) => -4 + k / 4);
export const normalHeights = normalHeightsAt(normalKnots);

/** Writes the knots of a normal distribution into row `row` of `knots`; its heights are `normalHeights`. */
export function placeNormal(knots: Float64Array, row: number, mean: number, deviation: number): void {
  for (let k = 0; k < knotCount; k++) knots[row * knotCount + k] = mean + deviation * (normalKnots[k] ?? 0);
}

/**
 * P(i is the largest) for each of `count` quantities: the sum over all intervals between knots of the probability mass
 * of i there, times the others' distribution functions averaged over the interval. Exact for two; for more, the rest of
 * the order in the interval's width is spread in proportion, so that the result sums to 1. Quantities that tie in
 * distribution tie here.
 *
 * @param knots [count x knotCount], each row not decreasing.
 * @param heights [count x knotCount] from 0 to 1, or one row [knotCount] that all share.
 */
export function bestOf(knots: Float64Array, heights: Float64Array, count: number): Float64Array {
  const chances = new Float64Array(count);
  if (count === 1) return chances.fill(1);
  const shared = heights.length === knotCount;
  // Whoever lies wholly below another's first knot can never be the largest, and nothing below that knot matters.
  let least = -Infinity;
  for (let i = 0; i < count; i++) least = Math.max(least, knots[i * knotCount] ?? 0);
  const alive: number[] = [];
  for (let i = 0; i < count; i++) if ((knots[(i + 1) * knotCount - 1] ?? 0) >= least) alive.push(i);
  const marks = marksAbove(knots, alive, least);
  const n = alive.length;
  const place = new Int32Array(n);
  const low = new Float64Array(n);
  const high = new Float64Array(n);
  const middle = new Float64Array(n);
  const above = new Float64Array(n + 1);
  const heightAt = (a: number, mark: number): number => {
    const row = (alive[a] ?? 0) * knotCount;
    const from = shared ? 0 : row;
    let k = place[a] ?? 0;
    // A point mass has all its knots at one mark: right of it the distribution function is 1.
    while (k < knotCount - 1 && (knots[row + k + 1] ?? 0) <= mark) k++;
    place[a] = k;
    const start = knots[row + k] ?? 0;
    if (mark < start) return 0;
    if (k === knotCount - 1) return 1;
    const share = (mark - start) / ((knots[row + k + 1] ?? 0) - start);
    const bottom = heights[from + k] ?? 0;
    return bottom + share * ((heights[from + k + 1] ?? 0) - bottom);
  };
  // The interval before the first mark: point masses at the mark itself jump there from 0.
  for (let m = 0; m < marks.length; m++) {
    for (let a = 0; a < n; a++) {
      low[a] = high[a] ?? 0;
      high[a] = heightAt(a, marks[m] ?? 0);
      middle[a] = ((low[a] ?? 0) + (high[a] ?? 0)) / 2;
    }
    above[n] = 1;
    for (let a = n - 1; a >= 0; a--) above[a] = (above[a + 1] ?? 1) * (middle[a] ?? 0);
    let below = 1;
    for (let a = 0; a < n && below > 0; a++) {
      const i = alive[a] ?? 0;
      chances[i] = (chances[i] ?? 0) + ((high[a] ?? 0) - (low[a] ?? 0)) * below * (above[a + 1] ?? 1);
      below *= middle[a] ?? 0;
    }
  }
  return normalise(chances);
}

/** All knots from `least` up, in order, each once. */
function marksAbove(knots: Float64Array, alive: readonly number[], least: number): Float64Array {
  const marks = new Float64Array(alive.length * (knotCount + 1));
  let count = 0;
  for (const i of alive) {
    const first = knots[i * knotCount] ?? 0;
    // A point mass: a mark right before it, so that it is compared with what the others have below it.
    if (first === knots[(i + 1) * knotCount - 1]) marks[count++] = first - Math.max(Math.abs(first) * 4e-16, 1e-300);
    for (let k = 0; k < knotCount; k++) {
      const knot = knots[i * knotCount + k] ?? 0;
      if (knot >= least) marks[count++] = knot;
    }
  }
  const sorted = marks.subarray(0, count).sort();
  let distinct = 0;
  for (let m = 0; m < count; m++) {
    if (m === 0 || sorted[m] !== sorted[m - 1]) sorted[distinct++] = sorted[m] ?? 0;
  }
  return sorted.subarray(0, distinct);
}

function normalise(chances: Float64Array): Float64Array {
  let sum = 0;
  for (let i = 0; i < chances.length; i++) sum += chances[i] ?? 0;
  for (let i = 0; i < chances.length; i++) chances[i] = (chances[i] ?? 0) / sum;
  return chances;
}

/** The integral of the normal density by Simpson's rule, stretched to reach from 0 to 1 over the knots. */
function normalHeightsAt(knots: Float64Array): Float64Array {
  const density = (z: number): number => Math.exp((-z * z) / 2);
  const steps = 32;
  const heights = new Float64Array(knots.length);
  for (let k = 1; k < knots.length; k++) {
    const [from, to] = [knots[k - 1] ?? 0, knots[k] ?? 0];
    const width = (to - from) / steps;
    let sum = density(from) + density(to);
    for (let s = 1; s < steps; s++) sum += (s % 2 === 1 ? 4 : 2) * density(from + s * width);
    heights[k] = (heights[k - 1] ?? 0) + (sum * width) / 3;
  }
  const total = heights[knots.length - 1] ?? 1;
  return heights.map((height) => height / total);
}
