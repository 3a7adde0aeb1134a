import type { Quantity } from '../core/estimator.ts';
import { seededRandom } from '../core/random.ts';
import { convexWeights } from './convex-weights.ts';
import { calibrate, fitCalibrations } from './model-calibration.ts';
import { drawPrices, worthOfRows, type RandomPrices } from './random-prices.ts';

/** What members predicted for rows that they were not fitted on. */
export interface HeldOut {
  readonly quantity: Quantity;
  readonly models: number;
  /** [members] of [rows x models]. */
  readonly parts: readonly Float64Array[];
  /** [rows x models] NaN where nothing was observed. */
  readonly values: Float64Array;
  /** [models] unit of the squared errors: 1 for quality, else the mean; 0 where nothing was observed. */
  readonly scales: Float64Array;
  /** [folds + 1] rows of fold f: starts[f] up to starts[f + 1]. */
  readonly starts: readonly number[];
}

/** One way to mix the members. */
export interface Mixture {
  /** [members] >= 0, sum 1. */
  readonly weights: Float64Array;
  /** Outcomes that a prediction as it is is worth against its calibration; Infinity: not calibrated. */
  readonly strength: number;
  /** [rows x models] what it says of rows that nothing of it was fitted on. */
  readonly predictions: Float64Array;
}

const priceDraws = 60;
/** For mixtures of quality; more strength is no calibration, less is little else. */
const calibrated = 2000;

/**
 * All that there is to choose from, simplest first: each member alone; all alike; weights that fit the values best; and,
 * for quality, weights that fit the differences between models best (all that routing reads), and both mixtures
 * calibrated. Weights and calibrations that speak for a fold were fitted to the other folds.
 */
export function mixturesOf(held: HeldOut): readonly Mixture[] {
  const { quantity, parts } = held;
  const count = parts.length;
  const alone = parts.map((part, k): Mixture => ({
    weights: onlyMember(count, k),
    strength: Infinity,
    predictions: part,
  }));
  if (count < 2) return alone;
  const even = new Float64Array(count).fill(1 / count);
  const fitted = (centred: boolean): Mixture => ({
    weights: fitWeights(held, centred, () => true),
    strength: Infinity,
    predictions: crossFitted(held, centred),
  });
  const plain = [...alone, { weights: even, strength: Infinity, predictions: mixParts(parts, even) }, fitted(false)];
  if (quantity !== 'quality') return plain;
  const contrasts = fitted(true);
  const calibrations = [...plain.slice(-1), contrasts].map(({ weights, predictions }): Mixture => ({
    weights,
    strength: calibrated,
    predictions: crossCalibrated(held, predictions, calibrated),
  }));
  return [...plain, contrasts, ...calibrations];
}

/**
 * The mixture that did best: for quality by what choosing by it comes to under random prices, for amounts by squared
 * error. Of equals the simpler. For where no cost is at hand; `train` knows it and chooses by the curve instead.
 */
export function chooseMixture(held: HeldOut): Mixture | undefined {
  const { quantity, models, values } = held;
  const prices = quantity === 'quality' ? pricesOf(values, models) : null;
  let best: Mixture | undefined;
  let most = Number.NEGATIVE_INFINITY;
  for (const mixture of mixturesOf(held)) {
    const { predictions } = mixture;
    const worth =
      prices === null ? -scaledError(held, predictions) : mean(worthOfRows(predictions, values, models, prices));
    if (worth > most) {
      best = mixture;
      most = worth;
    }
  }
  return best;
}

/** [cells] weighted sum of the parts. */
export function mixParts(parts: readonly Float64Array[], weights: Float64Array): Float64Array {
  const out = new Float64Array(parts[0]?.length ?? 0);
  parts.forEach((part, k) => {
    const weight = weights[k] ?? 0;
    if (weight === 0) return;
    for (let cell = 0; cell < out.length; cell++) {
      out[cell] = (out[cell] ?? 0) + weight * (part[cell] ?? 0);
    }
  });
  return out;
}

