import { createKernels } from './kernels.ts';
import type { Kernels } from './kernel-loops.ts';

/** Scores of `QuantisedRows` are told apart down to 2^18 / 32767^2, a cosine of 0.00024. */
const shift = 18;
const half = 1 << 12;
const buckets = 2 * half;

/** The bucket of a score, higher for nearer rows. */
export const bucketOf = (score: number): number => Math.min(buckets - 1, (score >> shift) + half);

/** The lowest score in a bucket; of a bucket above the last one, higher than any score. */
export const lowestIn = (bucket: number): number => (bucket < buckets ? (bucket - half) * 2 ** shift : Infinity);

export interface Neighbourhood {
  /** Rows in a higher bucket belong to it whole; rows in a lower one do not. */
  edge: number;
  /** How much of each row in the edge bucket belongs to it, in (0, 1]. */
  edgeShare: number;
  /** The highest score of all. */
  best: number;
  /** Numbers of the rows that belong to it, in their order. */
  rows: Int32Array;
}

/**
 * Finds the nearest rows that together hold `wanted` observed cells, without sorting. Rows that are equally near (to
 * within a bucket) at the edge share what is left, so the order of rows never matters. What it gives is valid until the
 * next call.
 *
 * @param kernels only given by tests.
 */
export function createNeighbourhoodFinder(
  kernels: Kernels = createKernels(),
): (scores: Int32Array, cells: Int32Array, wanted: number) => Neighbourhood {
  kernels.reserve(buckets * 4);
  let room = 0;
  let counts = new Int32Array(kernels.buffer, 0, buckets);
  let [scored, held, listed] = [new Int32Array(0), new Int32Array(0), new Int32Array(0)];
  const found: Neighbourhood = { edge: 0, edgeShare: 1, best: 0, rows: listed };

  /** Counts first, then scores, cells and the list of what was found. */
  const lay = (rows: number): void => {
    room = rows;
    kernels.reserve((buckets + 3 * room) * 4);
    const { buffer } = kernels;
    const part = (at: number): Int32Array<ArrayBuffer> => new Int32Array(buffer, (buckets + at * room) * 4, room);
    counts = new Int32Array(buffer, 0, buckets);
    [scored, held, listed] = [part(0), part(1), part(2)];
  };

  return (scores, cells, wanted) => {
    const count = scores.length;
    if (count > room) lay(Math.ceil(count * 1.5));
    counts.fill(0);
    scored.set(scores);
    held.set(cells.length > room ? cells.subarray(0, count) : cells);
    const best = kernels.histogram(scored.byteOffset, held.byteOffset, count, 0, buckets, shift);
    let left = wanted;
    found.edge = 0;
    found.edgeShare = 1;
    found.best = best;
    for (let bucket = bucketOf(best); bucket >= 0; bucket--) {
      const here = counts[bucket] ?? 0;
      if (here >= left) {
        found.edge = bucket;
        found.edgeShare = left / here;
        break;
      }
      left -= here;
    }
    const passed = kernels.passing(scored.byteOffset, count, lowestIn(found.edge), listed.byteOffset);
    found.rows = listed.subarray(0, passed);
    return found;
  };
}
