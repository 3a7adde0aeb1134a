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
}

/**
 * Finds the nearest rows that together hold `wanted` observed cells, in one pass and without sorting. Rows that are
 * equally near (to within a bucket) at the edge share what is left, so the order of rows never matters.
 */
export function createNeighbourhoodFinder(): (scores: Int32Array, cells: Int32Array, wanted: number) => Neighbourhood {
  const counts = new Int32Array(buckets);
  const found: Neighbourhood = { edge: 0, edgeShare: 1, best: 0 };
  return (scores, cells, wanted) => {
    counts.fill(0);
    let best = -Infinity;
    for (let row = 0; row < scores.length; row++) {
      const score = scores[row] ?? 0;
      const bucket = bucketOf(score);
      counts[bucket] = (counts[bucket] ?? 0) + (cells[row] ?? 0);
      if (score > best) best = score;
    }
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
    return found;
  };
}
