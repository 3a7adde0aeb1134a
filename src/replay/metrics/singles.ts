import { costRange } from './aiq.ts';
import type { Outcomes } from './outcomes.ts';
import type { Point } from './point.ts';

/** A data set's matrix as outcomes: way m is 'always ask model m'. A set without cost counts as free. */
export function singleModels(models: number, quality: Float64Array, costUsd: Float64Array | null): Outcomes {
  const queries = quality.length / models;
  const turn = (matrix: Float64Array | null): Float64Array => {
    const out = new Float64Array(models * queries);
    if (matrix === null) return out;
    for (let query = 0; query < queries; query++) {
      for (let model = 0; model < models; model++) out[model * queries + query] = matrix[query * models + model] ?? 0;
    }
    return out;
  };
  return { ways: models, queries, quality: turn(quality), costUsd: turn(costUsd) };
}

/** The model with the highest mean quality, of equals the cheaper: chosen on the set it is reported for, in hindsight. */
export function bestSingle(singles: readonly Point[]): number {
  let best = 0;
  singles.forEach((single, m) => {
    const leader = singles[best];
    if (leader === undefined) return;
    const better = single.quality > leader.quality;
    if (better || (single.quality === leader.quality && single.costUsd < leader.costUsd)) best = m;
  });
  return best;
}

/** Places of two models among the single ones. */
export interface StrongAndWeak {
  readonly strong: number;
  readonly weak: number;
}

/**
 * The pair that a set suggests: the best single model, and the cheapest; the worst where that is the best one, or where
 * nothing costs.
 */
export function suggestedPair(singles: readonly Point[], hasCost: boolean): StrongAndWeak {
  const strong = bestSingle(singles);
  const worst = singles.reduce((low, { quality }, m) => (quality < (singles[low]?.quality ?? 0) ? m : low), 0);
  const cheapest = singles.indexOf(costRange(singles).floor);
  return { strong, weak: hasCost && cheapest !== strong ? cheapest : worst };
}

/** Every model equally often: the mean of the single models. */
export function randomRouter(singles: readonly Point[]): Point {
  const mean = (read: (point: Point) => number): number =>
    singles.reduce((sum, point) => sum + read(point), 0) / singles.length;
  return { costUsd: mean((point) => point.costUsd), quality: mean((point) => point.quality) };
}
