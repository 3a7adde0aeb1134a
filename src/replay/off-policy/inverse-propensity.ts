import { estimateOfMean, withSpread, type Estimate } from './estimate.ts';

/**
 * Inverse propensity scoring: (1/N) sum of w r. Unbiased where the log supports the target; its variance grows with the
 * weights, and it may leave the range of the rewards.
 * Source: Horvitz and Thompson 1952; for logged decisions Precup, Sutton and Singh, ICML 2000.
 */
export function inversePropensity(weights: Float64Array, reward: Float64Array): Estimate {
  return estimateOfMean(weights.map((weight, query) => weight * (reward[query] ?? 0)));
}

/**
 * Self-normalised IPS: sum of w r / sum of w. A little biased in small logs, far steadier, and always within the range
 * of the rewards. The interval is the delta method's: the spread of w (r - value) / mean weight.
 * Source: Swaminathan and Joachims, NeurIPS 2015; Hesterberg 1995. NaN where every weight is 0.
 */
export function selfNormalised(weights: Float64Array, reward: Float64Array): Estimate {
  const { value, influence } = selfNormalisedTerms(weights, reward);
  return withSpread(value, influence);
}

/** The value, and [N] how far each row pulls it away: to first order, value - truth is their mean. */
export function selfNormalisedTerms(
  weights: Float64Array,
  reward: Float64Array,
): { readonly value: number; readonly influence: Float64Array } {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let weighted = 0;
  weights.forEach((weight, query) => (weighted += weight * (reward[query] ?? 0)));
  const value = weighted / total;
  const mean = total / weights.length;
  return { value, influence: weights.map((weight, query) => (weight * ((reward[query] ?? 0) - value)) / mean) };
}

/**
 * IPS with no weight above `limit`: less variance for a bias towards 0, so with rewards >= 0 it is a careful estimate
 * from below. The interval knows nothing of that bias.
 * Source: Ionides, J. Comput. Graph. Stat. 2008 (limit = the square root of N); Bottou et al., JMLR 2013.
 */
export function clippedInversePropensity(weights: Float64Array, reward: Float64Array, limit: number): Estimate {
  return inversePropensity(clipWeights(weights, limit), reward);
}

export const clipWeights = (weights: Float64Array, limit: number): Float64Array =>
  weights.map((weight) => Math.min(weight, limit));

/**
 * Effective sample size (sum of w)^2 / sum of w^2: how many plain observations of the target the log is worth; from 0 to
 * N. Below a few dozen no interval deserves trust.
 * Source: Kong 1992.
 */
export function effectiveSampleSize(weights: Float64Array): number {
  let sum = 0;
  let squares = 0;
  weights.forEach((weight) => {
    sum += weight;
    squares += weight * weight;
  });
  return squares === 0 ? 0 : (sum * sum) / squares;
}
