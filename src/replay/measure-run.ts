import { aiqCodeForm } from './metrics/aiq.ts';
import { bootstrapAiq, bootstrapGain, type AiqIntervals } from './metrics/bootstrap.ts';
import { upperHull } from './metrics/hull.ts';
import { curvePoints, pickQueries, pickWays, type Outcomes } from './metrics/outcomes.ts';
import { oracleOutcomes } from './metrics/oracle.ts';
import type { Point } from './metrics/point.ts';
import { savingAt } from './metrics/saving.ts';
import { bestSingle, randomRouter } from './metrics/singles.ts';
import type { PolicySweep } from './policy-sweep.ts';
import type { Baselines, CostFigures, GroupResult, RunResult } from './replay-result.ts';

/** The test set as the metrics see it. */
export interface TestBed {
  readonly models: readonly string[];
  readonly hasCost: boolean;
  readonly singles: Outcomes;
  /** Group name to its queries. */
  readonly groups: ReadonlyMap<string, readonly number[]>;
  readonly resamples: number;
  readonly seed: string;
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

/** Everything about one policy's sweep but who it was. */
export function measureRun(
  bed: TestBed,
  sweep: PolicySweep,
): Pick<RunResult, 'curve' | 'hull' | 'top' | 'cost' | 'groups' | 'degraded'> {
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
    groups,
    degraded: sweep.degraded,
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
