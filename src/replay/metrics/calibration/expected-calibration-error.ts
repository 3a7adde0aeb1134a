import { seededRandom } from '../../../core/random.ts';
import { sortedQuantile } from '../quantile.ts';
import { ascending, binEdges, defaultBins, equalMassBins, type Bin } from './bins.ts';

/**
 * Expected calibration error: ECE = sum over bins of (count / N) |mean prediction - mean outcome|, over equal-mass bins.
 * In [0, 1]; 0 is calibrated. Biased upwards: bins of few outcomes differ by chance alone, so print it beside
 * `perfectCalibrationError`.
 * Source: Naeini et al., AAAI 2015; equal mass after Nguyen and O'Connor, EMNLP 2015.
 *
 * @param predicted [N] expected quality in [0, 1].
 * @param outcome [N] quality in [0, 1].
 */
export function expectedCalibrationError(
  predicted: Float64Array,
  outcome: Float64Array,
  bins: number = defaultBins,
): number {
  return errorOf(equalMassBins(predicted, outcome, bins), predicted.length);
}

const errorOf = (bins: readonly Bin[], total: number): number =>
  bins.reduce((sum, { count, predicted, observed }) => sum + (count / total) * Math.abs(predicted - observed), 0);

/** What the ECE of a predictor that is right comes to at this N. */
export interface PerfectError {
  readonly mean: number;
  /** 95 % of the simulations stay below: an ECE under it is no evidence of miscalibration. */
  readonly high: number;
}

/**
 * The ECE that these very predictions would have if they were perfect: outcomes are drawn as 1 with the predicted
 * probability, else 0, and the ECE is taken, again and again. Graded outcomes vary less than that, so for them it is an
 * upper bound. Same seed, same numbers.
 * Source: Vaicenavicius et al., AISTATS 2019 (consistency resampling, after Broecker and Smith 2007).
 */
export function perfectCalibrationError(
  predicted: Float64Array,
  simulations: number,
  seed: string,
  bins: number = defaultBins,
): PerfectError {
  const random = seededRandom(seed);
  const order = ascending(predicted);
  const edges = binEdges(predicted, order, bins);
  // Walking rows from the lowest prediction up, so that each simulation is one pass without sorting again.
  const sorted = Float64Array.from(order, (row) => predicted[row] ?? 0);
  const errors = new Float64Array(simulations);
  for (let simulation = 0; simulation < simulations; simulation++) {
    let from = 0;
    let error = 0;
    for (const to of edges) {
      let gap = 0;
      for (let i = from; i < to; i++) {
        const chance = sorted[i] ?? 0;
        gap += chance - (random.next() < chance ? 1 : 0);
      }
      error += Math.abs(gap);
      from = to;
    }
    errors[simulation] = error / sorted.length;
  }
  errors.sort();
  return { mean: errors.reduce((sum, error) => sum + error, 0) / simulations, high: sortedQuantile(errors, 0.95) };
}
