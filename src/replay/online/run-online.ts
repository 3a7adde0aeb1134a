import type { Embedder } from '../../core/embedder.ts';
import { loadCatalogue, type Catalogue } from '../../routing/catalogue.ts';
import type { DataSource } from '../datasets/dataset.ts';
import { loadSplits } from '../load-splits.ts';
import { meanInterval } from '../mean-interval.ts';
import { budgetViolation } from '../metrics/budget-violation.ts';
import { cumulativeRegret, dynamicRegret, intervalRegret } from '../metrics/regret.ts';
import { bestPerQuery } from '../metrics/utility.ts';
import type { Comparison } from '../run-figures.ts';
import type { OnProgress } from '../progress.ts';
import { defaultEmbedder, defaultSeed } from '../replay.ts';
import { createOnlineBed, type Named } from './bed.ts';
import { bestFixed, curve, quartiles, spending, worstSpending, type Quartiles } from './measures.ts';
import { createOnlineLab, figuresOf, summarise, type OnlineSummary, type StartKind } from './online-run.ts';
import { checkEvents, type Scenario } from './scenario.ts';
import type { Course } from './stream.ts';

export interface OnlineOptions {
  /** What a warm start is trained on; a folder gives its `train`. */
  readonly train: string;
  /** Where requests come from; a folder gives its `test`. */
  readonly test: string;
  readonly policies: readonly Named[];
  readonly estimators: readonly Named[];
  readonly start: StartKind;
  readonly scenario: Scenario;
  readonly lambda: number;
  /** US dollars per request: every policy is put inside `budget-paced`. Null: none. */
  readonly budgetUsd: number | null;
  readonly epsilon: number;
  /** Of the best sequence of models that dynamic regret compares with, at most; default 10. */
  readonly segments?: number | undefined;
  readonly seeds: number;
  readonly seed?: string | undefined;
  readonly catalogue?: Catalogue | undefined;
  readonly embedder?: Embedder | undefined;
}

/** One policy with one estimator, over all seeds. */
export interface OnlineRunResult {
  readonly label: string;
  readonly policy: Named;
  readonly estimator: Named;
  readonly summary: OnlineSummary;
  readonly regret: {
    readonly reference: Quartiles;
    readonly oracle: Quartiles;
    readonly bestFixed: Quartiles;
    /** Largest against the reference within any `window` steps. */
    readonly worstWindow: Quartiles;
    /** Largest against any one model within any `window` steps. */
    readonly interval: Quartiles;
    /** The same within any stretch, however long. */
    readonly anyInterval: Quartiles;
    /** Against the best sequence of models in at most `segments` segments. */
    readonly dynamic: Quartiles;
  };
  /** In budgets; null where there is none. */
  readonly spending: {
    readonly all: Quartiles;
    readonly lastHalf: Quartiles;
    readonly worstWindow: Quartiles;
    /** Budget violation: spending so far / budget so far at its worst, from step `window` on. */
    readonly violation: Quartiles;
  } | null;
  /** Over seeds, a point for each of the equal stretches. */
  readonly curves: {
    /** Means of the stretch. */
    readonly utility: readonly Quartiles[];
    readonly reference: readonly Quartiles[];
    readonly costUsd: readonly Quartiles[];
    /** Cumulative, at the end of the stretch. */
    readonly regretToReference: readonly Quartiles[];
    readonly regretToOracle: readonly Quartiles[];
    /** Spent so far at the end of the stretch, in budgets; null where there is no budget. */
    readonly spent: readonly Quartiles[] | null;
  };
}

/** As plain JSON; holds no time, no path and no machine. */
export interface OnlineResult {
  /** 2: curves have quartiles. */
  readonly format: 2;
  readonly train: readonly DataSource[];
  readonly test: readonly DataSource[];
  readonly split: string;
  readonly models: readonly string[];
  readonly embedder: string;
  readonly start: StartKind;
  readonly scenario: Scenario;
  readonly lambda: number;
  readonly budgetUsd: number | null;
  readonly seeds: number;
  readonly seed: string;
  /** Steps in the windows of worst spending and worst regret. */
  readonly window: number;
  /** Of dynamic regret. */
  readonly segments: number;
  readonly warnings: readonly string[];
  readonly runs: readonly OnlineRunResult[];
  /** Mean utility of every two runs, paired by seed: the same requests, the same luck. */
  readonly comparisons: readonly Comparison[];
}

const window = 500;
const stretches = 20;
export const defaultSegments = 10;

/**
 * Learning while serving, replayed: requests one after another, only the chosen model's outcome is seen, labels come
 * late or never, the world changes as the scenario says. Same data, options and seed, same result, bit for bit.
 * Rejects with `invalid_data` and `invalid_config`.
 */
