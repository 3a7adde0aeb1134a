import type { Outcomes } from './outcomes.ts';

/**
 * What answers were worth in time order: utility = quality - lambda x costUsd. Way by way, as in Outcomes; the order of
 * the queries is the order in which they came.
 */
export interface Utilities {
  readonly ways: number;
  readonly queries: number;
  /** [ways x N] in quality; -Infinity where a way was not to be had. */
  readonly values: Float64Array;
}

/** @param lambda quality per dollar, >= 0. */
export function utilitiesOf({ ways, queries, quality, costUsd }: Outcomes, lambda: number): Utilities {
  return { ways, queries, values: quality.map((value, i) => value - lambda * (costUsd[i] ?? 0)) };
}

/** [N] the best way of each query, known only to a prophet. */
export function bestPerQuery({ ways, queries, values }: Utilities): Float64Array {
  const best = new Float64Array(queries).fill(Number.NEGATIVE_INFINITY);
  for (let way = 0; way < ways; way++) {
    for (let query = 0; query < queries; query++) {
      best[query] = Math.max(best[query] ?? 0, values[way * queries + query] ?? 0);
    }
  }
  return best;
}

/** One way as a column [N]. */
export const utilitiesOfWay = ({ queries, values }: Utilities, way: number): Float64Array =>
  values.subarray(way * queries, (way + 1) * queries);
