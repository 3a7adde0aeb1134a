import type { Embedder } from '../core/embedder.ts';
import { PointsmanError } from '../core/errors.ts';
import type { Estimator, EstimatorDefinition } from '../core/estimator.ts';
import type { Catalogue } from '../routing/catalogue.ts';
import type { EstimatorSlots } from '../routing/predictor.ts';
import type { Options } from './cross-predict.ts';
import { trainingRows, type EmbeddedDataset, type FittedQuantity } from './embedded.ts';
import { tuneEstimator, type Tuned } from './tune.ts';
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
 * Tunes inside `data`, then fits on all of it. Rejects with `invalid_config` for a name that the catalogue lacks.
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
  const tuned = await tuneEstimator(tuneOn, { ...options, name, definition });
  options.onProgress({ stage: 'fit', what: name, done: 0, total: 1 });
  const fit = (quantity: FittedQuantity, setting: Options): Estimator | null => {
    const rows = trainingRows(data, quantity);
    if (rows === null) return null;
    const estimator = definition.create(setting, { quantity, dimensions: data.dimensions });
    estimator.fit(rows);
    return estimator;
  };
  const quality = fit('quality', tuned.quality);
  if (quality === null) throw new PointsmanError('internal_error', `${data.dataset.name} has no quality.`);
  const cost = tuned.cost === null ? null : fit('cost', tuned.cost);
  options.onProgress({ stage: 'fit', what: name, done: 1, total: 1 });
  return { name, definition, tuned, quality, cost };
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
