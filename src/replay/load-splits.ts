import { PointsmanError } from '../core/errors.ts';
import { collectDataset, rowCount, takeRows, type Dataset, type DataSource } from './datasets/dataset.ts';
import { alignModels } from './datasets/match.ts';
import { openDataset, type OpenOptions } from './datasets/open-dataset.ts';
import { placeRows } from './datasets/split.ts';
import { cutsItself, describeProtocol, type Protocol } from './protocol.ts';
import type { OnProgress } from './progress.ts';

/** The rows of a replay in one table, and which of them are for what unless a protocol cuts them otherwise. */
export interface LoadedRows {
  readonly pool: Dataset;
  /** Rows of the pool, ascending; both empty where the protocol cuts by itself. */
  readonly train: readonly number[];
  readonly test: readonly number[];
  readonly trainSources: readonly DataSource[];
  readonly testSources: readonly DataSource[];
  /** How the two came apart, for the report. */
  readonly how: string;
  readonly warnings: readonly string[];
}

export interface LoadOptions {
  /** Null: nothing is trained, every row of `test` is tested. */
  readonly train: string | null;
  /** Null: the test part of `train`. */
  readonly test: string | null;
  readonly protocol: Protocol;
  readonly seed: string;
  /** Which models to compare, and what counts as cost. */
  readonly open: OpenOptions;
}

/** Share of a set without a split of its own that is held out for testing. */
export const heldShare = 0.3;

/**
 * Reads both parts, with the same models in the same order. One file for both is split by a hash of the question; a
 * protocol that cuts by itself gets every row of `train`, of all its parts. Rejects with `invalid_data`.
 */
export async function loadRows(options: LoadOptions, onProgress: OnProgress): Promise<LoadedRows> {
  const { train, protocol, seed } = options;
  if (train === null) return await loadTest(options.test ?? '', options.open, onProgress);
  const test = options.test ?? train;
  if (!cutsItself(protocol)) return await loadParts({ ...options, train, test }, seed, onProgress);
  if (test !== train) {
    throw new PointsmanError(
      'invalid_config',
      `protocol "${protocol.type}" cuts the rows of --train by itself; leave --test out.`,
      { param: 'protocol' },
    );
  }
  onProgress({ stage: 'read', what: train, done: 0, total: 1 });
  const opened = await openDataset(train, 'all', options.open);
  const pool = await collectDataset(opened.reader);
  onProgress({ stage: 'read', what: train, done: 1, total: 1 });
  return {
    pool,
    train: [],
    test: [],
    trainSources: pool.sources,
    testSources: pool.sources,
    how: `${opened.reader.source.name}, ${rowCount(pool)} rows: ${describeProtocol(protocol)}`,
    warnings: [...pool.warnings],
  };
}

async function loadTest(path: string, open: OpenOptions, onProgress: OnProgress): Promise<LoadedRows> {
  onProgress({ stage: 'read', what: path, done: 0, total: 1 });
  const { reader } = await openDataset(path, 'test', open);
  const pool = await collectDataset(reader);
  onProgress({ stage: 'read', what: path, done: 1, total: 1 });
  return {
    pool,
    train: [],
    test: Array.from({ length: rowCount(pool) }, (_, row) => row),
    trainSources: [],
    testSources: pool.sources,
    how: `${reader.source.name}, ${rowCount(pool)} rows, tests`,
    warnings: [...pool.warnings],
  };
}

