/**
 * Pinball (quantile) loss: mean of max(level x (amount - q), (level - 1) x (amount - q)), in the amount's unit; the true
 * quantile minimises it. At level 0.5 it is half the mean absolute error.
 * Source: Koenker and Bassett, Econometrica 1978.
 *
 * @param quantile [N] the predicted quantile of each amount.
 * @param level in (0, 1): 0.5 the median, 0.9 what nine in ten amounts stay below.
 */
export function pinballLoss(quantile: Float64Array, amount: Float64Array, level: number): number {
  let sum = 0;
  quantile.forEach((value, row) => {
    const above = (amount[row] ?? 0) - value;
    sum += Math.max(level * above, (level - 1) * above);
  });
  return sum / quantile.length;
}
