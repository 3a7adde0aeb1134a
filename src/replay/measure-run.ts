import { absentFigures } from './absent-figures.ts';
import { measureCalibration } from './calibration.ts';
import { drawCurve, drawQuality, savingShares } from './curve-draws.ts';
import type { Dataset } from './datasets/dataset.ts';
import { findLostQueries } from './lost-queries.ts';
import { aiqCodeForm } from './metrics/aiq.ts';
import {
  bootstrapAiq,
  difference,
  intervalOf,
  meanDrawn,
  reachedInterval,
  type AiqIntervals,
  type Drawn,
  type DrawnFigures,
} from './metrics/bootstrap.ts';
import { upperHull } from './metrics/hull.ts';
import { curvePoints, pickQueries, pickWays, type Outcomes } from './metrics/outcomes.ts';
import { oracleOutcomes } from './metrics/oracle.ts';
import type { Point } from './metrics/point.ts';
import { optimalityOf } from './metrics/router-arena.ts';
import { savingAt } from './metrics/saving.ts';
import { bestSingle, randomRouter, type StrongAndWeak } from './metrics/singles.ts';
import { measurePair } from './pair-figures.ts';
import type { PolicySweep } from './policy-sweep.ts';
import type { CostFigure, QualityFigure } from './curve-draws.ts';
import type { Baselines, CostFigures, GroupResult, RunResult } from './replay-result.ts';
import type { OtherFigures } from './run-figures.ts';

/** The test set as the metrics see it. */
export interface TestBed {
  readonly models: readonly string[];
  readonly hasCost: boolean;
  readonly singles: Outcomes;
  /** Group name to its queries. */
  readonly groups: ReadonlyMap<string, readonly number[]>;
  /** The rows that are tested. */
  readonly dataset: Dataset;
  readonly resamples: number;
  readonly seed: string;
  /** False: no text of a query goes into the result. */
  readonly withTexts: boolean;
  /** Cost is in US dollars. */
  readonly isUsd: boolean;
  /** For PGR, APGR and CPT. */
  readonly pair: StrongAndWeak;
}

/** What needs no router. */
export function measureBaselines(bed: TestBed): Baselines {
  const { singles, hasCost } = bed;
  const points = curvePoints(singles);
  return {
    hasCost,
    bestSingle: bestOf(bed, points),
    random: randomRouter(points),
    oracle: onlyPoint(oracleOutcomes(singles)),
    zero: hasCost
      ? { aiq: intervalsOf(bed, singles).zero, aiqCodeForm: aiqCodeForm(points, points), hull: upperHull(points) }
      : null,
  };
}

/** Everything about one policy's sweep but who it was. */
export interface MeasuredRun {
  readonly figures: Omit<RunResult, 'label' | 'policy' | 'options' | 'estimator' | 'axis' | 'origin' | 'splits'>;
  /** What runs are compared by: AIQ, for a set without cost the highest mean quality. Paired between runs of one bed. */
  readonly rank: Drawn;
}

export function measureRun(bed: TestBed, sweep: PolicySweep): MeasuredRun {
  const { outcomes, axis, shares } = sweep;
  const points = curvePoints(outcomes);
  const top = bestSingle(points);
  const groups = [...bed.groups].map(([group, queries]) => measureGroup(bed, sweep, top, group, queries));
  const drawBed = { ...bed, groups: [...bed.groups.values()] };
  const quality = drawQuality(outcomes, top, drawBed);
  const curve = bed.hasCost ? drawCurve(outcomes, top, drawBed) : null;
  const pair = measurePair(sweep, top, { ...bed, quality: bed.dataset.quality });
  const calibration = measureCalibration(sweep.predicted, bed.dataset, bed.seed);
  return {
    rank: curve === null ? quality('topQuality') : curve('aiq'),
    figures: {
      curve: points.map((point, way) => ({
        ...point,
        setting: axis.type === 'point' ? null : (axis.values[way] ?? null),
        shares: [...shares.subarray(way * bed.models.length, (way + 1) * bed.models.length)],
      })),
      hull: upperHull(points),
      top: {
        point: points[top] ?? { costUsd: 0, quality: 0 },
        gainOverBestSingle: intervalOf(quality('topGain')),
      },
      cost: curve === null ? null : costFigures(bed, curve, points, groups),
      others: otherFigures(bed, sweep, top, quality, curve),
      pair: pair.type === 'figures' ? pair.figures : null,
      groups: groups.map(({ result }) => result),
      calibration,
      lost: findLostQueries(sweep, bed.dataset, bed.withTexts),
      degraded: sweep.degraded,
      absent: absentFigures({
        hasCost: bed.hasCost,
        isFree: bed.hasCost && bestOf(bed, curvePoints(bed.singles)).costUsd === 0,
        isUsd: bed.isUsd,
        pair,
        calibration,
        predicted: sweep.predicted,
        solvable: sweep.optimality.solvable,
      }),
    },
  };
}

