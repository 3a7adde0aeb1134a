import type { Quantity, TrainingRows } from '../core/estimator.ts';
import { canonicalOrder } from './row-order.ts';
import { clamp, norm } from './vectors.ts';

/** Training rows as the trained families take them: in canonical order, values in units of what a model is worth. */
export interface PreparedRows {
  readonly count: number;
  readonly models: number;
  /** Numbers of one input: the embedding, and for every quantity but quality the length of the prompt. */
  readonly width: number;
  /** [count x width]. */
  readonly inputs: Float32Array;
  /** [count x models] value / scale of the model; NaN where nothing was observed. */
  readonly targets: Float64Array;
}

/** The length of a prompt as one input: the logarithm, held inside what training saw, at mean 0 and deviation 1. */
export interface PromptScale {
  readonly mean: number;
  readonly deviation: number;
  /** Tokens. */
  readonly shortest: number;
  /** Tokens. */
  readonly longest: number;
}

export const noPromptScale: PromptScale = { mean: 0, deviation: 1, shortest: 0, longest: 0 };

export function promptScaleOf(promptTokens: Float64Array): PromptScale {
  const count = promptTokens.length;
  if (count === 0) return noPromptScale;
  // Sorted, so that the sums do not follow the order of rows.
  const logs = Float64Array.from(promptTokens, (tokens) => Math.log1p(tokens)).sort();
  const mean = logs.reduce((sum, value) => sum + value, 0) / count;
  const variance = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
  const ordered = promptTokens.slice().sort();
  return {
    mean,
    deviation: variance > 1e-12 ? Math.sqrt(variance) : 1,
    shortest: ordered[0] ?? 0,
    longest: ordered[count - 1] ?? 0,
  };
}

export const heldPrompt = (promptTokens: number, { shortest, longest }: PromptScale): number =>
  clamp(promptTokens, shortest, longest);

export const widthOf = (quantity: Quantity, dimensions: number): number =>
  quantity === 'quality' ? dimensions : dimensions + 1;

/**
 * Writes one input. An embedding that is missing or not finite counts as zero, one longer than 1 is brought to length 1.
 */
export function placeInput(
  input: Float32Array | Float64Array,
  offset: number,
  quantity: Quantity,
  embedding: Float32Array | null,
  promptTokens: number,
  scale: PromptScale,
): void {
  const length = embedding === null ? 0 : norm(embedding);
  const dimensions = embedding?.length ?? input.length - (quantity === 'quality' ? 0 : 1);
  const known = embedding !== null && length < Infinity;
  const factor = length > 1.001 ? 1 / length : 1;
  for (let i = 0; i < dimensions; i++) input[offset + i] = known ? (embedding[i] ?? 0) * factor : 0;
  if (quantity !== 'quality') {
    input[offset + dimensions] = (Math.log1p(heldPrompt(promptTokens, scale)) - scale.mean) / scale.deviation;
  }
}

/** @param scales [models] what a value is divided by. */
export function prepareRows(
  rows: TrainingRows,
  quantity: Quantity,
  scales: Float64Array,
  promptScale: PromptScale,
): PreparedRows {
  const order = canonicalOrder(rows);
  const width = widthOf(quantity, rows.dimensions);
  const models = rows.models.length;
  const inputs = new Float32Array(order.length * width);
  const targets = new Float64Array(order.length * models);
  order.forEach((row, place) => {
    const embedding = rows.embeddings.subarray(row * rows.dimensions, (row + 1) * rows.dimensions);
    placeInput(inputs, place * width, quantity, embedding, rows.promptTokens[row] ?? 0, promptScale);
    for (let m = 0; m < models; m++) {
      targets[place * models + m] = (rows.values[row * models + m] ?? NaN) / (scales[m] ?? 1);
    }
  });
  return { count: order.length, models, width, inputs, targets };
}

/** The rows at `places`, in that order. */
export function takePrepared(rows: PreparedRows, places: readonly number[]): PreparedRows {
  const { width, models } = rows;
  const inputs = new Float32Array(places.length * width);
  const targets = new Float64Array(places.length * models);
  places.forEach((place, i) => {
    inputs.set(rows.inputs.subarray(place * width, (place + 1) * width), i * width);
    targets.set(rows.targets.subarray(place * models, (place + 1) * models), i * models);
  });
  return { count: places.length, models, width, inputs, targets };
}

/** [models] mean of what was observed; `otherwise` where nothing was. */
export function targetMeans({ count, models, targets }: PreparedRows, otherwise: number): Float64Array {
  return Float64Array.from({ length: models }, (_, m) => {
    let sum = 0;
    let seen = 0;
    for (let row = 0; row < count; row++) {
      const target = targets[row * models + m] ?? NaN;
      if (Number.isNaN(target)) continue;
      sum += target;
      seen++;
    }
    return seen === 0 ? otherwise : sum / seen;
  });
}
