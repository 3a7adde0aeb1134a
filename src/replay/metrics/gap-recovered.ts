import type { SharePoint } from './strong-share.ts';

/** Mean qualities of the two models. */
export interface PairMeans {
  readonly weak: number;
  readonly strong: number;
}

/**
 * Performance gap recovered: PGR = (r - w) / (s - w). 0 as good as the weak model, 1 as the strong one; may leave [0, 1].
 * Null where the two models are equally good: there is no gap.
 * Source: RouteLLM (Ong et al., arXiv 2406.18665), section 4.
 */
export function performanceGapRecovered(quality: number, { weak, strong }: PairMeans): number | null {
  return strong === weak ? null : (quality - weak) / (strong - weak);
}

/**
 * Average performance gap recovered: the integral of PGR over the share of queries that go to the strong model, by
 * trapezoids between the given points. A random router has 0.5; above 1 is possible, since a good router beats the
 * strong model by keeping what only the weak one gets right. RouteLLM's figure samples 11 points (`sampleShares`, or
 * `decileCurve` for its code's own thresholds). Null where there is no gap.
 * Source: RouteLLM, section 4; lm-sys/RouteLLM, evals/evaluate.py.
 */
export function averageGapRecovered(curve: readonly SharePoint[], means: PairMeans): number | null {
  let area = 0;
  let left = curve[0];
  for (const right of curve) {
    if (left !== undefined) area += ((right.strongShare - left.strongShare) * (left.quality + right.quality)) / 2;
    left = right;
  }
  return performanceGapRecovered(area, means);
}

/**
 * Call-performance threshold: CPT(x) is the least share of strong calls at which quality reaches w + x(s - w), on the
 * line between points; `recovered` = x in [0, 1]. RouteLLM interpolates as if the curve never fell; where it does, the
 * first crossing is what an operator can have (and where a running maximum would cross). Null where it is never reached.
 * Source: RouteLLM, section 4.
 */
export function callPerformanceThreshold(
  curve: readonly SharePoint[],
  { weak, strong }: PairMeans,
  recovered: number,
): number | null {
  const target = weak + recovered * (strong - weak);
  // Sums of thousands of scores, divided: equal numbers may differ in their last bits.
  const slack = 1e-12;
  let left: SharePoint | undefined;
  for (const right of curve) {
    if (right.quality >= target - slack) {
      if (left === undefined || right.quality === left.quality) return right.strongShare;
      const part = Math.min(1, (target - left.quality) / (right.quality - left.quality));
      return left.strongShare + part * (right.strongShare - left.strongShare);
    }
    left = right;
  }
  return null;
}
