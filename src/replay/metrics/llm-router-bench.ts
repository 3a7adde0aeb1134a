import type { Point } from './point.ts';
import { bestSingle } from './singles.ts';

/** One data set of several: mean qualities on its own queries. */
export interface GroupQuality {
  readonly router: number;
  /** Of the model that is best over all data sets, on this one. */
  readonly bestSingle: number;
  readonly oracle: number;
}

/**
 * Gain@B = mean over data sets of (router / best single - 1) and Gap@O = mean over data sets of (1 - router / oracle).
 * Means of ratios: their table is not the ratio of its own mean accuracies. Data sets on which the reference scores 0
 * have no ratio and are left out; null where none is left.
 * Source: LLMRouterBench (arXiv 2601.07206), section 3.2.
 */
export function relativeGains(groups: readonly GroupQuality[]): {
  readonly gainOverBest: number | null;
  readonly gapToOracle: number | null;
} {
  const gains = groups.flatMap(({ router, bestSingle }) => (bestSingle === 0 ? [] : [router / bestSingle - 1]));
  const gaps = groups.flatMap(({ router, oracle }) => (oracle === 0 ? [] : [1 - router / oracle]));
  return { gainOverBest: meanOf(gains), gapToOracle: meanOf(gaps) };
}

/** A router's curve against the best single model. */
export interface CurveGains {
  /** PerfGain: the highest quality of any point / the best single model's - 1. Null where that model scores 0. */
  readonly performanceGain: number | null;
  /**
   * CostSave: 1 - cost / cost of the best single model at the cheapest point that is at least as good as that model;
   * negative where it costs more. Null where no point is, or the model is free.
   */
  readonly costSaved: number | null;
}

/**
 * PerfGain and CostSave are about settings one can pick, so they look at the curve's own points, not at its hull.
 * Source: LLMRouterBench, section 3.2 and its README; the ratio form is ours.
 */
export function curveGains(points: readonly Point[], singles: readonly Point[]): CurveGains {
  const best = singles[bestSingle(singles)];
  if (best === undefined) return { performanceGain: null, costSaved: null };
  const top = points.reduce((high, { quality }) => Math.max(high, quality), Number.NEGATIVE_INFINITY);
  const cheapest = points.reduce(
    (low, { quality, costUsd }) => (quality >= best.quality ? Math.min(low, costUsd) : low),
    Number.POSITIVE_INFINITY,
  );
  return {
    performanceGain: best.quality === 0 || points.length === 0 ? null : top / best.quality - 1,
    costSaved: best.costUsd === 0 || cheapest === Number.POSITIVE_INFINITY ? null : 1 - cheapest / best.costUsd,
  };
}

/**
 * ParetoDist: how far a router's points lie from what all compared routers reach together. Both axes are scaled to
 * [0, 1] over `all`, then the Euclidean distances to the nearest non-dominated point are averaged (the generational
 * distance of multi-objective optimisation). 0: every point is non-dominated. At most the square root of 2. It depends
 * on the company: add a better router and all others move away. Null where `own` is empty.
 * Source: LLMRouterBench, section 3.2 ("average distance to the Pareto frontier"); the scaling is ours.
 *
 * @param all every point compared, `own` included.
 */
export function paretoDistance(own: readonly Point[], all: readonly Point[]): number | null {
  const scale = (read: (point: Point) => number): ((point: Point) => number) => {
    const values = all.map(read);
    const low = Math.min(...values);
    const width = Math.max(...values) - low;
    return (point) => (width === 0 ? 0 : (read(point) - low) / width);
  };
  const [x, y] = [scale((point) => point.costUsd), scale((point) => point.quality)];
  const frontier = nonDominated(all);
  return meanOf(
    own.map((point) => Math.min(...frontier.map((other) => Math.hypot(x(point) - x(other), y(point) - y(other))))),
  );
}

/** Points that no other one beats in cost or quality without losing in the other; cheapest first, equal points once. */
export function nonDominated(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((a, b) => a.costUsd - b.costUsd || b.quality - a.quality);
  let best = Number.NEGATIVE_INFINITY;
  return sorted.filter(({ quality }) => {
    if (quality <= best) return false;
    best = quality;
    return true;
  });
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
