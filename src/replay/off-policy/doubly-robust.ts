import { estimateOfMean, type Estimate } from './estimate.ts';
import type { LoggedChoices, TargetChances } from './logged-choices.ts';

/**
 * Doubly robust: (1/N) sum of [sum over a of target(a) r(a) + w (reward - r(chosen))], r a model of the reward. Right
 * where the propensities are right, whatever the model; as steady as the model is good. The model must not have seen
 * the row it is used for (`crossFitMeans`, or one fitted on other data), else the interval is too narrow.
 * Source: Dudik, Langford and Li, ICML 2011; cross-fitting after Chernozhukov et al. 2018.
 *
 * @param weights [N] of `importanceWeights`, clipped or not.
 * @param model [N x M] predicted reward of each model.
 */
export function doublyRobust(
  log: LoggedChoices,
  target: TargetChances,
  weights: Float64Array,
  model: Float64Array,
): Estimate {
  return estimateOfMean(doublyRobustTerms(log, target, weights, model));
}

/** [N] what `doublyRobust` is the mean of. */
export function doublyRobustTerms(
  log: LoggedChoices,
  target: TargetChances,
  weights: Float64Array,
  model: Float64Array,
): Float64Array {
  return weights.map((weight, query) => {
    const start = query * log.models;
    let direct = 0;
    for (let cell = start; cell < start + log.models; cell++) direct += (target[cell] ?? 0) * (model[cell] ?? 0);
    const predicted = model[start + (log.chosen[query] ?? 0)] ?? 0;
    return direct + weight * ((log.reward[query] ?? 0) - predicted);
  });
}
