import {
  averageGapRecovered,
  callPerformanceThreshold,
  performanceGapRecovered,
  type PairMeans,
} from './metrics/gap-recovered.ts';
import { drawFigures, reachedInterval, type ReachedInterval } from './metrics/bootstrap.ts';
import { orderOfScores, sampleShares, weightedShareCurve, type Pair, type SharePoint } from './metrics/strong-share.ts';
import type { StrongAndWeak } from './metrics/singles.ts';
import type { PolicySweep } from './policy-sweep.ts';

/** A router as one between two models of the pool; see metrics/gap-recovered.ts. */
export interface PairFigures {
  /** PGR of the router's point of highest quality, whatever models it asks. */
  readonly gapRecovered: ReachedInterval;
  /** Null where nobody can tell which queries it would rather send to the strong model. */
  readonly calls: CallFigures | null;
}

/** Figures of the curve over the share of strong calls. */
export interface CallFigures {
  /**
   * How it tells which queries need the strong model: by the difference of the qualities that it predicts for the two,
   * or, in a set of two models, by the shares of its own curve.
   */
  readonly scoredBy: 'predicted quality' | 'curve';
  /** Over 11 shares of strong calls, as published. */
  readonly averageGapRecovered: ReachedInterval;
  /** Over every point of the curve. */
  readonly averageGapRecoveredExactly: ReachedInterval;
  /** CPT(50 %) and CPT(80 %): share of strong calls; null where it is never reached. */
  readonly callsAtHalf: ReachedInterval;
  readonly callsAtFourFifths: ReachedInterval;
  /** 11 points, for a plot. */
  readonly curve: readonly SharePoint[];
}

export type PairOutcome =
  | { readonly type: 'figures'; readonly figures: PairFigures; readonly whyNoCalls: string }
  | { readonly type: 'absent'; readonly why: string };

export interface PairBed {
  readonly models: readonly string[];
  /** [N x M] true quality. */
  readonly quality: Float64Array;
  readonly pair: StrongAndWeak;
  readonly resamples: number;
  readonly seed: string;
}

const publishedShares = 11;

/** @param top the router's way of highest mean quality. */
export function measurePair(sweep: PolicySweep, top: number, bed: PairBed): PairOutcome {
  const { outcomes } = sweep;
  const { queries } = outcomes;
  const width = bed.models.length;
  const column = (model: number): Float64Array =>
    Float64Array.from({ length: queries }, (_, row) => bed.quality[row * width + model] ?? 0);
  const pair = { weak: column(bed.pair.weak), strong: column(bed.pair.strong) };
  const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / queries;
  if (!(mean(pair.strong) > mean(pair.weak))) {
    const [strong, weak] = [bed.models[bed.pair.strong] ?? '', bed.models[bed.pair.weak] ?? ''];
    return { type: 'absent', why: `${strong} is no better than ${weak} on the test rows: there is no gap to recover` };
  }
  const topQuality = outcomes.quality.subarray(top * queries, (top + 1) * queries);
  const gap = drawFigures(queries, bed.resamples, bed.seed, (weights) => ({
    recovered:
      performanceGapRecovered(weightedMean(topQuality, weights), meansOf(pair, weights)) ?? Number.NEGATIVE_INFINITY,
  }));
  const drawn = curveOf(sweep, pair, bed);
  return {
    type: 'figures',
    figures: {
      gapRecovered: reachedInterval(gap('recovered')),
      calls: 'why' in drawn ? null : callFigures(drawn, pair, bed),
    },
    whyNoCalls: 'why' in drawn ? drawn.why : '',
  };
}

const meansOf = ({ weak, strong }: Pair, weights: Float64Array): PairMeans => ({
  weak: weightedMean(weak, weights),
  strong: weightedMean(strong, weights),
});

