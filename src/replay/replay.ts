import type { Embedder } from '../core/embedder.ts';
import { PointsmanError } from '../core/errors.ts';
import { createHashingEmbedder, defaultDimensions } from '../embedding/hashing.ts';
import { loadCatalogue, type Catalogue } from '../routing/catalogue.ts';
import { compareRuns, withParetoDistances, type RankedRun } from './compare-runs.ts';
import { contendersOf, type Contender, type PolicyToReplay } from './contenders.ts';
import { rowCount, takeRows, type Dataset, type DataSource } from './datasets/dataset.ts';
import { countSharedQuestions } from './datasets/match.ts';
import { createEmbeddingCache } from './embedding-cache.ts';
import { embedOnce, withEmbeddings, withoutEmbeddings, type EmbeddedDataset } from './embedded.ts';
import type { Fitted } from './fitted.ts';
import { lambdasFor } from './lambdas.ts';
import { loadRows, refuseToFitOn, type LoadedRows } from './load-splits.ts';
import { measureBaselines, measureRun, type TestBed } from './measure-run.ts';
import { queriesByGroup } from './metrics/groups.ts';
import { curvePoints } from './metrics/outcomes.ts';
import { singleModels } from './metrics/singles.ts';
import { readOwnEmbeddings } from './outside/own-embeddings.ts';
import { readRouterFile } from './outside/predictions-file.ts';
import { checkPair, choosePair } from './pair-models.ts';
import { poolSweeps, testedRows } from './pool-sweeps.ts';
import type { OnProgress } from './progress.ts';
import { describeProtocol, parseProtocol, type Protocol } from './protocol.ts';
import type { EstimatorSummary, ReplayResult } from './replay-result.ts';
import { splitFigures } from './split-figures.ts';
import { splitPool, type Split } from './splits.ts';
import { describeTrained, openTrained, refusalOf, restoreTrained, summariseTrained, warningsOf } from './trained.ts';
import { sweepSplits } from './split-threads.ts';
import type { ContenderSweep } from './sweep-contender.ts';

export type { PolicyToReplay } from './contenders.ts';

export interface ReplayOptions {
  /** A file or a folder; a folder gives its `train`, else its `all`. May be left out where there is an artefact. */
  readonly train?: string | undefined;
  /** A file or a folder; a folder gives its `test`, else its `all`. The same `all` twice is split by hash. Default: `train`. */
  readonly test?: string | undefined;
  /** Folder that `train` wrote: its estimators take part as they are, and nothing is fitted. Protocol `file` only. */
  readonly artefact?: string | undefined;
  /** Default: `cost-aware`. `exec:COMMAND` is a program of somebody else. */
  readonly policies?: readonly PolicyToReplay[] | undefined;
  /** Each policy that reads predictions runs with each of these. Default: `knn` and `ridge`, or all of the artefact. */
  readonly estimators?: readonly string[] | undefined;
  /** Files of somebody else's estimates or choices; see `outside/predictions-file.ts`. */
  readonly predictions?: readonly string[] | undefined;
  /** Default: hashing, as the gateway's. */
  readonly embedder?: Embedder | undefined;
  /** .npy files of somebody else's vectors, in place of an embedder. */
  readonly embeddings?: readonly string[] | undefined;
  /** Default: policies and estimators that come with Pointsman. */
  readonly catalogue?: Catalogue | undefined;
  /** Only these models, in this order. Default: all of the data. */
  readonly models?: readonly string[] | undefined;
  /** The attribute that counts as cost, e.g. `energy_joules` for columns `<model>|energy_joules`. Default: dollars. */
  readonly cost?: string | undefined;
  /** Which of RouterEval's pools: `easy/5/strong_to_weak`. */
  readonly pool?: string | undefined;
  /** See `protocol.ts`. Default `file`. */
  readonly protocol?: string | undefined;
  /** The two models that PGR, APGR and CPT are about. Default: the best single model and the cheapest, of the test rows. */
  readonly strong?: string | undefined;
  readonly weak?: string | undefined;
  /** Refuses where test asks what training asks too, instead of counting it. */
  readonly strict?: boolean | undefined;
  /** Of splits, folds, resamples and decision streams. Default `0`. */
  readonly seed?: string | undefined;
  /** Of the bootstrap; default 1,000. 0: no intervals. */
  readonly resamples?: number | undefined;
  /** For choosing settings inside the training rows; default 5. */
  readonly folds?: number | undefined;
  /** For choosing settings; default: the machine's cores, up to 4. The result is the same with any number. */
  readonly threads?: number | undefined;
  /** Folder in which embeddings are kept. Default: none is. */
  readonly cache?: string | undefined;
  /** False: no text of a query goes into the result. Default true. */
  readonly texts?: boolean | undefined;
  /** How long a program may take for one answer, in milliseconds. Default 30,000; twenty times that to start and to learn. */
  readonly execTimeoutMs?: number | undefined;
}