function otherFigures(
  bed: TestBed,
  { optimality }: PolicySweep,
  top: number,
  quality: DrawnFigures<QualityFigure>,
  curve: DrawnFigures<CostFigure> | null,
): OtherFigures {
  // Nothing can be counted in multiples of a model that is free.
  const isFree = bestOf(bed, curvePoints(bed.singles)).costUsd === 0;
  return {
    curve:
      curve === null
        ? null
        : {
            deferralArea: isFree ? null : reachedInterval(curve('deferralArea')),
            qualityNeutralCost: isFree ? null : reachedInterval(curve('qualityNeutralCost')),
            performanceGain: reachedInterval(curve('performanceGain')),
            costSaved: isFree ? null : reachedInterval(curve('costSaved')),
            // Needs all runs: `withParetoDistances`.
            paretoDistance: null,
          },
    gainOverBest: reachedInterval(quality('gainOverBest')),
    gapToOracle: reachedInterval(quality('gapToOracle')),
    routerArena: {
      score: curve === null || !bed.isUsd ? null : reachedInterval(curve('arenaScore')),
      optimality: optimalityOf(optimality, top, bed.hasCost),
    },
  };
}

function costFigures(
  bed: TestBed,
  curve: DrawnFigures<CostFigure>,
  points: readonly Point[],
  groups: readonly MeasuredGroup[],
): CostFigures {
  const singles = curvePoints(bed.singles);
  const mean = (read: (group: GroupResult) => number): number =>
    groups.reduce((sum, { result }) => sum + read(result), 0) / groups.length;
  return {
    aiq: intervalOf(curve('aiq')),
    gain: intervalOf(difference(curve('aiq'), curve('zero'))),
    aiqCodeForm: aiqCodeForm(points, singles),
    savings: savingShares.map((share) => ({
      ...savingAt(share, points, singles),
      interval: reachedInterval(curve(`saved${share}`)),
    })),
    macro: {
      aiq: mean((group) => group.aiq?.value ?? 0),
      zero: mean((group) => group.zero?.value ?? 0),
      gain: intervalOf(meanDrawn(groups.flatMap(({ gain }) => (gain === null ? [] : [gain])))),
    },
  };
}

interface MeasuredGroup {
  readonly result: GroupResult;
  readonly gain: Drawn | null;
}

/** Each group draws queries of its own, so that the draws of two groups are independent. */
function measureGroup(
  bed: TestBed,
  { outcomes }: PolicySweep,
  top: number,
  group: string,
  queries: readonly number[],
): MeasuredGroup {
  const part = { ...bed, singles: pickQueries(bed.singles, queries), seed: `${bed.seed}:${group}` };
  const own = pickQueries(outcomes, queries);
  const intervals = bed.hasCost ? intervalsOf(part, own) : null;
  return {
    gain: intervals?.drawnGain ?? null,
    result: {
      group,
      rows: queries.length,
      bestSingle: bestOf(part, curvePoints(part.singles)),
      oracle: onlyPoint(oracleOutcomes(part.singles)),
      aiq: intervals?.router ?? null,
      zero: intervals?.zero ?? null,
      gain: intervals?.gain ?? null,
      topQuality: onlyPoint(pickWays(own, [top])).quality,
    },
  };
}

const intervalsOf = (bed: TestBed, outcomes: Outcomes): AiqIntervals =>
  bootstrapAiq(outcomes, bed.singles, bed.resamples, bed.seed);

const onlyPoint = (outcomes: Outcomes): Point => curvePoints(outcomes)[0] ?? { costUsd: 0, quality: 0 };

function bestOf(bed: TestBed, points: readonly Point[]): Point & { readonly model: string } {
  const best = bestSingle(points);
  return { model: bed.models[best] ?? '', ...(points[best] ?? { costUsd: 0, quality: 0 }) };
}
