import type { Embedder } from '../core/embedder.ts';
import type { Catalogue } from '../routing/catalogue.ts';
import { takeEmbedded, type EmbeddedDataset } from './embedded.ts';
import { fitEstimator, type Fitted } from './fitted.ts';
import { dropModel, hideModel } from './newcomer.ts';
import type { OnProgress } from './progress.ts';
import type { SplitBed } from './sweep-contender.ts';
import type { Split } from './splits.ts';

/** What all splits of a replay have in common. */
export interface SplitSetting {
  readonly catalogue: Catalogue;
  /** The catalogue is Pointsman's own: threads find policies and estimators by name. */
  readonly own: boolean;
  /** Null: as the machine allows. The result is the same with any number. */
  readonly threads: number | null;
  /** For choosing settings inside the training rows. */
  readonly folds: number;
  readonly seed: string;
  readonly embedder: Embedder;
  readonly mayLearn: boolean;
  readonly lambdas: Float64Array;
  readonly exec: SplitBed['exec'];
  readonly onProgress: OnProgress;
}

/**
 * Everything a contender works with on one split; `names` are tuned and fitted on its training rows. Rejects as
 * `fitEstimator` does.
 *
 * @param names estimators to fit, or some that were fitted before.
 */
export async function prepareSplit(
  embedded: EmbeddedDataset,
  split: Split,
  names: readonly string[] | ReadonlyMap<string, Fitted>,
  setting: SplitSetting,
): Promise<SplitBed> {
  const rows = takeEmbedded(embedded, split.train);
  const { newcomer } = split;
  const whole = newcomer === null ? rows : dropModel(rows, newcomer.model);
  const train =
    newcomer === null ? rows : hideModel(rows, newcomer.model, (row) => newcomer.probes.has(split.train[row] ?? -1));
  const fitted = new Map<string, Fitted>();
  for (const each of names) {
    if (typeof each === 'string') fitted.set(each, await fitEstimator(each, train, setting, whole));
    else fitted.set(...each);
  }
  const { folds: _, threads: __, ...rest } = setting;
  return { ...rest, train: train.dataset, whole: whole.dataset, test: takeEmbedded(embedded, split.test), fitted };
}