/** Times of programs that were run, apart from the result: another run has others. */
export interface ReplayTiming {
  readonly label: string;
  /** One number a query, over all splits. */
  readonly latencyMs: Float64Array;
}

export const defaultEstimators = ['knn', 'ridge'] as const;
export const defaultFolds = 5;
export const defaultSeed = '0';
const defaultResamples = 1_000;
const defaultExecTimeoutMs = 30_000;
const fitTimes = 20;

/** The gateway's own default embedder. */
export const defaultEmbedder = (): Embedder => createHashingEmbedder({ dimensions: defaultDimensions });

/**
 * Trains on one part of a data set, routes the other part with the code that serves, and measures what came of it; under
 * a protocol of several splits, again and again. Same data and options, same result, bit for bit. Rejects with
 * `invalid_data` (file, row and column) and `invalid_config` (policies, estimators and their options).
 *
 * @param onTiming is told of each program that was run.
 */
export async function runReplay(
  options: ReplayOptions,
  onProgress: OnProgress = () => undefined,
  onTiming: (timing: ReplayTiming) => void = () => undefined,
): Promise<ReplayResult> {
  const { seed = defaultSeed, folds = defaultFolds, resamples = defaultResamples } = options;
  const protocolName = options.protocol ?? 'file';
  const protocol = parseProtocol(protocolName);
  const catalogue = options.catalogue ?? (await loadCatalogue());
  const policies = options.policies ?? [{ name: 'cost-aware' }];
  const trained = options.artefact === undefined ? null : openTrained(options.artefact);
  const estimators = options.estimators ?? trained?.names ?? defaultEstimators;
  checkParts(options, protocol);
  // Whatever is misspelt is told before anything is read.
  contendersOf(policies, estimators, [], catalogue);

  const loaded = await loadRows(
    {
      train: options.train ?? null,
      test: options.test ?? null,
      protocol,
      seed,
      open: { models: options.models, cost: options.cost, pool: options.pool },
    },
    onProgress,
  );
  const { pool } = loaded;
  checkPair(options, pool.models);
  const files = await Promise.all((options.predictions ?? []).map((path) => readRouterFile(path, pool.models)));
  const contenders = contendersOf(policies, estimators, files, catalogue);
  const names = [...new Set(contenders.flatMap((each) => estimatorOf(each)))];
  if (names.length > 0 && trained === null) refuseToFitOn({ sources: loaded.trainSources });
  const splits = options.train === undefined ? [untrained(loaded)] : splitPool(loaded, protocol, seed);
  const overlap = overlapOf(pool, splits);
  if (options.strict === true && overlap.rows > 0) throw overlapError(overlap);
  const summary =
    trained === null ? null : summariseTrained(trained, takeRows(pool, loaded.train), takeRows(pool, loaded.test));
  const refusal = summary === null || options.strict !== true ? null : refusalOf(summary);
  if (refusal !== null) throw refusal;

  const { embedded, embedder } = await embed(options, pool, names.length > 0, onProgress);
  const timeoutMs = options.execTimeoutMs ?? defaultExecTimeoutMs;
  const mayLearn = options.train !== undefined && loaded.trainSources.every(({ use }) => use !== 'evaluation-only');
  const restored =
    trained === null ? null : restoreTrained(trained, { names, catalogue, embedder, hasCost: pool.costUsd !== null });

  const sweeps = await sweepSplits(contenders, splits, embedded, restored ?? names, {
    catalogue,
    own: options.catalogue === undefined,
    threads: options.threads ?? null,
    folds,
    seed,
    embedder,
    mayLearn,
    lambdas: lambdasFor(pool.costUsd),
    exec: { timeoutMs, fitTimeoutMs: timeoutMs * fitTimes },
    onProgress,
  });

  const tested = testedRows(splits);
  const dataset = takeRows(pool, tested);
  const hasCost = pool.costUsd !== null;
  const singles = singleModels(pool.models.length, dataset.quality, dataset.costUsd);
  const pair = choosePair(options, pool.models, singles, hasCost);
  const bed: TestBed = {
    models: pool.models,
    hasCost,
    singles,
    pair: pair.places,
    groups: queriesByGroup(dataset.groups),
    dataset,
    resamples,
    seed,
    withTexts: options.texts ?? true,
    isUsd: options.cost === undefined,
  };
  for (const each of sweeps) tellTiming(each, onTiming);
  const runs = sweeps.map((each) => runOf(each, { pool, splits, tested, bed, onProgress }));
  const points = curvePoints(bed.singles);
  const { embeddedText } = pool;
  return {
    format: 2,
    train: summaryOf(loaded.trainSources, options.train === undefined ? 0 : loaded.train.length || rowCount(pool)),
    test: summaryOf(loaded.testSources, tested.length),
    split: summary === null ? loaded.how : `${loaded.how}; ${describeTrained(summary)}`,
    artefact: summary,
    protocol: { name: protocolName, text: describeProtocol(protocol), splits: splits.length },
    costUnit: options.cost ?? 'usd',
    overlap,
    embedder: { id: embedder.id, dimensions: embedder.dimensions, text: embeddedText },
    seed,
    resamples,
    folds,
    warnings: [
      ...loaded.warnings,
      ...(summary === null ? [] : warningsOf(summary)),
      ...moreWarnings(overlap, contenders, {
        bed,
        mayLearn,
        hasTrain: options.train !== undefined,
        protocol: protocol.type,
      }),
    ],
    models: points.map((point, m) => ({ model: bed.models[m] ?? '', ...point })),
    baselines: measureBaselines(bed),
    pair: pair.told,
    runs: withParetoDistances(
      runs.map(({ result }) => result),
      points,
    ),
    comparisons: compareRuns(runs),
  };
}

