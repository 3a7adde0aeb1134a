/** Errors of point predictions of an amount: US dollars, milliseconds, tokens. */
export interface PointError {
  /** Mean absolute percentage error: mean of |prediction - amount| / amount, over rows whose amount is above 0. Null where none is. */
  readonly meanAbsolutePercentage: number | null;
  /** Rows left out of it: an amount of 0 has no percentage. */
  readonly withoutPercentage: number;
  /** Sum of predictions / sum of amounts: what a month's bill would be off by. 1 is exact; null where all amounts are 0. */
  readonly ratioOfTotals: number | null;
}

/**
 * MAPE forgives low predictions more than high ones (at most 100 %), and is least for something below the median: read
 * it beside the ratio of totals.
 */
export function pointError(predicted: Float64Array, amount: Float64Array): PointError {
  let percentages = 0;
  let counted = 0;
  let predictedTotal = 0;
  let total = 0;
  predicted.forEach((value, row) => {
    const actual = amount[row] ?? 0;
    predictedTotal += value;
    total += actual;
    if (actual <= 0) return;
    percentages += Math.abs(value - actual) / actual;
    counted++;
  });
  return {
    meanAbsolutePercentage: counted === 0 ? null : percentages / counted,
    withoutPercentage: predicted.length - counted,
    ratioOfTotals: total === 0 ? null : predictedTotal / total,
  };
}