export async function runOnline(
  options: OnlineOptions,
  onProgress: OnProgress = () => undefined,
): Promise<OnlineResult> {
  const {
    start,
    scenario,
    lambda,
    budgetUsd,
    epsilon,
    seeds,
    seed = defaultSeed,
    segments = defaultSegments,
  } = options;
  const catalogue = options.catalogue ?? (await loadCatalogue());
  const embedder = options.embedder ?? defaultEmbedder();
  const splits = await loadSplits(options.train, options.test, seed, onProgress);
  checkEvents(scenario.events, splits.test.models);
  const bed = await createOnlineBed(splits.train, splits.test, { catalogue, embedder, onProgress });
  const lab = createOnlineLab(bed, seed);
  const runs: OnlineRunResult[] = [];
  const utilities: Float64Array[] = [];
  for (const estimator of options.estimators) {
    for (const asked of options.policies) {
      const policy = budgetUsd === null ? asked : paced(asked, budgetUsd);
      const label = `${budgetUsd === null ? '' : 'paced '}${asked.name} · ${estimator.name}`;
      const spec = { policy, estimator, start, scenario, lambda, epsilon, seeds };
      const kept = lab.run(spec, (course, done) => {
        onProgress({ stage: 'sweep', what: label, done: done + 1, total: seeds });
        return keep(course, budgetUsd, segments);
      });
      utilities.push(Float64Array.from(kept, ({ figures }) => figures[0] ?? NaN));
      runs.push({ label, policy, estimator, ...overSeeds(kept, budgetUsd) });
    }
  }
  return {
    format: 2,
    train: splits.train.sources,
    test: splits.test.sources,
    split: splits.how,
    models: splits.test.models,
    embedder: embedder.id,
    start,
    scenario,
    lambda,
    budgetUsd,
    seeds,
    seed,
    window,
    segments,
    warnings: [...new Set([...splits.train.warnings, ...splits.test.warnings])],
    runs,
    comparisons: compare(runs, utilities),
  };
}

/** @param utilities [runs] the mean utility of each seed. */
function compare(runs: readonly OnlineRunResult[], utilities: readonly Float64Array[]): readonly Comparison[] {
  return runs.flatMap((a, i) =>
    runs.slice(i + 1).map((b, after) => {
      const [own, other] = [utilities[i] ?? new Float64Array(0), utilities[i + 1 + after] ?? new Float64Array(0)];
      return {
        a: a.label,
        b: b.label,
        difference: meanInterval(
          [...own].map((value, seed) => value - (other[seed] ?? NaN)),
          0,
        ),
      };
    }),
  );
}

const paced = ({ name, options }: Named, budgetUsd: number): Named => ({
  name: 'budget-paced',
  options: { policy: { type: name, ...options }, usd_per_request: budgetUsd },
});

/** What is kept of a course: a few hundred numbers instead of a few hundred thousand. */
interface Kept {
  readonly figures: readonly number[];
  readonly regrets: readonly number[];
  readonly spent: readonly number[];
  readonly curves: readonly (readonly number[])[];
}

function keep(course: Course, budgetUsd: number | null, segments: number): Kept {
  const { utility, reference, costUsd, arms } = course;
  const budget = budgetUsd ?? 1;
  const total = (than: Float64Array): number => cumulativeRegret(utility, than).at(-1) ?? 0;
  const oracle = bestPerQuery(arms);
  return {
    figures: figuresOf(course),
    regrets: [
      total(reference),
      total(oracle),
      total(new Float64Array(utility.length).fill(bestFixed(course))),
      intervalRegret(utility, { ways: 1, queries: utility.length, values: reference }, window).regret,
      intervalRegret(utility, arms, window).regret,
      intervalRegret(utility, arms, null).regret,
      dynamicRegret(utility, arms, segments),
    ],
    spent: [
      spending(course, budget),
      spending(course, budget, Math.floor(costUsd.length / 2)),
      worstSpending(course, budget, window),
      budgetViolation(costUsd, budget, Math.min(window, costUsd.length)).worst,
    ],
    curves: [
      curve(utility, stretches),
      curve(reference, stretches),
      curve(costUsd, stretches),
      ends(cumulativeRegret(utility, reference)),
      ends(cumulativeRegret(utility, oracle)),
      ends(spentSoFar(costUsd, budget)),
    ],
  };
}

/** Mean cost up to each step, in budgets. */
function spentSoFar(costUsd: Float64Array, budget: number): Float64Array {
  let sum = 0;
  return costUsd.map((cost, step) => (sum += cost) / (step + 1) / budget);
}

/** The last value of each stretch. */
const ends = (values: Float64Array): readonly number[] =>
  Array.from({ length: stretches }, (_, i) => values[Math.ceil(((i + 1) * values.length) / stretches) - 1] ?? 0);

function overSeeds(
  kept: readonly Kept[],
  budgetUsd: number | null,
): Omit<OnlineRunResult, 'label' | 'policy' | 'estimator'> {
  const regretOf = (i: number): Quartiles => quartiles(kept.map(({ regrets }) => regrets[i] ?? NaN));
  const spentOf = (i: number): Quartiles => quartiles(kept.map(({ spent }) => spent[i] ?? NaN));
  const curveOf = (i: number): readonly Quartiles[] =>
    Array.from({ length: stretches }, (_, at) => quartiles(kept.map(({ curves }) => curves[i]?.[at] ?? NaN)));
  return {
    summary: summarise(kept.map(({ figures }) => figures)),
    regret: {
      reference: regretOf(0),
      oracle: regretOf(1),
      bestFixed: regretOf(2),
      worstWindow: regretOf(3),
      interval: regretOf(4),
      anyInterval: regretOf(5),
      dynamic: regretOf(6),
    },
    spending:
      budgetUsd === null
        ? null
        : { all: spentOf(0), lastHalf: spentOf(1), worstWindow: spentOf(2), violation: spentOf(3) },
    curves: {
      utility: curveOf(0),
      reference: curveOf(1),
      costUsd: curveOf(2),
      regretToReference: curveOf(3),
      regretToOracle: curveOf(4),
      spent: budgetUsd === null ? null : curveOf(5),
    },
  };
}
