import { largestWindow, largestWindowOfAll } from './windows.ts';
import { bestPerQuery, utilitiesOfWay, type Utilities } from './utility.ts';

/**
 * Cumulative regret against any reference: R_T = sum over t <= T of (reference_t - chosen_t), for T = 1 ... N.
 * References: `bestPerQuery` (the oracle: never falls), a single way (best fixed arm: may fall below 0), another router.
 * Source: Lattimore and Szepesvari, Bandit Algorithms, chapter 4.
 */
export function cumulativeRegret(chosen: Float64Array, reference: Float64Array): Float64Array {
  let sum = 0;
  return chosen.map((value, query) => (sum += (reference[query] ?? 0) - value));
}

/** The single model with the highest total utility, of equals the first: the best fixed arm, in hindsight. */
export function bestFixedWay(utilities: Utilities): number {
  let best = 0;
  let bestTotal = Number.NEGATIVE_INFINITY;
  for (let way = 0; way < utilities.ways; way++) {
    const total = utilitiesOfWay(utilities, way).reduce((sum, value) => sum + value, 0);
    if (total > bestTotal) [best, bestTotal] = [way, total];
  }
  return best;
}

/** Where a router was worst against one fixed arm. */
export interface WindowRegret {
  /** max over windows and arms of sum over the window of (arm - chosen). */
  readonly regret: number;
  readonly way: number;
  /** First and last query of that window, both included. */
  readonly from: number;
  readonly to: number;
}

/**
 * Interval regret: the most that any fixed arm gains on the router over some window of consecutive queries. It is what
 * strongly adaptive algorithms bound, and shows how long a router clings to a model that has become worse.
 * Source: Daniely, Gonen and Shalev-Shwartz, ICML 2015.
 *
 * @param window length in queries, clipped to N; null takes the worst of all lengths >= 1 (Kadane's scan), which for the
 *   whole stream as one window includes the regret against the best fixed arm.
 */
export function intervalRegret(chosen: Float64Array, utilities: Utilities, window: number | null): WindowRegret {
  let worst: WindowRegret = { regret: Number.NEGATIVE_INFINITY, way: 0, from: 0, to: 0 };
  for (let way = 0; way < utilities.ways; way++) {
    const gains = utilitiesOfWay(utilities, way).map((value, query) => value - (chosen[query] ?? 0));
    const { sum: regret, from, to } = window === null ? largestWindowOfAll(gains) : largestWindow(gains, window);
    if (regret > worst.regret) worst = { regret, way, from, to };
  }
  return worst;
}

/**
 * Dynamic (shifting) regret: against the best sequence of arms that changes at most `segments` - 1 times. One segment is
 * the best fixed arm, N segments the per-query oracle. Exact, by dynamic programming in O(N x M x segments).
 * Source: Herbster and Warmuth, Tracking the best expert, 1998; the 'compound' comparator.
 */
export function dynamicRegret(chosen: Float64Array, utilities: Utilities, segments: number): number {
  const total = chosen.reduce((sum, value) => sum + value, 0);
  if (segments >= utilities.queries) return bestPerQuery(utilities).reduce((sum, value) => sum + value, 0) - total;
  return bestShiftingTotal(utilities, segments) - total;
}

function bestShiftingTotal({ ways, queries, values }: Utilities, segments: number): number {
  // best[s][m]: the highest total so far that ends on arm m in segment s; before[s]: the best of segment s over arms.
  const best = Array.from({ length: segments }, () => new Float64Array(ways).fill(Number.NEGATIVE_INFINITY));
  const before = new Float64Array(segments).fill(Number.NEGATIVE_INFINITY);
  best[0]?.fill(0);
  before[0] = 0;
  for (let query = 0; query < queries; query++) {
    // From the last segment down, so that `before[segment - 1]` still is the state after the previous query.
    for (let segment = Math.min(segments - 1, query); segment >= 0; segment--) {
      const row = best[segment] ?? new Float64Array(ways);
      const entry = segment === 0 ? Number.NEGATIVE_INFINITY : (before[segment - 1] ?? 0);
      let highest = Number.NEGATIVE_INFINITY;
      for (let way = 0; way < ways; way++) {
        const value = Math.max(row[way] ?? 0, entry) + (values[way * queries + query] ?? 0);
        row[way] = value;
        highest = Math.max(highest, value);
      }
      before[segment] = highest;
    }
  }
  return before.reduce((highest, value) => Math.max(highest, value), Number.NEGATIVE_INFINITY);
}
