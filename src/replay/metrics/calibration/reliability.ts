import { defaultBins, equalMassBins, type Bin } from './bins.ts';

/** How outcomes follow predictions. */
export interface Reliability {
  /** The reliability curve: mean outcome over mean prediction of each equal-mass bin. On the diagonal when calibrated. */
  readonly bins: readonly Bin[];
  /**
   * Of the least-squares line outcome = intercept + slope x prediction over all rows. 1 when calibrated, below 1 where
   * predictions are too spread out (overconfident), above 1 where they are too timid. Null where all are equal.
   */
  readonly slope: number | null;
  /** 0 when calibrated; null with the slope. */
  readonly intercept: number | null;
}

/** Source: Murphy and Winkler 1977 (reliability diagram); Cox 1958 (calibration line), here on the plain scale. */
export function reliability(predicted: Float64Array, outcome: Float64Array, bins: number = defaultBins): Reliability {
  const count = predicted.length;
  const meanPrediction = predicted.reduce((sum, value) => sum + value, 0) / count;
  const meanOutcome = outcome.reduce((sum, value) => sum + value, 0) / count;
  let spread = 0;
  let joint = 0;
  predicted.forEach((value, row) => {
    spread += (value - meanPrediction) ** 2;
    joint += (value - meanPrediction) * ((outcome[row] ?? 0) - meanOutcome);
  });
  const constant = predicted.every((value) => value === predicted[0]);
  const slope = constant ? null : joint / spread;
  return {
    bins: equalMassBins(predicted, outcome, bins),
    slope,
    intercept: slope === null ? null : meanOutcome - slope * meanPrediction,
  };
}
