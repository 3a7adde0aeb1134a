import type { Embedder } from '../core/embedder.ts';
import { PointsmanError } from '../core/errors.ts';
import { createHashingEmbedder } from '../embedding/hashing.ts';
import { loadCatalogue, type Catalogue } from '../routing/catalogue.ts';
import { checkOptions, propertiesOf } from '../routing/options.ts';
import { createRoute, type Route } from '../routing/route.ts';
import type { Options } from './cross-predict.ts';
import { rowCount, type Dataset } from './datasets/dataset.ts';
import { embedDataset, type EmbeddedDataset } from './embedded.ts';
import { fitEstimator, slotsOf, type Fitted } from './fitted.ts';
import { loadSplits, refuseToFitOn } from './load-splits.ts';
import { measureBaselines, measureRun, type TestBed } from './measure-run.ts';
import { costRange } from './metrics/aiq.ts';
import { queriesByGroup } from './metrics/groups.ts';
import { curvePoints } from './metrics/outcomes.ts';
import { bestSingle, singleModels } from './metrics/singles.ts';
import { axisOf, sweepPolicy } from './policy-sweep.ts';
import type { OnProgress } from './progress.ts';
import type { EstimatorSummary, ReplayResult, RunResult, SplitSummary } from './replay-result.ts';

/** A policy of the catalogue and its options as somebody wrote them. */
export interface PolicyToReplay {
  readonly name: string;
  readonly options?: Options | undefined;
}

export interface ReplayOptions {
  /** A CSV file or a folder; a folder gives its `train`, else its `all`. */
  readonly train: string;
  /** A CSV file or a folder; a folder gives its `test`, else its `all`. The same `all` twice is split by hash. */
  readonly test: string;
  /** Default: `cost-aware`. */
  readonly policies?: readonly PolicyToReplay[] | undefined;
  /** Each policy that reads predictions runs with each of these. Default: `knn` and `ridge`. */
  readonly estimators?: readonly string[] | undefined;
  /** Default: hashing, as the gateway's. */
  readonly embedder?: Embedder | undefined;
  /** Default: policies and estimators that come with Pointsman. */
  readonly catalogue?: Catalogue | undefined;
  /** Of splits, folds, resamples and decision streams. Default `0`. */
  readonly seed?: string | undefined;
  /** Of the bootstrap; default 1,000. 0: no intervals. */
  readonly resamples?: number | undefined;
  /** For choosing settings inside the training rows; default 5. */
  readonly folds?: number | undefined;
  /** For choosing settings; default: the machine's cores, up to 4. The result is the same with any number. */
  readonly threads?: number | undefined;
}

export const defaultEstimators = ['knn', 'ridge'] as const;
export const defaultFolds = 5;
export const defaultSeed = '0';
const defaultResamples = 1_000;
const defaultDimensions = 512;

/** The gateway's own default embedder. */
export const defaultEmbedder = (): Embedder => createHashingEmbedder({ dimensions: defaultDimensions });

/**
 * Trains on one part of a data set, routes the other part with the code that serves, and measures what came of it.
 * Same data and options, same result, bit for bit. Rejects with `invalid_data` (file, row and column) and
 * `invalid_config` (policies, estimators and their options).
 */
export async function runReplay(
  options: ReplayOptions,
  onProgress: OnProgress = () => undefined,
): Promise<ReplayResult> {
  const { seed = defaultSeed, folds = defaultFolds, resamples = defaultResamples } = options;
  const catalogue = options.catalogue ?? (await loadCatalogue());
  const embedder = options.embedder ?? defaultEmbedder();
  const policies = options.policies ?? [{ name: 'cost-aware' }];
  const contenders = contendersOf(policies, options.estimators ?? defaultEstimators, catalogue);

  const splits = await loadSplits(options.train, options.test, seed, onProgress);
  const test = await embedDataset(splits.test, embedder, onProgress);
  const names = [...new Set(contenders.flatMap(({ estimator }) => (estimator === null ? [] : [estimator])))];
  const fitted = new Map<string, Fitted>();
  if (names.length > 0) {
    refuseToFitOn(splits.train);
    const train = await embedDataset(splits.train, embedder, onProgress);
    const own = options.catalogue === undefined;
    const fitting = { catalogue, own, threads: options.threads ?? null, folds, seed, onProgress };
    for (const name of names) fitted.set(name, await fitEstimator(name, train, fitting));
  }

  const bed: TestBed = {
    models: splits.test.models,
    hasCost: splits.test.costUsd !== null,
    singles: singleModels(splits.test.models.length, splits.test.quality, splits.test.costUsd),
    groups: queriesByGroup(splits.test.groups),
    resamples,
    seed,
  };
  const warnings = [...splits.warnings];
  if (!bed.hasCost)
    warnings.push('the data set knows no cost: quality alone is replayed, there is no curve and no AIQ');
  const runs: RunResult[] = [];
  for (const contender of contenders) {
    const estimator = contender.estimator === null ? null : (fitted.get(contender.estimator) ?? null);
    const route = routeOf(contender, estimator, splits.train, embedder, seed, catalogue);
    runs.push(replayRoute(route, estimator, test, bed, onProgress));
  }
  return {
    format: 1,
    train: summaryOf(splits.train),
    test: summaryOf(splits.test),
    split: splits.how,
    embedder: { id: embedder.id, dimensions: embedder.dimensions, text: splits.test.embeddedText },
    seed,
    resamples,
    folds,
    warnings,
    models: curvePoints(bed.singles).map((point, m) => ({ model: bed.models[m] ?? '', ...point })),
    baselines: measureBaselines(bed),
    runs,
  };
}

