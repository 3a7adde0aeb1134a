import type { Json, TypedArray } from '../core/state.ts';
import { targetMeans, type PreparedRows } from './prepared-rows.ts';
import type { StateReader } from './state-reader.ts';
import type { TrainedPart } from './trained-estimator.ts';
import { clamp } from './vectors.ts';

/** Scores that order models for a query, on a scale and from a zero of their own. */
export interface Scores {
  /** Writes [models] scores for an input [width]. */
  score(input: Float64Array, out: Float64Array): void;
  save(): { readonly data: Readonly<Record<string, Json>>; readonly arrays: Readonly<Record<string, TypedArray>> };
}

interface Scale {
  /** [models] mean quality in training. */
  readonly means: Float64Array;
  /** [models] mean in training of the score over the mean score of all models. */
  readonly averages: Float64Array;
  /** Quality per score, >= 0. */
  readonly slope: number;
}

/**
 * Turns scores into expected quality: mean_m + slope x (c_m(x) − average of c_m), where c_m is how far the score stands
 * above the mean score of all models. Only differences between models follow from such scores, so only these are
 * fitted: by least squares over `judged` (held-out rows where there are some), both sides less their mean per query.
 *
 * @param means [models] mean quality, where more rows tell of it than these.
 */
export function calibrateScores(
  scores: Scores,
  rows: PreparedRows,
  judged: readonly number[],
  means: Float64Array = targetMeans(rows, 0.5),
): TrainedPart {
  const { count, models, width, targets } = rows;
  const input = new Float64Array(width);
  const centred = new Float64Array(models);
  const placeRow = (row: number): void => {
    input.set(rows.inputs.subarray(row * width, (row + 1) * width));
    scores.score(input, centred);
    centre(centred);
  };
  const averages = new Float64Array(models);
  for (let row = 0; row < count; row++) {
    placeRow(row);
    for (let m = 0; m < models; m++) averages[m] = (averages[m] ?? 0) + (centred[m] ?? 0) / count;
  }
  let products = 0;
  let squares = 0;
  for (const row of judged) {
    placeRow(row);
    let [seen, meanScore, meanTarget] = [0, 0, 0];
    for (let m = 0; m < models; m++) {
      const target = targets[row * models + m] ?? NaN;
      if (Number.isNaN(target)) continue;
      seen++;
      meanScore += (centred[m] ?? 0) - (averages[m] ?? 0);
      meanTarget += target - (means[m] ?? 0);
    }
    for (let m = 0; m < models; m++) {
      const target = targets[row * models + m] ?? NaN;
      if (Number.isNaN(target)) continue;
      const score = (centred[m] ?? 0) - (averages[m] ?? 0) - meanScore / seen;
      products += score * (target - (means[m] ?? 0) - meanTarget / seen);
      squares += score * score;
    }
  }
  const slope = squares > 1e-9 ? Math.max(0, products / squares) : 0;
  return calibratedPart(scores, { means, averages, slope });
}

function calibratedPart(scores: Scores, scale: Scale): TrainedPart {
  const { means, averages, slope } = scale;
  return {
    predict(input, out) {
      scores.score(input, out);
      centre(out);
      for (let m = 0; m < means.length; m++) {
        out[m] = clamp((means[m] ?? 0) + slope * ((out[m] ?? 0) - (averages[m] ?? 0)), 0, 1);
      }
    },
    save() {
      const { data, arrays } = scores.save();
      return { data, arrays: { ...arrays, scoreScale: Float64Array.of(...means, ...averages, slope) } };
    },
  };
}

export function loadCalibrated(scores: Scores, reader: StateReader, models: number): TrainedPart {
  const scale = reader.doubles('scoreScale', 2 * models + 1);
  return calibratedPart(scores, {
    means: scale.slice(0, models),
    averages: scale.slice(models, 2 * models),
    slope: scale[2 * models] ?? 0,
  });
}

function centre(values: Float64Array): void {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) - mean;
}