async function loadParts(
  { train: trainPath, test: testPath, open }: LoadOptions & { readonly train: string; readonly test: string },
  seed: string,
  onProgress: OnProgress,
): Promise<LoadedRows> {
  onProgress({ stage: 'read', what: trainPath, done: 0, total: 2 });
  const opened = await openDataset(trainPath, 'train', open);
  const whole = await collectDataset(opened.reader);
  onProgress({ stage: 'read', what: testPath, done: 1, total: 2 });
  const openedTest = await openDataset(testPath, 'test', open);
  if (openedTest.file === opened.file) {
    onProgress({ stage: 'read', what: testPath, done: 2, total: 2 });
    const { train, test, how } = splitIndices(whole, seed);
    const { sources, warnings } = whole;
    return { pool: whole, train, test, trainSources: sources, testSources: sources, how, warnings };
  }
  const other = alignModels(await collectDataset(openedTest.reader), whole.models, opened.reader.source.name);
  onProgress({ stage: 'read', what: testPath, done: 2, total: 2 });
  if ((whole.costUsd === null) !== (other.costUsd === null)) {
    const [without, priced] = whole.costUsd === null ? [whole, other] : [other, whole];
    throw new PointsmanError(
      'invalid_data',
      `${without.sources[0]?.name ?? without.name}: it has no cost, ${priced.sources[0]?.name ?? priced.name} has; give both or neither.`,
    );
  }
  const warnings = [...new Set([...whole.warnings, ...other.warnings])];
  if (whole.embeddedText !== other.embeddedText) {
    warnings.push(`train embeds the ${whole.embeddedText}, test the ${other.embeddedText}`);
  }
  const rows = rowCount(whole);
  return {
    pool: { ...joinRows(whole, other), embeddedText: other.embeddedText },
    train: Array.from({ length: rows }, (_, row) => row),
    test: Array.from({ length: rowCount(other) }, (_, row) => rows + row),
    trainSources: whole.sources,
    testSources: other.sources,
    how: `${opened.reader.source.name} trains, ${openedTest.reader.source.name} tests`,
    warnings,
  };
}

/** The rows of both, in one table. Both have the same models in the same order, and cost or none. */
function joinRows(first: Dataset, second: Dataset): Dataset {
  const join = (a: Float64Array, b: Float64Array): Float64Array => {
    const out = new Float64Array(a.length + b.length);
    out.set(a);
    out.set(b, a.length);
    return out;
  };
  const { costUsd } = first;
  return {
    ...first,
    sources: [...first.sources, ...second.sources],
    warnings: [...first.warnings, ...second.warnings],
    sampleIds: [...first.sampleIds, ...second.sampleIds],
    prompts: [...first.prompts, ...second.prompts],
    texts: [...first.texts, ...second.texts],
    groups: [...first.groups, ...second.groups],
    quality: join(first.quality, second.quality),
    costUsd: costUsd === null || second.costUsd === null ? null : join(costUsd, second.costUsd),
  };
}

/** For a set that comes in one piece. Throws `invalid_data` where it is too small for two parts. */
export function splitWhole(whole: Dataset, seed: string): { train: Dataset; test: Dataset; how: string } {
  const { train, test, how } = splitIndices(whole, seed);
  return { train: takeRows(whole, train), test: takeRows(whole, test), how };
}

function splitIndices(whole: Dataset, seed: string): { train: number[]; test: number[]; how: string } {
  const test: number[] = [];
  const train: number[] = [];
  placeRows(whole, seed).forEach((place, row) => (place < heldShare ? test : train).push(row));
  const name = whole.sources[0]?.name ?? whole.name;
  if (test.length === 0 || train.length === 0) {
    throw new PointsmanError(
      'invalid_data',
      `${name}: ${rowCount(whole)} rows are too few to split into train and test.`,
    );
  }
  const how = `${name} split by a hash of the question: ${train.length} rows train, ${test.length} test`;
  return { train, test, how };
}

/** Throws `invalid_data` where the owner of a set rules fitting out. */
export function refuseToFitOn(dataset: Pick<Dataset, 'sources'>): void {
  const source = dataset.sources.find(({ use }) => use === 'evaluation-only');
  if (source === undefined) return;
  throw new PointsmanError(
    'invalid_data',
    `${source.name}: its rules allow evaluation only (use in meta.json), so nothing is fitted or tuned on it; ` +
      'train on another set, replay an artefact (--artefact), or leave estimators out (-e none -p static,random).',
  );
}

/** As `loadRows` by file, each part a data set of its own. */
export async function loadSplits(
  train: string,
  test: string,
  seed: string,
  onProgress: OnProgress,
): Promise<{ readonly train: Dataset; readonly test: Dataset; readonly how: string }> {
  const loaded = await loadRows({ train, test, protocol: { type: 'file' }, seed, open: {} }, onProgress);
  const part = (rows: readonly number[], sources: readonly DataSource[]): Dataset => ({
    ...takeRows(loaded.pool, rows),
    sources,
  });
  return {
    train: part(loaded.train, loaded.trainSources),
    test: part(loaded.test, loaded.testSources),
    how: loaded.how,
  };
}
