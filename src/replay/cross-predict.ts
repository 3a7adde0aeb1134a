import type { EstimatorDefinition } from '../core/estimator.ts';
import type { FittedQuantity } from './embedded.ts';
import { rowsOfFold, withoutFold, type Folded } from './folded.ts';

/** Options as an estimator takes them. */
export type Options = Readonly<Record<string, unknown>>;

/** One setting for one quantity. */
export interface Setting {
  readonly quantity: FittedQuantity;
  readonly options: Options;
}

/**
 * For each setting, predictions [rows of the fold x M] by an estimator that was fitted on all other folds. All are
 * fitted on the same arrays, so an estimator may keep what settings and quantities have in common. A quantity that the
 * data set does not know comes back as zeros.
 */
export function crossPredict(
  folded: Folded,
  fold: number,
  definition: EstimatorDefinition,
  settings: readonly Setting[],
): readonly Float64Array[] {
  const { from, to } = rowsOfFold(folded, fold);
  const { models, dimensions, embeddings, promptTokens } = folded;
  const candidates = models.map((model) => ({ model, price: null }));
  const rest = withoutFold(folded, fold);
  return settings.map(({ quantity, options }) => {
    const out = new Float64Array((to - from) * models.length);
    const rows = rest[quantity];
    if (rows === undefined || to === from) return out;
    const estimator = definition.create(options, { quantity, dimensions });
    estimator.fit(rows);
    for (let row = from; row < to; row++) {
      const embedding = embeddings.subarray(row * dimensions, (row + 1) * dimensions);
      const { mean } = estimator.predict({ embedding, promptTokens: promptTokens[row] ?? 0 }, candidates);
      out.set(mean, (row - from) * models.length);
    }
    return out;
  });
}
