/**
 * Brier score: mean of (prediction - outcome)^2, in [0, 1]; smaller is better. Proper: the true expectation minimises
 * it. It rewards calibration and sharpness together, so compare it with `brierOfBaseRate`.
 * Source: Brier, Monthly Weather Review 1950.
 */
export function brierScore(predicted: Float64Array, outcome: Float64Array): number {
  let sum = 0;
  predicted.forEach((value, row) => (sum += (value - (outcome[row] ?? 0)) ** 2));
  return sum / predicted.length;
}

/** The score of always predicting the outcomes' own mean: what a predictor that knows nothing of the query comes to. */
export function brierOfBaseRate(outcome: Float64Array): number {
  const mean = outcome.reduce((sum, value) => sum + value, 0) / outcome.length;
  return brierScore(new Float64Array(outcome.length).fill(mean), outcome);
}