/** Throws `invalid_config` where what is asked for does not go together. */
function checkParts({ train, test, artefact }: ReplayOptions, protocol: Protocol): void {
  const refuse = (message: string, param: string): never => {
    throw new PointsmanError('invalid_config', message, { param });
  };
  if (artefact === undefined)
    return train === undefined ? refuse('replay needs --train, or --artefact.', 'train') : undefined;
  if (protocol.type !== 'file') {
    refuse(
      `an artefact was trained once, so protocol "${protocol.type}" has nothing to vary; leave it out.`,
      'protocol',
    );
  }
  if (train === undefined && test === undefined) refuse('an artefact needs --test, the data to be judged on.', 'test');
}

/** Every row is tested and none is learned from. */
const untrained = ({ test }: LoadedRows): Split => ({ label: 'test', train: [], test, newcomer: null });

async function embed(
  options: ReplayOptions,
  pool: Dataset,
  isNeeded: boolean,
  onProgress: OnProgress,
): Promise<{ embedded: EmbeddedDataset; embedder: Embedder }> {
  const embedder = options.embedder ?? defaultEmbedder();
  if (options.embeddings !== undefined && options.embeddings.length > 0) {
    const { id, dimensions, embeddings } = readOwnEmbeddings(options.embeddings, rowCount(pool));
    const refuse = (): never => {
      throw new PointsmanError('internal_error', 'Vectors from a file are known for its rows only.');
    };
    return { embedded: withEmbeddings(pool, dimensions, embeddings), embedder: { id, dimensions, embed: refuse } };
  }
  if (!isNeeded) return { embedded: withoutEmbeddings(pool), embedder };
  const cache = options.cache === undefined ? null : createEmbeddingCache(options.cache);
  return { embedded: await embedOnce(pool, embedder, cache, onProgress, options.threads ?? null), embedder };
}