/** Prices at which the models compete, by the mean of what was observed; 0 where nothing was. */
function pricesOf(values: Float64Array, models: number): RandomPrices {
  const means = Float64Array.from({ length: models }, (_, m) => {
    let [sum, seen] = [0, 0];
    for (let cell = m; cell < values.length; cell += models) {
      const value = values[cell] ?? NaN;
      if (Number.isNaN(value)) continue;
      sum += value;
      seen++;
    }
    return seen === 0 ? 0 : sum / seen;
  });
  return drawPrices(means, priceDraws, seededRandom('stack prices'));
}

/** Squared errors in units of each model's scale. */
function scaledError({ models, values, scales }: HeldOut, predictions: Float64Array): number {
  let sum = 0;
  values.forEach((value, cell) => {
    const scale = scales[cell % models] ?? 0;
    if (!Number.isNaN(value) && scale > 0) sum += ((value - (predictions[cell] ?? 0)) / scale) ** 2;
  });
  return sum;
}

/** Predictions for each fold, with weights fitted to the other folds. */
function crossFitted(held: HeldOut, centred: boolean): Float64Array {
  const { models, parts, values, starts } = held;
  const out = new Float64Array(values.length);
  for (let fold = 0; fold + 1 < starts.length; fold++) {
    const [from, to] = [starts[fold] ?? 0, starts[fold + 1] ?? 0];
    const weights = fitWeights(held, centred, (row) => row < from || row >= to);
    for (let cell = from * models; cell < to * models; cell++) {
      let sum = 0;
      parts.forEach((part, k) => (sum += (weights[k] ?? 0) * (part[cell] ?? 0)));
      out[cell] = sum;
    }
  }
  return out;
}

/** Predictions for each fold, calibrated by the other folds. */
function crossCalibrated(held: HeldOut, part: Float64Array, strength: number): Float64Array {
  const { quantity, models, values, starts } = held;
  const out = part.slice();
  for (let fold = 0; fold + 1 < starts.length; fold++) {
    const [from, to] = [starts[fold] ?? 0, starts[fold + 1] ?? 0];
    const calibrations = fitCalibrations(quantity, part, values, models, strength, (row) => row < from || row >= to);
    for (let cell = from * models; cell < to * models; cell++) {
      out[cell] = calibrate(quantity, calibrations[cell % models], part[cell] ?? 0);
    }
  }
  return out;
}

/**
 * Convex weights by least squares, errors in units of each model's scale.
 *
 * @param centred both sides less their mean per row: only differences between models count.
 */
function fitWeights(held: HeldOut, centred: boolean, uses: (row: number) => boolean): Float64Array {
  const { models, parts, values, scales } = held;
  const count = parts.length;
  const products = new Float64Array(count * count);
  const targets = new Float64Array(count);
  const row = new Float64Array(count);
  const means = new Float64Array(count);
  for (let at = 0; at < values.length / models; at++) {
    if (!uses(at)) continue;
    let [seen, meanValue] = [0, 0];
    means.fill(0);
    const known = (m: number): boolean => !Number.isNaN(values[at * models + m] ?? NaN) && (scales[m] ?? 0) > 0;
    for (let m = 0; m < models; m++) {
      if (!centred || !known(m)) continue;
      seen++;
      meanValue += values[at * models + m] ?? 0;
      for (let k = 0; k < count; k++) means[k] = (means[k] ?? 0) + (parts[k]?.[at * models + m] ?? 0);
    }
    for (let m = 0; m < models; m++) {
      if (!known(m)) continue;
      const scale = scales[m] ?? 1;
      const middle = centred ? 1 / seen : 0;
      const value = ((values[at * models + m] ?? 0) - meanValue * middle) / scale;
      for (let k = 0; k < count; k++) {
        row[k] = ((parts[k]?.[at * models + m] ?? 0) - (means[k] ?? 0) * middle) / scale;
      }
      for (let j = 0; j < count; j++) {
        targets[j] = (targets[j] ?? 0) + (row[j] ?? 0) * value;
        for (let k = 0; k < count; k++) {
          products[j * count + k] = (products[j * count + k] ?? 0) + (row[j] ?? 0) * (row[k] ?? 0);
        }
      }
    }
  }
  return convexWeights(products, targets);
}

const mean = (numbers: Float64Array): number =>
  numbers.length === 0 ? 0 : numbers.reduce((sum, value) => sum + value, 0) / numbers.length;

function onlyMember(count: number, member: number): Float64Array {
  const weights = new Float64Array(count);
  weights[member] = 1;
  return weights;
}
