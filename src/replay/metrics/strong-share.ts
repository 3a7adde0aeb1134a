import { sortedQuantile } from './quantile.ts';

/** A router between two models, judged on N queries. */
export interface Pair {
  /** [N] quality of the weak model. */
  readonly weak: Float64Array;
  /** [N] quality of the strong model. */
  readonly strong: Float64Array;
}

/** Where a router between two models stands at one threshold. */
export interface SharePoint {
  /** Of queries that go to the strong model, in [0, 1]. */
  readonly strongShare: number;
  /** Mean, in [0, 1]. */
  readonly quality: number;
}

/**
 * The whole curve of a router that sends a query to the strong model when its score [N] is high enough: one point a
 * distinct score, from all weak to all strong, shares rising. Queries with equal scores come in together: between two
 * points the router may draw, so the curve is a line there.
 */
export function strongShareCurve(pair: Pair, scores: Float64Array): SharePoint[] {
  return weightedShareCurve(pair, scores, orderOfScores(scores), new Float64Array(scores.length).fill(1));
}

/** [N] queries by falling score, for `weightedShareCurve`. */
export const orderOfScores = (scores: Float64Array): Uint32Array =>
  Uint32Array.from(scores.keys()).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));

/** The same where each query counts `weights` [N] times: what a resample needs. */
export function weightedShareCurve(
  { weak, strong }: Pair,
  scores: Float64Array,
  order: Uint32Array,
  weights: Float64Array,
): SharePoint[] {
  let queries = 0;
  let quality = 0;
  weights.forEach((weight, query) => {
    queries += weight;
    quality += weight * (weak[query] ?? 0);
  });
  let asked = 0;
  const points: SharePoint[] = [{ strongShare: 0, quality: quality / queries }];
  order.forEach((query, i) => {
    const weight = weights[query] ?? 0;
    asked += weight;
    quality += weight * ((strong[query] ?? 0) - (weak[query] ?? 0));
    const next = order[i + 1];
    if (next !== undefined && scores[next] === scores[query]) return;
    points.push({ strongShare: asked / queries, quality: quality / queries });
  });
  return points;
}

/**
 * The curve as RouteLLM's evaluator draws it: thresholds at the 0th, 10th ... 100th percentile of the scores, strong
 * where the score reaches the threshold (for the last: exceeds it). Shares rising. Equal scores move together, so ties
 * can leave fewer than 11 distinct points.
 * Source: lm-sys/RouteLLM, evals/benchmarks.py.
 */
export function decileCurve({ weak, strong }: Pair, scores: Float64Array): SharePoint[] {
  const sorted = scores.slice().sort();
  const points: SharePoint[] = [];
  for (let decile = 10; decile >= 0; decile--) {
    const threshold = sortedQuantile(sorted, decile / 10);
    let quality = 0;
    let chosen = 0;
    scores.forEach((score, query) => {
      const isStrong = decile === 10 ? score > threshold : score >= threshold;
      if (isStrong) chosen++;
      quality += (isStrong ? strong : weak)[query] ?? 0;
    });
    points.push({ strongShare: chosen / scores.length, quality: quality / scores.length });
  }
  return points;
}

/** Quality at a share, on the line between the neighbouring points. */
export function qualityAtShare(curve: readonly SharePoint[], strongShare: number): number {
  let left = curve[0];
  for (const right of curve) {
    if (right.strongShare >= strongShare) {
      const width = right.strongShare - (left?.strongShare ?? 0);
      if (left === undefined || width === 0) return right.quality;
      return left.quality + ((strongShare - left.strongShare) / width) * (right.quality - left.quality);
    }
    left = right;
  }
  return left?.quality ?? Number.NaN;
}

/** The curve at shares 0, 1/(points-1) ... 1. */
export function sampleShares(curve: readonly SharePoint[], points: number): SharePoint[] {
  return Array.from({ length: points }, (_, i) => {
    const strongShare = i / (points - 1);
    return { strongShare, quality: qualityAtShare(curve, strongShare) };
  });
}

/** No point below an earlier one: who may use the strong model more may also use it less. */
export function runningMaximum(curve: readonly SharePoint[]): SharePoint[] {
  let best = Number.NEGATIVE_INFINITY;
  return curve.map(({ strongShare, quality }) => {
    best = Math.max(best, quality);
    return { strongShare, quality: best };
  });
}
