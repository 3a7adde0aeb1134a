import type { Estimator, EstimatorContext } from '../core/estimator.ts';
import { fitGeneralisedLinear } from './generalised-linear.ts';
import { loadLinearPart } from './linear-part.ts';
import { trainedEstimator, type trainedDefaults } from './trained-estimator.ts';

/**
 * Log-linear regression of an amount on the embedding and the length of the prompt, one per model.
 * @param prior amount of a model never seen, in the quantity's unit.
 */
export function amountEstimator(
  name: string,
  prior: number,
  alpha: number,
  options: typeof trainedDefaults,
  context: EstimatorContext,
): Estimator {
  const family = {
    name,
    version: 1,
    prior,
    fit: (rows: Parameters<typeof fitGeneralisedLinear>[1]) => fitGeneralisedLinear(context.quantity, rows, alpha),
    load: (reader: Parameters<typeof loadLinearPart>[1], models: number, width: number) =>
      loadLinearPart(context.quantity, reader, models, width),
  };
  return trainedEstimator(family, options, context);
}
