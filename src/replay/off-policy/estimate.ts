import { normal975 } from '../metrics/quantile.ts';

/** A value with its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly standardError: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The mean of N independent terms, with the normal interval of a mean (sample variance over N - 1). One term has no
 * spread to be judged by: its interval is the whole line.
 */
export function estimateOfMean(terms: Float64Array): Estimate {
  const count = terms.length;
  const value = terms.reduce((sum, term) => sum + term, 0) / count;
  return withSpread(value, terms);
}

/** A value whose deviation from the truth is, to first order, the mean of `influence` - its own mean. */
export function withSpread(value: number, influence: Float64Array): Estimate {
  const count = influence.length;
  if (count < 2) {
    return { value, standardError: Infinity, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  }
  const mean = influence.reduce((sum, term) => sum + term, 0) / count;
  const squares = influence.reduce((sum, term) => sum + (term - mean) ** 2, 0);
  const standardError = Math.sqrt(squares / (count - 1) / count);
  return { value, standardError, low: value - normal975 * standardError, high: value + normal975 * standardError };
}