/** Sweeps and measures one route. */
function replayRoute(
  route: Route,
  estimator: Fitted | null,
  test: EmbeddedDataset,
  bed: TestBed,
  onProgress: OnProgress,
): RunResult {
  const label = estimator === null ? route.policy.name : `${route.policy.name} · ${estimator.name}`;
  const sweep = sweepPolicy(route, test, axisOf(route, test), bed.seed, (done, total) =>
    onProgress({ stage: 'sweep', what: label, done, total }),
  );
  onProgress({ stage: 'bootstrap', what: label, done: 0, total: 1 });
  const measured = measureRun(bed, sweep);
  onProgress({ stage: 'bootstrap', what: label, done: 1, total: 1 });
  const { axis } = sweep;
  return {
    label,
    policy: route.policy.name,
    options: isOptions(route.policy.options) ? route.policy.options : {},
    estimator: estimator === null ? null : estimatorSummary(estimator),
    axis: axis.type === 'lambda' ? 'lambda' : axis.type === 'option' ? axis.option : null,
    ...measured,
  };
}

interface Contender {
  readonly policy: PolicyToReplay;
  /** Null where the policy reads no prediction. */
  readonly estimator: string | null;
}

function contendersOf(
  policies: readonly PolicyToReplay[],
  estimators: readonly string[],
  catalogue: Catalogue,
): readonly Contender[] {
  return policies.flatMap((policy): readonly Contender[] => {
    const definition = catalogue.policies.get(policy.name);
    if (definition === undefined) {
      const known = [...catalogue.policies.keys()].join(', ');
      throw new PointsmanError('invalid_config', `there is no policy "${policy.name}"; there is ${known}.`, {
        param: 'policy',
      });
    }
    if (definition.uses.length === 0) return [{ policy, estimator: null }];
    return estimators.map((estimator) => ({ policy, estimator }));
  });
}

function routeOf(
  { policy }: Contender,
  fitted: Fitted | null,
  train: Dataset,
  embedder: Embedder,
  seed: string,
  catalogue: Catalogue,
): Route {
  const definition = catalogue.policies.get(policy.name);
  if (definition === undefined) throw new PointsmanError('internal_error', `The policy "${policy.name}" has gone.`);
  const path = `policy ${policy.name}`;
  const given = { ...pairOf(train, propertiesOf(definition.options)), ...policy.options };
  const options: unknown = checkOptions(path, definition.options, given, path);
  return createRoute({
    name: 'replay',
    models: train.models.map((id) => ({
      id,
      price: null,
      contextTokens: null,
      capabilities: null,
      simulated: true,
      targets: [],
    })),
    policy: { name: policy.name, definition, options, path },
    estimators: fitted === null ? {} : slotsOf(fitted, embedder),
    lambda: null,
    exploration: { epsilon: 0 },
    embedder,
    seed,
  });
}

/**
 * Models that a policy's options name and nobody gave, as the training rows suggest them: `strong` and `model` the best
 * single model, `weak` the cheapest (where nothing costs, the worst).
 */
function pairOf(train: Dataset, properties: Readonly<Record<string, unknown>>): Options {
  const points = curvePoints(singleModels(train.models.length, train.quality, train.costUsd));
  const best = bestSingle(points);
  const { floor } = costRange(points);
  const worst = points.reduce((low, point, m) => (point.quality < (points[low]?.quality ?? 0) ? m : low), 0);
  const cheapest = train.costUsd === null ? worst : points.indexOf(floor);
  const suggested: Readonly<Record<string, string | undefined>> = {
    strong: train.models[best],
    weak: train.models[cheapest === best ? worst : cheapest],
    model: train.models[best],
  };
  return Object.fromEntries(Object.entries(suggested).filter(([key]) => Object.hasOwn(properties, key)));
}

const isOptions = (value: unknown): value is Options => typeof value === 'object' && value !== null;

const summaryOf = (dataset: Dataset): SplitSummary => ({ sources: dataset.sources, rows: rowCount(dataset) });

function estimatorSummary({ name, tuned }: Fitted): EstimatorSummary {
  const { quality, cost, criterion, score, trials } = tuned;
  return { name, quality, cost, criterion, score, trials };
}