function callFigures({ scoredBy, curve: draw }: FoundCurve, pair: Pair, { resamples, seed }: PairBed): CallFigures {
  const queries = pair.weak.length;
  const figures = drawFigures(queries, resamples, seed, (weights) => {
    const curve = draw(weights);
    const means = meansOf(pair, weights);
    return {
      published: averageGapRecovered(sampleShares(curve, publishedShares), means) ?? Number.NEGATIVE_INFINITY,
      exact: averageGapRecovered(curve, means) ?? Number.NEGATIVE_INFINITY,
      half: callPerformanceThreshold(curve, means, 0.5) ?? Number.POSITIVE_INFINITY,
      fourFifths: callPerformanceThreshold(curve, means, 0.8) ?? Number.POSITIVE_INFINITY,
    };
  });
  return {
    scoredBy,
    averageGapRecovered: reachedInterval(figures('published')),
    averageGapRecoveredExactly: reachedInterval(figures('exact')),
    callsAtHalf: reachedInterval(figures('half')),
    callsAtFourFifths: reachedInterval(figures('fourFifths')),
    curve: sampleShares(draw(new Float64Array(queries).fill(1)), publishedShares),
  };
}

interface FoundCurve {
  readonly scoredBy: CallFigures['scoredBy'];
  /** Of a draw. */
  readonly curve: (weights: Float64Array) => SharePoint[];
}

function curveOf(
  sweep: PolicySweep,
  pair: Pair,
  { models, pair: places }: PairBed,
): FoundCurve | { readonly why: string } {
  const width = models.length;
  const { predicted, outcomes, leaders } = sweep;
  const { quality } = predicted;
  if (quality !== null) {
    const scores = Float64Array.from(
      { length: outcomes.queries },
      (_, row) => (quality[row * width + places.strong] ?? 0) - (quality[row * width + places.weak] ?? 0),
    );
    const order = orderOfScores(scores);
    return {
      scoredBy: 'predicted quality',
      curve: (weights) => weightedShareCurve(pair, scores, order, weights),
    };
  }
  if (width > 2) {
    return { why: 'the router tells no predicted qualities, and its choices are among more than two models' };
  }
  if (!isDrawnByNobody(sweep, width))
    return { why: 'the router tells no predicted qualities, and it draws its choices' };
  return { scoredBy: 'curve', curve: (weights) => ownCurve(leaders, outcomes.quality, pair, places.strong, weights) };
}

/** Whether who leads a query gets all of it. */
function isDrawnByNobody({ leaders, shares, outcomes }: PolicySweep, width: number): boolean {
  const { ways, queries } = outcomes;
  const counts = new Float64Array(ways * width);
  leaders.forEach((model, i) => {
    const place = Math.floor(i / queries) * width + model;
    if (model < width) counts[place] = (counts[place] ?? 0) + 1;
  });
  return shares.every((share, i) => Math.abs(share - (counts[i] ?? 0) / queries) < 1e-9);
}

/** The router's points by their share of strong calls, between all weak and all strong, which anybody may choose. */
function ownCurve(
  leaders: Uint16Array,
  quality: Float64Array,
  pair: Pair,
  strong: number,
  weights: Float64Array,
): SharePoint[] {
  const queries = weights.length;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const points: SharePoint[] = [{ strongShare: 1, quality: weightedMean(pair.strong, weights) }];
  for (let start = 0; start < leaders.length; start += queries) {
    let asked = 0;
    for (let query = 0; query < queries; query++) {
      if (leaders[start + query] === strong) asked += weights[query] ?? 0;
    }
    points.push({
      strongShare: asked / total,
      quality: weightedMean(quality.subarray(start, start + queries), weights),
    });
  }
  points.sort((a, b) => a.strongShare - b.strongShare || a.quality - b.quality);
  return [{ strongShare: 0, quality: weightedMean(pair.weak, weights) }, ...points];
}

function weightedMean(values: Float64Array, weights: Float64Array): number {
  let sum = 0;
  let total = 0;
  for (let query = 0; query < values.length; query++) {
    const weight = weights[query] ?? 0;
    sum += weight * (values[query] ?? 0);
    total += weight;
  }
  return sum / total;
}
