import { costRange } from './aiq.ts';
import { hullCost, integrateHull, upperHull } from './hull.ts';
import type { Point } from './point.ts';
import { bestSingle } from './singles.ts';

/** Both null where the best single model is free: there is no cost to measure in. */
export interface Deferral {
  /** Mean quality over budgets from nothing to the best single model's cost, in [0, 1]. */
  readonly area: number | null;
  /**
   * Quality-neutral cost: the least cost at which the router is as good as the best single model, in multiples of that
   * model's cost. Above 1 where it needs more; null where it never gets there (published tables print '> 100 %').
   */
  readonly qualityNeutralCost: number | null;
}

/**
 * The deferral curve is quality over x = cost / cost of the most accurate single model; its area is the integral over
 * [0, 1], QNC the first x at which it reaches that model's quality. As in AIQ, the curve is the hull with the cheapest
 * single model, and never below that model's quality, not even at budgets too small for it.
 * Source: UniRoute (Jitkrittum et al., arXiv 2502.08773), table 1, after deferral curves of cascades.
 */
export function deferral(points: readonly Point[], singles: readonly Point[]): Deferral {
  const best = singles[bestSingle(singles)];
  if (best === undefined || best.costUsd === 0) return { area: null, qualityNeutralCost: null };
  const { floor } = costRange(singles);
  const hull = upperHull([...points, floor]);
  const cost = hullCost(hull, best.quality);
  // A router may have points below the cheapest model's cost that are worse than it: they must not lower the strip.
  const strip = hullCost(hull, floor.quality) ?? floor.costUsd;
  const area = strip * floor.quality + integrateHull(hull, strip, best.costUsd, floor.quality);
  return {
    area: area / best.costUsd,
    qualityNeutralCost: cost === null ? null : cost / best.costUsd,
  };
}
