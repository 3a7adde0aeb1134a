import type { Random } from '../core/random.ts';
import { QuantisedRows } from './quantised-rows.ts';

const rounds = 25;
/** Centres are looked for among so many rows at most; every row is then given to its nearest centre. */
const mostRows = 10_000;

/**
 * k-means of directions by cosine (spherical k-means, Dhillon and Modha 2001): centres start by k-means++ and are the
 * normalised sums of their rows. Gives at most `count` centres, fewer where there are not so many different directions.
 * @param inputs [rows x width]; the first `dimensions` of each row are clustered.
 */
export function kMeans(
  inputs: Float32Array,
  width: number,
  dimensions: number,
  count: number,
  random: Random,
): Float32Array[] {
  const rows: Float32Array[] = [];
  const total = Math.min(mostRows, inputs.length / width);
  for (let row = 0; row < total; row++) {
    const vector = inputs.subarray(row * width, row * width + dimensions);
    if (vector.some((value) => value !== 0)) rows.push(vector);
  }
  let centres = firstCentres(rows, count, random);
  const assigned = new Int32Array(rows.length).fill(-1);
  for (let round = 0; round < rounds; round++) {
    const index = centreIndex(centres, dimensions);
    let moved = 0;
    rows.forEach((row, i) => {
      const nearest = nearestOf(index.scores(row));
      if (assigned[i] !== nearest) moved++;
      assigned[i] = nearest;
    });
    if (moved === 0) break;
    const sums = centres.map(() => new Float64Array(dimensions));
    rows.forEach((row, i) => {
      const sum = sums[assigned[i] ?? 0];
      if (sum !== undefined) for (let d = 0; d < dimensions; d++) sum[d] = (sum[d] ?? 0) + (row[d] ?? 0);
    });
    // A centre that lost all its rows stays where it was.
    centres = sums.map((sum, c) => unit(sum) ?? centres[c] ?? new Float32Array(dimensions));
  }
  return centres;
}

/** For `scores`: cosines of a vector with each centre. */
export function centreIndex(centres: readonly Float32Array[], dimensions: number): QuantisedRows {
  const index = new QuantisedRows(dimensions);
  centres.forEach((centre, c) => index.set(c, centre));
  return index;
}

/** The highest score; the first where there are none. */
export function nearestOf(scores: Int32Array | null): number {
  let nearest = 0;
  if (scores !== null) {
    for (let c = 1; c < scores.length; c++) if ((scores[c] ?? 0) > (scores[nearest] ?? 0)) nearest = c;
  }
  return nearest;
}

/** [rows] which of at most `count` clusters each row belongs to; rows without a direction to the first. */
export function clusterRows(
  inputs: Float32Array,
  width: number,
  dimensions: number,
  count: number,
  random: Random,
): Int32Array {
  const index = centreIndex(kMeans(inputs, width, dimensions, count, random), dimensions);
  return Int32Array.from({ length: inputs.length / width }, (_, row) =>
    nearestOf(index.scores(inputs.subarray(row * width, row * width + dimensions))),
  );
}

/** k-means++: each next centre is drawn with probability in proportion to its distance from the nearest so far. */
function firstCentres(rows: readonly Float32Array[], count: number, random: Random): Float32Array[] {
  const first = rows[random.integer(Math.max(1, rows.length))];
  if (first === undefined) return [];
  const centres = [first.slice()];
  const distances = new Float64Array(rows.length).fill(2);
  while (centres.length < count) {
    const latest = centres.at(-1) ?? first;
    let total = 0;
    rows.forEach((row, i) => {
      let cosine = 0;
      for (let d = 0; d < row.length; d++) cosine += (row[d] ?? 0) * (latest[d] ?? 0);
      distances[i] = Math.min(distances[i] ?? 0, Math.max(0, 1 - cosine));
      total += distances[i] ?? 0;
    });
    if (!(total > 1e-6 * rows.length)) break;
    let mark = random.next() * total;
    let chosen = rows.length - 1;
    for (let i = 0; i < rows.length; i++) {
      mark -= distances[i] ?? 0;
      if (mark < 0) {
        chosen = i;
        break;
      }
    }
    centres.push((rows[chosen] ?? first).slice());
  }
  return centres;
}

function unit(vector: Float64Array): Float32Array | null {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return length > 0 ? Float32Array.from(vector, (value) => value / length) : null;
}
