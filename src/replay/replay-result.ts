import type { Interval, ReachedInterval } from './metrics/bootstrap.ts';
import type { Point } from './metrics/point.ts';
import type { Saving } from './metrics/saving.ts';
import type { DataSource, EmbeddedText } from './datasets/dataset.ts';
import type { Options } from './cross-predict.ts';
import type { Calibration } from './calibration.ts';
import type { Origin } from './contenders.ts';
import type { LostQueries } from './lost-queries.ts';
import type { PairFigures } from './pair-figures.ts';
import type { AbsentFigure, Comparison, OtherFigures, PairModels } from './run-figures.ts';
import type { Trial } from './tune.ts';

/**
 * All that a replay found, as plain JSON. Holds no time, no path and no machine: the same data, options and version
 * give the same bytes.
 */
export interface ReplayResult {
  /** Grows when a reader could misunderstand an older one. */
  readonly format: 2;
  readonly train: SplitSummary;
  readonly test: SplitSummary;
  /** How train and test came apart. */
  readonly split: string;
  /** As it was asked for, and in words. */
  readonly protocol: { readonly name: string; readonly text: string; readonly splits: number };
  /** What cost is counted in: `usd`, or the attribute that stands in for it. */
  readonly costUnit: string;
  /** Test rows whose question the training rows of the same split ask too. */
  readonly overlap: { readonly rows: number; readonly tested: number };
  /** Null where estimators were fitted here. */
  readonly artefact: ArtefactSummary | null;
  readonly embedder: { readonly id: string; readonly dimensions: number; readonly text: EmbeddedText };
  readonly seed: string;
  readonly resamples: number;
  readonly folds: number;
  readonly warnings: readonly string[];
  /** Of the test set; every single model in the order of the data set. */
  readonly models: readonly (Point & { readonly model: string })[];
  readonly baselines: Baselines;
  /** What PGR, APGR and CPT are about. */
  readonly pair: PairModels;
  readonly runs: readonly RunResult[];
  /** Every two runs, in the order of the runs. */
  readonly comparisons: readonly Comparison[];
}

/** A trained artefact that took the place of training. */
export interface ArtefactSummary {
  /** Of its folder. */
  readonly name: string;
  /** Of its manifest, which holds the sums of everything else. */
  readonly sha256: string;
  /** What it learned from. */
  readonly sources: readonly Pick<DataSource, 'name' | 'sha256' | 'rows'>[];
  readonly seed: string;
  /** How many it learned from; null where it does not tell. */
  readonly questions: number | null;
  /** Rows of the test and training part that ask one of its questions; null where it does not tell. */
  readonly overlap: {
    readonly test: number | null;
    readonly tested: number;
    readonly train: number | null;
    readonly trained: number;
  };
  readonly unseenModels: readonly string[];
}

export interface SplitSummary {
  readonly sources: readonly DataSource[];
  readonly rows: number;
}

/** What needs no router. `zero` is null for a set without cost: there is nothing to trade. */
export interface Baselines {
  readonly hasCost: boolean;
  /** Chosen on the test set, in hindsight. */
  readonly bestSingle: Point & { readonly model: string };
  readonly random: Point;
  readonly oracle: Point;
  readonly zero: {
    readonly aiq: Interval;
    readonly aiqCodeForm: number | null;
    readonly hull: readonly Point[];
  } | null;
}

/** One policy with one estimator. */
export interface RunResult {
  readonly label: string;
  readonly policy: string;
  readonly options: Options;
  /** Null where the policy reads no prediction. */
  readonly estimator: EstimatorSummary | null;
  /** What was varied: `lambda`, an option's name, or null for a single point. */
  readonly axis: string | null;
  readonly curve: readonly CurvePoint[];
  readonly hull: readonly Point[];
  /** The most that the policy does: its point of highest mean quality, against the best single model. */
  readonly top: { readonly point: Point; readonly gainOverBestSingle: Interval };
  /** Null for a set without cost. */
  readonly cost: CostFigures | null;
  /** Other papers' figures of the same curve. */
  readonly others: OtherFigures;
  /** As a router between `pair`; null where that is not told, and `absent` says why. */
  readonly pair: PairFigures | null;
  readonly groups: readonly GroupResult[];
  readonly origin: Origin;
  /** Null where the router told no predictions. */
  readonly calibration: Calibration | null;
  readonly lost: LostQueries;
  /** Null where there is only one split. */
  readonly splits: SplitFigures | null;
  /** What had to be stood in for, and for how many queries. */
  readonly degraded: Readonly<Record<string, number>>;
  /** Figures that there are, but not of this run. */
  readonly absent: readonly AbsentFigure[];
}

export interface EstimatorSummary {
  readonly name: string;
  readonly quality: Options;
  readonly cost: Options | null;
  readonly criterion: string;
  readonly score: number;
  readonly trials: readonly Trial[];
}

export interface CurvePoint extends Point {
  /** Null for a single point. */
  readonly setting: number | null;
  /** [M] share of queries that each model gets. */
  readonly shares: readonly number[];
}

export interface CostFigures {
  readonly aiq: Interval;
  /** AIQ - zero router, paired. */
  readonly gain: Interval;
  readonly aiqCodeForm: number | null;
  readonly savings: readonly (Saving & { readonly interval: ReachedInterval })[];
  /** Unweighted means over the groups. */
  readonly macro: { readonly aiq: number; readonly zero: number; readonly gain: Interval };
}

/** The same figures within one eval name: its own rows, its own single models. */
export interface GroupResult {
  readonly group: string;
  readonly rows: number;
  readonly bestSingle: Point & { readonly model: string };
  readonly oracle: Point;
  readonly aiq: Interval | null;
  readonly zero: Interval | null;
  readonly gain: Interval | null;
  /** Of the policy's point of highest mean quality over all groups. */
  readonly topQuality: number;
}

/** The same figures split by split, on each split's own test rows. */
export interface SplitFigures {
  readonly splits: readonly SplitFigure[];
  /** Mean of the gains over splits: AIQ - zero, or quality - best single for a set without cost. */
  readonly gain: Interval;
}

export interface SplitFigure {
  readonly label: string;
  readonly trained: number;
  readonly tested: number;
  /** AIQ; for a set without cost the highest mean quality. */
  readonly router: number;
  /** The zero router's AIQ; for a set without cost the best single model's quality. */
  readonly reference: number;
  /** router - reference, paired by query within the split. */
  readonly difference: Interval;
  /** Of queries that go to the model that is new in this split, at the point of highest quality; null where none is. */
  readonly newcomerShare: number | null;
}
