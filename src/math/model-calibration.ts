import type { Quantity } from '../core/estimator.ts';
import { fitIsotonic, isotonicAt, type Isotonic } from './isotonic.ts';
import { clamp } from './vectors.ts';

/** What one model's stacked prediction is turned into. */
export interface ModelCalibration {
  /** Quality: what held-out predictions came to. */
  readonly steps: Isotonic;
  /** Amounts: true total / predicted total. */
  readonly ratio: number;
  /** How much of it counts, in [0, 1): n / (n + strength). */
  readonly share: number;
}

export const uncalibrated: ModelCalibration = {
  steps: { from: new Float64Array(0), to: new Float64Array(0) },
  ratio: 1,
  share: 0,
};

/**
 * One calibration per model, from held-out predictions: isotonic steps for quality, the ratio of totals for amounts.
 *
 * @param predicted,values [rows x models]; NaN values are left out.
 * @param strength outcomes that a prediction as it is is worth against its calibration; Infinity: none is fitted.
 * @param uses the row counts.
 */
export function fitCalibrations(
  quantity: Quantity,
  predicted: Float64Array,
  values: Float64Array,
  models: number,
  strength: number,
  uses: (row: number) => boolean = () => true,
): readonly ModelCalibration[] {
  return Array.from({ length: models }, (_, m) => {
    if (strength === Infinity) return uncalibrated;
    const guesses: number[] = [];
    const outcomes: number[] = [];
    for (let row = 0; row < values.length / models; row++) {
      const value = values[row * models + m] ?? NaN;
      if (Number.isNaN(value) || !uses(row)) continue;
      guesses.push(predicted[row * models + m] ?? 0);
      outcomes.push(value);
    }
    if (outcomes.length === 0) return uncalibrated;
    const sum = (numbers: readonly number[]): number => numbers.reduce((total, value) => total + value, 0);
    const expected = sum(guesses);
    return {
      steps:
        quantity === 'quality'
          ? fitIsotonic(Float64Array.from(guesses), Float64Array.from(outcomes))
          : uncalibrated.steps,
      ratio: expected > 0 ? sum(outcomes) / expected : 1,
      share: outcomes.length / (outcomes.length + strength),
    };
  });
}

export function calibrate(quantity: Quantity, calibration: ModelCalibration | undefined, mean: number): number {
  const held = (value: number): number => (quantity === 'quality' ? clamp(value, 0, 1) : Math.max(0, value));
  if (calibration === undefined || calibration.share === 0) return held(mean);
  const { steps, ratio, share } = calibration;
  const turned = quantity === 'quality' ? isotonicAt(steps, mean) : mean * ratio;
  return held(mean + share * (turned - mean));
}
