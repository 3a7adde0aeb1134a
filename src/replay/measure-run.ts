import { measureCalibration } from './calibration.ts';
import type { Dataset } from './datasets/dataset.ts';
import { findLostQueries } from './lost-queries.ts';
import { aiqCodeForm } from './metrics/aiq.ts';
import { bootstrapAiq, bootstrapGain, type AiqIntervals } from './metrics/bootstrap.ts';
import { deferral } from './metrics/deferral.ts';
import { upperHull } from './metrics/hull.ts';
import { curveGains, relativeGains } from './metrics/llm-router-bench.ts';
import { curvePoints, pickQueries, pickWays, type Outcomes } from './metrics/outcomes.ts';
import { oracleOutcomes } from './metrics/oracle.ts';
import type { Point } from './metrics/point.ts';
import { routerArenaScore } from './metrics/router-arena.ts';
import { savingAt } from './metrics/saving.ts';
import { bestSingle, randomRouter } from './metrics/singles.ts';
import type { PolicySweep } from './policy-sweep.ts';
import type { Baselines, CostFigures, GroupResult, OtherFigures, RunResult } from './replay-result.ts';

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
}

/** Shares of the best single model's quality at which savings are told. */
const savingShares = [1, 0.99, 0.95] as const;

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

type Measured = Omit<RunResult, 'label' | 'policy' | 'options' | 'estimator' | 'axis' | 'origin' | 'splits'>;

/** Everything about one policy's sweep but who it was. */
export function measureRun(bed: TestBed, sweep: PolicySweep): Measured {
  const { outcomes, axis, shares } = sweep;
  const points = curvePoints(outcomes);
  const top = bestSingle(points);
  const singlePoints = curvePoints(bed.singles);
  const groups = [...bed.groups].map(([group, queries]) => measureGroup(bed, sweep, top, group, queries));
  return {
    curve: points.map((point, way) => ({
      ...point,
      setting: axis.type === 'point' ? null : (axis.values[way] ?? null),
      shares: [...shares.subarray(way * bed.models.length, (way + 1) * bed.models.length)],
    })),
    hull: upperHull(points),
    top: {
      point: points[top] ?? { costUsd: 0, quality: 0 },
      gainOverBestSingle: bootstrapGain(
        pickWays(outcomes, [top]).quality,
        pickWays(bed.singles, [bestSingle(singlePoints)]).quality,
        bed.resamples,
        bed.seed,
      ),
    },
    cost: bed.hasCost ? costFigures(bed, outcomes, points, singlePoints, groups) : null,
    others: otherFigures(bed, points, singlePoints, groups, points[top]),
    groups,
    calibration: measureCalibration(sweep.predicted, bed.dataset, bed.seed),
    lost: findLostQueries(sweep, bed.dataset, bed.withTexts),
    degraded: sweep.degraded,
  };
}

function otherFigures(
  bed: TestBed,
  points: readonly Point[],
  singles: readonly Point[],
  groups: readonly GroupResult[],
  top: Point | undefined,
): OtherFigures {
  const best = bestSingle(singles);
  const relative = relativeGains(
    groups.map(({ group, topQuality, oracle }) => ({
      router: topQuality,
      bestSingle: onlyPoint(pickQueries(pickWays(bed.singles, [best]), bed.groups.get(group) ?? [])).quality,
      oracle: oracle.quality,
    })),
  );
  const { area, qualityNeutralCost } = deferral(points, singles);
  const { performanceGain, costSaved } = curveGains(points, singles);
  return {
    deferralArea: area,
    qualityNeutralCost,
    performanceGain,
    costSaved,
    ...relative,
    routerArenaScore: !bed.hasCost || !bed.isUsd || top === undefined ? null : routerArenaScore(top),
  };
}

function costFigures(
  bed: TestBed,
  outcomes: Outcomes,
  points: readonly Point[],
  singles: readonly Point[],
  groups: readonly GroupResult[],
): CostFigures {
  const { router, gain } = intervalsOf(bed, outcomes);
  const mean = (read: (group: GroupResult) => number): number =>
    groups.reduce((sum, group) => sum + read(group), 0) / groups.length;
  return {
    aiq: router,
    gain,
    aiqCodeForm: aiqCodeForm(points, singles),
    savings: savingShares.map((share) => savingAt(share, points, singles)),
    macro: { aiq: mean((group) => group.aiq?.value ?? 0), zero: mean((group) => group.zero?.value ?? 0) },
  };
}

function measureGroup(
  bed: TestBed,
  { outcomes }: PolicySweep,
  top: number,
  group: string,
  queries: readonly number[],
): GroupResult {
  const part = { ...bed, singles: pickQueries(bed.singles, queries) };
  const own = pickQueries(outcomes, queries);
  const intervals = bed.hasCost ? intervalsOf(part, own) : null;
  return {
    group,
    rows: queries.length,
    bestSingle: bestOf(part, curvePoints(part.singles)),
    oracle: onlyPoint(oracleOutcomes(part.singles)),
    aiq: intervals?.router ?? null,
    zero: intervals?.zero ?? null,
    gain: intervals?.gain ?? null,
    topQuality: onlyPoint(pickWays(own, [top])).quality,
  };
}

const intervalsOf = (bed: TestBed, outcomes: Outcomes): AiqIntervals =>
  bootstrapAiq(outcomes, bed.singles, bed.resamples, bed.seed);

const onlyPoint = (outcomes: Outcomes): Point => curvePoints(outcomes)[0] ?? { costUsd: 0, quality: 0 };

function bestOf(bed: TestBed, points: readonly Point[]): Point & { readonly model: string } {
  const best = bestSingle(points);
  return { model: bed.models[best] ?? '', ...(points[best] ?? { costUsd: 0, quality: 0 }) };
}
