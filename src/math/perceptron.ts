import type { Quantity } from '../core/estimator.ts';
import type { Random } from '../core/random.ts';
import type { Trainable } from './adam.ts';
import { linkOf } from './link.ts';
import { targetMeans, type PreparedRows } from './prepared-rows.ts';
import type { TrainedPart } from './trained-estimator.ts';
import { dot } from './vectors.ts';

export interface PerceptronShape {
  /** Numbers of one input. */
  readonly width: number;
  readonly hidden: number;
  readonly models: number;
}

/** Where each block of the one parameter vector begins. Layer 1 is [width x hidden], layer 2 [models x hidden]. */
function places({ width, hidden, models }: PerceptronShape): {
  readonly offsets: number;
  readonly heads: number;
  readonly intercepts: number;
  readonly end: number;
} {
  const offsets = width * hidden;
  const heads = offsets + hidden;
  const intercepts = heads + models * hidden;
  return { offsets, heads, intercepts, end: intercepts + models };
}

export const perceptronParameters = (shape: PerceptronShape): number => places(shape).end;

/** One hidden layer of rectified units, shared by all models, and a link at the end. */
export function perceptronPart(quantity: Quantity, shape: PerceptronShape, parameters: Float64Array): TrainedPart {
  const link = linkOf(quantity);
  const { hidden, models } = shape;
  const { heads, intercepts } = places(shape);
  const units = new Float64Array(hidden);
  return {
    predict(input, out) {
      hiddenUnits(shape, parameters, input, 0, units);
      for (let m = 0; m < models; m++) {
        out[m] = link.mean(dot(units, parameters, heads + m * hidden, hidden) + (parameters[intercepts + m] ?? 0));
      }
    },
    save: () => ({ data: { hidden }, arrays: { parameters } }),
  };
}

/** Zero inputs are skipped: a hashed text has many. */
function hiddenUnits(
  shape: PerceptronShape,
  parameters: Float64Array,
  inputs: Float32Array | Float64Array,
  from: number,
  units: Float64Array,
): void {
  const { width, hidden } = shape;
  const { offsets } = places(shape);
  for (let h = 0; h < hidden; h++) units[h] = parameters[offsets + h] ?? 0;
  for (let i = 0; i < width; i++) {
    const value = inputs[from + i] ?? 0;
    if (value === 0) continue;
    const row = i * hidden;
    for (let h = 0; h < hidden; h++) units[h] = (units[h] ?? 0) + value * (parameters[row + h] ?? 0);
  }
  for (let h = 0; h < hidden; h++) if ((units[h] ?? 0) < 0) units[h] = 0;
}

/**
 * Starts as the mean of each model: the heads are zero, the first layer is He's (arXiv 1502.01852) for inputs of length
 * 1. The penalty is decay / 2 x |weights|^2 for each row; intercepts are free.
 */
export function trainablePerceptron(
  quantity: Quantity,
  rows: PreparedRows,
  shape: PerceptronShape,
  decay: number,
  random: Random,
): Trainable {
  const link = linkOf(quantity);
  const { width, hidden, models } = shape;
  const { offsets, heads, intercepts, end } = places(shape);
  const parameters = new Float64Array(end);
  for (let i = 0; i < offsets; i++) parameters[i] = random.normal();
  const means = targetMeans(rows, quantity === 'quality' ? 0.5 : 1);
  means.forEach((mean, m) => (parameters[intercepts + m] = link.score(mean)));
  const units = new Float64Array(hidden);
  const back = new Float64Array(hidden);
  return {
    parameters,
    accumulate(batch, gradient) {
      let loss = 0;
      for (const row of batch) {
        const from = row * width;
        hiddenUnits(shape, parameters, rows.inputs, from, units);
        back.fill(0);
        for (let m = 0; m < models; m++) {
          const target = rows.targets[row * models + m] ?? NaN;
          if (Number.isNaN(target)) continue;
          const head = heads + m * hidden;
          const score = dot(units, parameters, head, hidden) + (parameters[intercepts + m] ?? 0);
          loss += link.loss(score, target);
          if (gradient === null) continue;
          const slope = link.mean(score) - target;
          for (let h = 0; h < hidden; h++) {
            gradient[head + h] = (gradient[head + h] ?? 0) + slope * (units[h] ?? 0);
            back[h] = (back[h] ?? 0) + slope * (parameters[head + h] ?? 0);
          }
          gradient[intercepts + m] = (gradient[intercepts + m] ?? 0) + slope;
        }
        if (gradient === null) continue;
        for (let h = 0; h < hidden; h++) if ((units[h] ?? 0) <= 0) back[h] = 0;
        for (let i = 0; i < width; i++) {
          const value = rows.inputs[from + i] ?? 0;
          if (value === 0) continue;
          const at = i * hidden;
          for (let h = 0; h < hidden; h++) gradient[at + h] = (gradient[at + h] ?? 0) + value * (back[h] ?? 0);
        }
        for (let h = 0; h < hidden; h++) gradient[offsets + h] = (gradient[offsets + h] ?? 0) + (back[h] ?? 0);
      }
      if (gradient === null) return loss;
      const weight = decay * batch.length;
      for (let i = 0; i < intercepts; i++) {
        if (i >= offsets && i < heads) continue;
        gradient[i] = (gradient[i] ?? 0) + weight * (parameters[i] ?? 0);
        loss += (weight / 2) * (parameters[i] ?? 0) ** 2;
      }
      return loss;
    },
  };
}
