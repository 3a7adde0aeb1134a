import type { Embedder } from '../core/embedder.ts';
import { PointsmanError } from '../core/errors.ts';
import type { Estimator, EstimatorDefinition } from '../core/estimator.ts';
import { hash32 } from '../core/random.ts';
import type { Catalogue } from '../routing/catalogue.ts';
import type { EstimatorSlots } from '../routing/predictor.ts';
import type { Options } from './cross-predict.ts';
import { chooseAlternative } from './choose-alternative.ts';
import { takeEmbedded, trainingRows, type EmbeddedDataset, type FittedQuantity } from './embedded.ts';
import { alternativesOfEach, fitEach, type FitPlan, type FitWhat } from './fit-thread.ts';
import { settingOf, tuneEstimator, type Tuned } from './tune.ts';
import type { OnProgress } from './progress.ts';

/** One estimator of the catalogue, tuned and fitted for quality and, where there is cost, for cost. */
export interface Fitted {
  readonly name: string;
  readonly definition: EstimatorDefinition;
  readonly tuned: Tuned;
  readonly quality: Estimator;
  readonly cost: Estimator | null;
}

export interface FitOptions {
  readonly catalogue: Catalogue;
  /** The catalogue is Pointsman's own: threads can find its estimators by name. */
  readonly own: boolean;
  /** Null: as the machine allows. The result is the same with any number. */
  readonly threads: number | null;
  readonly folds: number;
  readonly seed: string;
  readonly onProgress: OnProgress;
}

/**
 * Tunes inside `data` (on 8,000 of its rows where it has more), then fits on all of it. Rejects with `invalid_config` for a name that the catalogue lacks.
 *
 * @param tuneOn instead of `data`, where that has outcomes missing: settings are chosen on whole rows.
 */
export async function fitEstimator(
  name: string,
  data: EmbeddedDataset,
  options: FitOptions,
  tuneOn: EmbeddedDataset = data,
): Promise<Fitted> {
  const definition = estimatorNamed(options.catalogue, name);
  const plan = { ...options, name, definition };
  const tuned = (await tuneByAlternatives(data, plan)) ?? (await tuneEstimator(sampleOf(tuneOn, options.seed), plan));
  return await fitTuned(name, tuned, data, options);
}

/** The same settings on other rows. */
export const refitEstimator = ({ name, tuned }: Fitted, data: EmbeddedDataset, options: FitOptions): Promise<Fitted> =>
  fitTuned(name, tuned, data, options);

/** Settings are compared on at most so many rows: on more the same ones win, only later. */
const mostTuned = 8000;

/** By a hash of the question. */
function sampleOf(data: EmbeddedDataset, seed: string): EmbeddedDataset {
  const { texts } = data.dataset;
  if (texts.length <= mostTuned) return data;
  const hashes = texts.map((text) => hash32(text, hash32(seed)));
  const order = [...texts.keys()].sort((a, b) => (hashes[a] ?? 0) - (hashes[b] ?? 0) || a - b);
  return takeEmbedded(
    data,
    order.slice(0, mostTuned).sort((a, b) => a - b),
  );
}

async function fitTuned(name: string, tuned: Tuned, data: EmbeddedDataset, options: FitOptions): Promise<Fitted> {
  const definition = estimatorNamed(options.catalogue, name);
  const plan = { ...options, name, definition };
  options.onProgress({ stage: 'fit', what: name, done: 0, total: 1 });
  const [quality, cost = null] = await fitEach(
    whatToFit(data, (quantity) => tuned[quantity]),
    plan,
  );
  if (quality === undefined) throw new PointsmanError('internal_error', `${data.dataset.name} has no quality.`);
  options.onProgress({ stage: 'fit', what: name, done: 1, total: 1 });
  return { name, definition, tuned, quality, cost };
}

/** Null for an estimator without alternatives, and where there are too few rows for any. */
async function tuneByAlternatives(data: EmbeddedDataset, plan: FitPlan & FitOptions): Promise<Tuned | null> {
  const { definition, name, onProgress } = plan;
  if (definition.alternatives === undefined) return null;
  onProgress({ stage: 'tune', what: name, done: 0, total: 1 });
  const setting = settingOf(definition, name);
  const [quality = null, cost = null] = await alternativesOfEach(
    whatToFit(data, () => setting),
    plan,
  );
  onProgress({ stage: 'tune', what: name, done: 1, total: 1 });
  if (quality === null || (cost === null && data.dataset.costUsd !== null)) return null;
  return chooseAlternative(data, quality, cost);
}

/** Quality first, then cost where it is known and has options. */
function whatToFit(data: EmbeddedDataset, optionsOf: (quantity: FittedQuantity) => Options | null): readonly FitWhat[] {
  return (['quality', 'cost'] as const).flatMap((quantity): readonly FitWhat[] => {
    const options = optionsOf(quantity);
    const rows = options === null ? null : trainingRows(data, quantity);
    return options === null || rows === null ? [] : [{ quantity, options, rows }];
  });
}

/** As a route takes them. */
export function slotsOf(fitted: Fitted, embedder: Pick<Embedder, 'id'>): EstimatorSlots {
  const { name, definition, quality, cost, tuned } = fitted;
  const fingerprint = (options: Options | null): string => JSON.stringify([name, options, embedder.id]);
  const slot = { name, definition };
  return {
    quality: { ...slot, estimator: quality, fingerprint: fingerprint(tuned.quality) },
    ...(cost === null ? {} : { cost: { ...slot, estimator: cost, fingerprint: fingerprint(tuned.cost) } }),
  };
}

/** Throws `invalid_config` listing what there is. */
export function estimatorNamed(catalogue: Catalogue, name: string): EstimatorDefinition {
  const definition = catalogue.estimators.get(name);
  const able = definition === undefined ? [] : definition.quantities;
  if (definition !== undefined && able.includes('quality') && able.includes('cost')) return definition;
  const known = [...catalogue.estimators.keys()].join(', ');
  const why =
    definition === undefined ? `there is no estimator "${name}"` : `"${name}" estimates ${able.join(', ')} only`;
  throw new PointsmanError('invalid_config', `${why}; there is ${known}.`, { param: 'estimators' });
}
