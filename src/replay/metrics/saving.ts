import { costRange } from './aiq.ts';
import { hullCost, upperHull } from './hull.ts';
import type { Point } from './point.ts';
import { bestSingle } from './singles.ts';

/** What a router needs to be as good as a share of the best single model. */
export interface Saving {
  /** Of the best single model's quality, in (0, 1]. */
  readonly share: number;
  /** Mean US dollars per query; null where the router never gets there. */
  readonly costUsd: number | null;
  /** 1 - cost / cost of the best single model; negative where it costs more; null where it never gets there. */
  readonly saved: number | null;
}

/**
 * The least cost on the router's hull (with the cheapest single model, as in AIQ) at which its quality is `share` of
 * the best single model's, and what this saves against asking that model always. The best single model and the point on
 * the curve are chosen on the set reported, in hindsight, the same for every router.
 */
export function savingAt(share: number, points: readonly Point[], singles: readonly Point[]): Saving {
  const best = singles[bestSingle(singles)];
  const hull = upperHull([...points, costRange(singles).floor]);
  const costUsd = best === undefined ? null : hullCost(hull, share * best.quality);
  const saved = best === undefined || costUsd === null || best.costUsd === 0 ? null : 1 - costUsd / best.costUsd;
  return { share, costUsd, saved };
}
