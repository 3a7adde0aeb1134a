import { hullQuality, integrateHull, upperHull } from './hull.ts';
import type { Point } from './point.ts';

/**
 * Average improvement in quality, the paper's form: the mean height of a router's hull between the cheapest and the
 * dearest single model of the pool,
 *
 *     AIQ = 1 / (c_max - c_min) * integral of R(c) dc over [c_min, c_max].
 *
 * Ours fixes c_min and c_max by the pool, so that figures of several routers on one test set can be compared, and any
 * router may fall back on the cheapest single model (`floor` joins its points and holds below its first one).
 * With c_min = c_max (one model, or equal costs) it is the best quality that this cost buys.
 * Source: RouterBench, arXiv 2403.12031, section 3.
 */
export function aiqPaperForm(points: readonly Point[], singles: readonly Point[]): number {
  const { floor, costMax } = costRange(singles);
  const hull = upperHull([...points, floor]);
  const width = costMax - floor.costUsd;
  if (width <= 0) return hullQuality(hull, costMax) ?? floor.quality;
  return integrateHull(hull, floor.costUsd, costMax, floor.quality) / width;
}

/**
 * The form of RouterBench's code: the integral of the router's own hull from its own first point to c_max, divided by
 * c_max, where c_max is the largest cost among all that is compared (here: this router's points and the single models).
 * It depends on what it is compared with, and it loses the left edge: read it beside published figures only.
 * Source: withmartian/routerbench. Null where everything is free.
 */
export function aiqCodeForm(points: readonly Point[], singles: readonly Point[]): number | null {
  const hull = upperHull(points);
  const costMax = [...points, ...singles].reduce((max, point) => Math.max(max, point.costUsd), 0);
  const from = hull[0]?.costUsd ?? 0;
  return costMax === 0 ? null : integrateHull(hull, from, costMax, 0) / costMax;
}

/** The cheapest single model (of equals the best) and the largest cost of a single model. */
export function costRange(singles: readonly Point[]): { floor: Point; costMax: number } {
  let floor: Point = { costUsd: Number.POSITIVE_INFINITY, quality: 0 };
  let costMax = 0;
  for (const single of singles) {
    const cheaper = single.costUsd < floor.costUsd;
    if (cheaper || (single.costUsd === floor.costUsd && single.quality > floor.quality)) floor = single;
    costMax = Math.max(costMax, single.costUsd);
  }
  return { floor, costMax };
}
