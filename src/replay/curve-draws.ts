import { aiqPaperForm } from './metrics/aiq.ts';
import { drawFigures, type DrawnFigures } from './metrics/bootstrap.ts';
import { deferral } from './metrics/deferral.ts';
import { curveGains, relativeGains } from './metrics/llm-router-bench.ts';
import { oracleOutcomes } from './metrics/oracle.ts';
import { curvePoints, distinctWays, pickWays, type Outcomes } from './metrics/outcomes.ts';
import { routerArenaScore } from './metrics/router-arena.ts';
import { savingAt } from './metrics/saving.ts';
import { bestSingle } from './metrics/singles.ts';

/** Shares of the best single model's quality at which savings are told. */
export const savingShares = [1, 0.99, 0.95] as const;

export type QualityFigure = 'topQuality' | 'topGain' | 'gainOverBest' | 'gapToOracle';
export type CostFigure =
  | 'aiq'
  | 'zero'
  | `saved${(typeof savingShares)[number]}`
  | 'deferralArea'
  | 'qualityNeutralCost'
  | 'performanceGain'
  | 'costSaved'
  | 'arenaScore';

export interface DrawBed {
  readonly singles: Outcomes;
  /** [groups] the queries of each. */
  readonly groups: readonly (readonly number[])[];
  readonly resamples: number;
  readonly seed: string;
}

/** What is never reached is worse than anything: -Infinity where more is better, else Infinity. */
const orWorst = (value: number | null, worst = Number.NEGATIVE_INFINITY): number => value ?? worst;

/**
 * Figures of one way, the router's best, against the best single model: chosen over the whole set, not anew on each draw.
 */
export function drawQuality(outcomes: Outcomes, top: number, bed: DrawBed): DrawnFigures<QualityFigure> {
  const { singles, groups, resamples, seed } = bed;
  const own = pickWays(outcomes, [top]).quality;
  const best = pickWays(singles, [bestSingle(curvePoints(singles))]).quality;
  const oracle = oracleOutcomes(singles).quality;
  return drawFigures(outcomes.queries, resamples, seed, (weights) => {
    const mean = (values: Float64Array, queries: Iterable<number>): number => {
      let sum = 0;
      let total = 0;
      for (const query of queries) {
        const weight = weights[query] ?? 0;
        sum += weight * (values[query] ?? 0);
        total += weight;
      }
      return sum / total;
    };
    const drawn = groups.filter((queries) => queries.some((query) => (weights[query] ?? 0) > 0));
    const relative = relativeGains(
      drawn.map((queries) => ({
        router: mean(own, queries),
        bestSingle: mean(best, queries),
        oracle: mean(oracle, queries),
      })),
    );
    const topQuality = mean(own, own.keys());
    return {
      topQuality,
      topGain: topQuality - mean(best, best.keys()),
      gainOverBest: orWorst(relative.gainOverBest),
      gapToOracle: orWorst(relative.gapToOracle, Number.POSITIVE_INFINITY),
    };
  });
}

/** Figures of the whole curve: on each draw curve, single models, cost range and hulls are computed anew. */
export function drawCurve(outcomes: Outcomes, top: number, bed: DrawBed): DrawnFigures<CostFigure> {
  const { singles, resamples, seed } = bed;
  const curve = distinctWays(outcomes);
  const topWay = pickWays(outcomes, [top]);
  return drawFigures(outcomes.queries, resamples, seed, (weights) => {
    const points = curvePoints(curve, weights);
    const single = curvePoints(singles, weights);
    const { area, qualityNeutralCost } = deferral(points, single);
    const { performanceGain, costSaved } = curveGains(points, single);
    const [topPoint = { costUsd: 0, quality: 0 }] = curvePoints(topWay, weights);
    const saved = (share: number): number => orWorst(savingAt(share, points, single).saved);
    return {
      aiq: aiqPaperForm(points, single),
      zero: aiqPaperForm(single, single),
      saved1: saved(1),
      'saved0.99': saved(0.99),
      'saved0.95': saved(0.95),
      deferralArea: orWorst(area),
      qualityNeutralCost: orWorst(qualityNeutralCost, Number.POSITIVE_INFINITY),
      performanceGain: orWorst(performanceGain),
      costSaved: orWorst(costSaved),
      arenaScore: routerArenaScore(topPoint),
    };
  });
}