interface RunContext {
  readonly pool: Dataset;
  readonly splits: readonly Split[];
  readonly tested: readonly number[];
  readonly bed: TestBed;
  readonly onProgress: OnProgress;
}

/** One contender over all splits. */
function runOf(each: readonly ContenderSweep[], { pool, splits, tested, bed, onProgress }: RunContext): RankedRun {
  const [first] = each;
  if (first === undefined) throw new PointsmanError('internal_error', 'A contender ran on no split.');
  const { label, policy, options, fitted, origin } = first;
  onProgress({ stage: 'bootstrap', what: label, done: 0, total: 1 });
  const sweep = poolSweeps(
    each.map((part, i) => ({ test: splits[i]?.test ?? [], sweep: part.sweep })),
    tested,
    pool.models.length,
  );
  const { figures: measured, rank } = measureRun(bed, sweep);
  const figures = splitFigures(
    pool,
    splits,
    each.map((part) => part.sweep),
    bed,
  );
  onProgress({ stage: 'bootstrap', what: label, done: 1, total: 1 });
  const { axis } = sweep;
  return {
    rank,
    result: {
      label,
      policy,
      options,
      estimator: fitted === null ? null : estimatorSummary(fitted),
      axis: axis.type === 'lambda' ? 'lambda' : axis.type === 'option' ? axis.option : null,
      ...measured,
      origin,
      splits: figures,
    },
  };
}

/** The estimators that it needs. */
function estimatorOf(contender: Contender): readonly string[] {
  return contender.type === 'policy' && contender.estimator !== null ? [contender.estimator] : [];
}

function overlapOf(pool: Dataset, splits: readonly Split[]): ReplayResult['overlap'] {
  let rows = 0;
  let tested = 0;
  for (const { train, test } of splits) {
    rows += countSharedQuestions(takeRows(pool, train), takeRows(pool, test));
    tested += test.length;
  }
  return { rows, tested };
}

function overlapError({ rows, tested }: ReplayResult['overlap']): PointsmanError {
  return new PointsmanError(
    'invalid_data',
    `${rows} of ${tested} test rows ask a question that the training rows ask too, which --strict refuses; take them out or choose protocol kfold or hash.`,
  );
}

function moreWarnings(
  overlap: ReplayResult['overlap'],
  contenders: readonly Contender[],
  {
    bed,
    mayLearn,
    hasTrain,
    protocol,
  }: {
    readonly bed: TestBed;
    readonly mayLearn: boolean;
    readonly hasTrain: boolean;
    readonly protocol: string;
  },
): readonly string[] {
  const { rows, tested } = overlap;
  const fromFiles = contenders.flatMap((each) => ('file' in each ? [each.file.file] : []));
  return [
    ...(rows === 0 ? [] : [`${rows} of ${tested} test rows ask a question that the training rows ask too`]),
    ...(bed.hasCost ? [] : ['the data set knows no cost: quality alone is replayed, there is no curve and no AIQ']),
    ...(mayLearn || !contenders.some(({ type }) => type === 'exec')
      ? []
      : [
          `${hasTrain ? 'the rules of the training data allow evaluation only' : 'there is no --train'}: programs were given no training rows`,
        ]),
    ...[...new Set(fromFiles)].map(
      (file) => `${file}: what it learned from is not known here, so its overlap with the test rows is not either`,
    ),
    ...(protocol === 'time' ? ['time order: the order of the rows in the data is taken as the order in time'] : []),
  ];
}

function tellTiming(each: readonly ContenderSweep[], onTiming: (timing: ReplayTiming) => void): void {
  const latencies = each.flatMap(({ latencyMs }) => (latencyMs === null ? [] : [...latencyMs]));
  if (latencies.length > 0) onTiming({ label: each[0]?.label ?? '', latencyMs: Float64Array.from(latencies) });
}

const summaryOf = (sources: readonly DataSource[], rows: number): ReplayResult['train'] => ({ sources, rows });

function estimatorSummary({ name, tuned }: Pick<Fitted, 'name' | 'tuned'>): EstimatorSummary {
  const { quality, cost, criterion, score, trials } = tuned;
  return { name, quality, cost, criterion, score, trials };
}
