import type { EstimatorDefinition } from '../core/estimator.ts';
import { rowCount } from './datasets/dataset.ts';
import { inputOf, trainingRows, type FittedQuantity } from './embedded.ts';
import { withoutFold, type Folded } from './folded.ts';

/** Options as an estimator takes them. */
export type Options = Readonly<Record<string, unknown>>;

/** One setting of one quantity, and its predictions [N x M] as far as its folds were predicted. */
export interface Entrant {
  readonly quantity: FittedQuantity;
  readonly options: Options;
  readonly predictions: Float64Array;
}

export function entrant(folded: Folded, quantity: FittedQuantity, options: Options): Entrant {
  const { dataset } = folded.data;
  return { quantity, options, predictions: new Float64Array(rowCount(dataset) * dataset.models.length) };
}

/**
 * Fills in what each entrant predicts for the rows of `fold`, fitted on all other folds. All entrants are fitted on the
 * same arrays, so an estimator may keep what settings and quantities have in common.
 */
export function predictFold(
  folded: Folded,
  fold: number,
  definition: EstimatorDefinition,
  entrants: readonly Entrant[],
  onStep: () => void,
): void {
  const { data, starts } = folded;
  const [from = 0, to = 0] = [starts[fold], starts[fold + 1]];
  const { models } = data.dataset;
  const candidates = models.map((model) => ({ model, price: null }));
  const rest = withoutFold(folded, fold);
  for (const { quantity, options, predictions } of entrants) {
    const rows = trainingRows(rest, quantity);
    if (rows !== null && to > from) {
      const estimator = definition.create(options, { quantity, dimensions: data.dimensions });
      estimator.fit(rows);
      for (let row = from; row < to; row++) {
        predictions.set(estimator.predict(inputOf(data, row), candidates).mean, row * models.length);
      }
    }
    onStep();
  }
}
