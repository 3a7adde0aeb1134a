import type { Embedder } from '../core/embedder.ts';
import type { Quantity } from '../core/estimator.ts';
import { PointsmanError } from '../core/errors.ts';
import type { Figure, Manifest, Reliability } from '../artefacts/manifest.ts';
import { checkDestination, writeArtefact, type StateToWrite } from '../artefacts/write-artefact.ts';
import { loadCatalogue, type Catalogue } from '../routing/catalogue.ts';
import { collectDataset, rowCount, type Dataset } from './datasets/dataset.ts';
import { alignModels } from './datasets/match.ts';
import { openDataset } from './datasets/open-dataset.ts';
import { questionKey } from './datasets/question-key.ts';
import { embedDataset } from './embedded.ts';
import { estimatorNamed, fitEstimator, refitEstimator, type FitOptions, type Fitted } from './fitted.ts';
import { refuseToFitOn, splitWhole } from './load-splits.ts';
import { measureFitted } from './measure-fitted.ts';
import type { OnProgress } from './progress.ts';
import { defaultEmbedder, defaultEstimators, defaultFolds, defaultSeed } from './replay.ts';

export interface TrainOptions {
  /** A CSV file or a folder. A folder with `train` and `test` learns from the first and is measured on the second. */
  readonly data: string;
  /** Folder of the artefact; an artefact that is there is replaced. */
  readonly out: string;
  /** Only these models, in this order. Default: all of the data. */
  readonly models?: readonly string[] | undefined;
  /** Which of RouterEval's pools: `easy/5/strong_to_weak`. */
  readonly pool?: string | undefined;
  /** Default: `knn` and `ridge`. */
  readonly estimators?: readonly string[] | undefined;
  /** Default: hashing, as the gateway's. */
  readonly embedder?: Embedder | undefined;
  /** Default: what comes with Pointsman. */
  readonly catalogue?: Catalogue | undefined;
  /** Of splits, folds and resamples. Default `0`. */
  readonly seed?: string | undefined;
  /** Default 5. */
  readonly folds?: number | undefined;
  /** For choosing settings; default: the machine's cores, up to 4. The result is the same with any number. */
  readonly threads?: number | undefined;
  /** Of the intervals, at least 1; default 1,000. */
  readonly resamples?: number | undefined;
}

export interface TrainResult {
  readonly out: string;
  readonly manifest: Manifest;
  readonly warnings: readonly string[];
}

/**
 * Learns quality and cost from a data set and writes the artefact in one piece or not at all. Settings are chosen by
 * cross-validation inside the rows learned from. Figures come from rows that the measured estimators never saw: the
 * folder's test part; or, for a set in one piece, 30 % held out by a hash of the question, after which all is
 * fitted again, with the same settings, on every row. Same data and options, same bytes. Rejects with `invalid_data` and `invalid_config`; a set
 * whose rules allow evaluation only is refused.
 */
export async function runTrain(options: TrainOptions, onProgress: OnProgress = () => undefined): Promise<TrainResult> {
  const { out, seed = defaultSeed, folds = defaultFolds, resamples = 1_000 } = options;
  const names = [...new Set(options.estimators ?? defaultEstimators)];
  checkDestination(out);
  const catalogue = options.catalogue ?? (await loadCatalogue());
  for (const name of names) estimatorNamed(catalogue, name);
  const embedder = options.embedder ?? defaultEmbedder();
  const own = options.catalogue === undefined;
  const fitting: FitOptions = { catalogue, own, threads: options.threads ?? null, folds, seed, onProgress };

  const parts = await readParts(options, seed, onProgress);
  const measured = await embedDataset(parts.fit, embedder, onProgress);
  const test = await embedDataset(parts.test, embedder, onProgress);
  const whole = parts.whole === parts.fit ? measured : await embedDataset(parts.whole, embedder, onProgress);

  const figures: Figure[] = [];
  const reliability: Reliability[] = [];
  const finals: Fitted[] = [];
  for (const name of names) {
    const probe = await fitEstimator(name, measured, fitting);
    const found = measureFitted(probe, test, { resamples, seed, how: parts.how });
    figures.push(...found.figures);
    reliability.push(found.reliability);
    // With the settings that were measured, not with others that were not.
    finals.push(whole === measured ? probe : await refitEstimator(probe, whole, fitting));
  }
  onProgress({ stage: 'write', what: out, done: 0, total: 1 });
  const manifest = writeArtefact(out, {
    embedder: { id: embedder.id, dimensions: embedder.dimensions, text: parts.whole.embeddedText },
    models: [...parts.whole.models],
    recommended: recommendedOf(finals),
    sources: parts.whole.sources.map((source) => ({ ...source })),
    states: finals.flatMap(statesOf),
    tuning: finals.map(({ name, tuned }) => ({
      estimator: name,
      criterion: tuned.criterion,
      tried: tuned.trials.map(({ quantity, options, score, folds }) => ({
        quantity,
        options: { ...options },
        score,
        folds,
      })),
    })),
    figures,
    reliability,
    questionKeys: parts.whole.texts.map(questionKey),
    seed,
  });
  onProgress({ stage: 'write', what: out, done: 1, total: 1 });
  return { out, manifest, warnings: parts.warnings };
}

interface Parts {
  /** What the artefact learns from. */
  readonly whole: Dataset;
  /** What the measured estimators learn from; the same object as `whole` where the set brings its own test part. */
  readonly fit: Dataset;
  readonly test: Dataset;
  readonly how: string;
  readonly warnings: readonly string[];
}

async function readParts(
  { data: path, models, pool }: TrainOptions,
  seed: string,
  onProgress: OnProgress,
): Promise<Parts> {
  onProgress({ stage: 'read', what: path, done: 0, total: 1 });
  const opened = await openDataset(path, 'train', { models, pool });
  const whole = await collectDataset(opened.reader);
  refuseToFitOn(whole);
  const openedTest = await openDataset(path, 'test', { models, pool });
  const own = openedTest.file === opened.file ? null : await collectDataset(openedTest.reader);
  onProgress({ stage: 'read', what: path, done: 1, total: 1 });
  if (own === null) {
    const { train, test } = splitWhole(whole, seed);
    const how = `held out by a hash of the question; fitted on the other ${rowCount(train)} rows, before all were used`;
    return { whole, fit: train, test, how, warnings: whole.warnings };
  }
  const test = alignModels(own, whole.models, opened.reader.source.name);
  const how = `${openedTest.reader.source.name}, which it did not learn from`;
  return { whole, fit: whole, test, how, warnings: [...whole.warnings, ...test.warnings] };
}

/** The highest score of its tuning; of equals the first named. */
function recommendedOf(finals: readonly Fitted[]): string {
  const [first, ...others] = finals;
  if (first === undefined)
    throw new PointsmanError('invalid_config', 'train needs at least one estimator.', { param: 'estimators' });
  return others.reduce((best, each) => (each.tuned.score > best.tuned.score ? each : best), first).name;
}

function statesOf({ name, tuned, quality, cost }: Fitted): readonly StateToWrite[] {
  const entry = (
    quantity: Quantity,
    options: Readonly<Record<string, unknown>>,
    state: StateToWrite['state'],
  ): StateToWrite => ({
    estimator: name,
    quantity,
    options,
    state,
  });
  const first = entry('quality', tuned.quality, quality.save());
  return cost === null ? [first] : [first, entry('cost', tuned.cost ?? {}, cost.save())];
}
