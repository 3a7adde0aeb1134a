import type { Quantity } from '../core/estimator.ts';
import { minimise } from './lbfgs.ts';
import { linearPart } from './linear-part.ts';
import { linkOf } from './link.ts';
import { targetMeans, type PreparedRows } from './prepared-rows.ts';
import type { TrainedPart } from './trained-estimator.ts';
import { dot } from './vectors.ts';

const iterations = 200;
/** Of the gradient, per row: far below what moves a prediction. */
const tolerance = 1e-6;

/**
 * One generalised linear model per model: the minimum of the summed loss of the quantity's link plus
 * alpha / 2 x |weights|^2; intercepts are free. Convex, so where it starts does not matter.
 */
export function fitGeneralisedLinear(quantity: Quantity, rows: PreparedRows, alpha: number): TrainedPart {
  const link = linkOf(quantity);
  const { count, models, width, targets } = rows;
  const starts = targetMeans(rows, quantity === 'quality' ? 0.5 : 1).map((mean) => link.score(mean));
  const point = new Float64Array(models * (width + 1));
  point.set(starts, models * width);
  const input = new Float64Array(width);
  const objective = (at: Float64Array, gradient: Float64Array): number => {
    let loss = 0;
    for (let i = 0; i < models * width; i++) {
      const weight = at[i] ?? 0;
      gradient[i] = alpha * weight;
      loss += (alpha / 2) * weight * weight;
    }
    gradient.fill(0, models * width);
    for (let row = 0; row < count; row++) {
      input.set(rows.inputs.subarray(row * width, (row + 1) * width));
      for (let m = 0; m < models; m++) {
        const target = targets[row * models + m] ?? NaN;
        if (Number.isNaN(target)) continue;
        const offset = m * width;
        const score = dot(input, at, offset, width) + (at[models * width + m] ?? 0);
        loss += link.loss(score, target);
        const slope = link.mean(score) - target;
        for (let i = 0; i < width; i++) gradient[offset + i] = (gradient[offset + i] ?? 0) + slope * (input[i] ?? 0);
        gradient[models * width + m] = (gradient[models * width + m] ?? 0) + slope;
      }
    }
    return loss;
  };
  minimise(objective, point, tolerance * count, iterations);
  return linearPart(quantity, point.slice(0, models * width), point.slice(models * width));
}
