import { hash32 } from '../../../core/random.ts';
import { sortedQuantile } from '../quantile.ts';

/** Predicted quantiles of single amounts [N], in the amount's unit. */
export interface RatioQuantiles {
  /** The 5 % quantile: the lower end of a 90 % interval. */
  readonly low: Float64Array;
  readonly median: Float64Array;
  /** The 90 % quantile. */
  readonly ninth: Float64Array;
  /** The 95 % quantile. */
  readonly high: Float64Array;
}

/** Rows in a half below which its 5th and 95th percentile are guesses. */
const leastRows = 40;

/**
 * Quantiles of single amounts out of predicted means: an estimator tells what to expect and how sure it is of that, not
 * how far one request may stray. Rows are halved by a hash of their ids; a row's quantiles are its prediction times the
 * quantiles of amount / prediction in the *other* half (split-conformal, with a multiplicative score). Their coverage
 * over all rows is about right by construction: what tells predictors apart is the width, and the pinball loss.
 * Source: Vovk et al., Algorithmic Learning in a Random World; Papadopoulos et al. 2002. Null where a half is too small.
 */
export function ratioQuantiles(
  ids: readonly string[],
  predicted: Float64Array,
  amount: Float64Array,
): RatioQuantiles | null {
  const half = Uint8Array.from(ids, (id) => hash32(`half:${id}`) & 1);
  const ratios = [0, 1].map((side) =>
    Float64Array.from(
      [...predicted.keys()].filter((row) => half[row] === side && (predicted[row] ?? 0) > 0),
      (row) => {
        return (amount[row] ?? 0) / (predicted[row] ?? 1);
      },
    ).sort(),
  );
  if (ratios.some((each) => each.length < leastRows)) return null;
  const at = (share: number): Float64Array => {
    const factor = ratios.map((each) => sortedQuantile(each, share));
    return predicted.map((value, row) => value * (factor[half[row] === 0 ? 1 : 0] ?? 1));
  };
  return { low: at(0.05), median: at(0.5), ninth: at(0.9), high: at(0.95) };
}
