import type { Random } from '../core/random.ts';
import type { Trainable } from './adam.ts';

/**
 * A bilinear score s(m, x) = w . (P_m / |P_m| * W x) + b_m, and its gradient. Shared by the factorisation that
 * estimates values and the one that learns from preferences.
 */
export interface FactorShape {
  readonly width: number;
  readonly models: number;
  readonly rank: number;
}

/** Blocks of the one parameter vector: W [width x rank], P [models x rank], w [rank], b [models]. */
function places({ width, models, rank }: FactorShape): Record<'identities' | 'mixture' | 'intercepts' | 'end', number> {
  const identities = width * rank;
  const mixture = identities + models * rank;
  const intercepts = mixture + rank;
  return { identities, mixture, intercepts, end: intercepts + models };
}

/** Loss of the scores of one row; fills in its slope in each score. */
export type RowLoss = (row: number, scores: Float64Array, slopes: Float64Array) => number;

export interface FactorPlan {
  /** Standard deviation of normal noise on each input of length 1, divided by the square root of its length. */
  readonly noise: number;
  /** Penalty on W, P and w per row: decay / 2 x square. */
  readonly decay: number;
}

/** P starts normal, W small, w at one; `intercepts` [models]. */
export function trainableFactors(
  inputs: Float32Array,
  shape: FactorShape,
  intercepts: Float64Array,
  plan: FactorPlan,
  rowLoss: RowLoss,
  random: Random,
): Trainable {
  const { width, models, rank } = shape;
  const at = places(shape);
  const parameters = new Float64Array(at.end);
  for (let i = 0; i < at.identities; i++) parameters[i] = 0.1 * random.normal();
  for (let i = at.identities; i < at.mixture; i++) parameters[i] = random.normal();
  parameters.fill(1, at.mixture, at.intercepts);
  parameters.set(intercepts, at.intercepts);
  const query = new Float64Array(rank);
  const queryBack = new Float64Array(rank);
  const scores = new Float64Array(models);
  const slopes = new Float64Array(models);
  const noisy = new Float64Array(width);
  return {
    parameters,
    accumulate(batch, gradient, noiseSource) {
      const { directions, lengths } = unitIdentities(parameters, shape);
      const directionBack = new Float64Array(models * rank);
      let loss = 0;
      for (const row of batch) {
        const scale = noiseSource === null ? 0 : plan.noise / Math.sqrt(width);
        for (let i = 0; i < width; i++) {
          noisy[i] =
            (inputs[row * width + i] ?? 0) + (scale > 0 && noiseSource !== null ? scale * noiseSource.normal() : 0);
        }
        project(parameters, noisy, shape, query);
        for (let m = 0; m < models; m++) {
          let score = parameters[at.intercepts + m] ?? 0;
          for (let k = 0; k < rank; k++) {
            score += (parameters[at.mixture + k] ?? 0) * (directions[m * rank + k] ?? 0) * (query[k] ?? 0);
          }
          scores[m] = score;
        }
        slopes.fill(0);
        loss += rowLoss(row, scores, slopes);
        if (gradient === null) continue;
        queryBack.fill(0);
        for (let m = 0; m < models; m++) {
          const slope = slopes[m] ?? 0;
          if (slope === 0) continue;
          gradient[at.intercepts + m] = (gradient[at.intercepts + m] ?? 0) + slope;
          for (let k = 0; k < rank; k++) {
            const mixture = parameters[at.mixture + k] ?? 0;
            const direction = directions[m * rank + k] ?? 0;
            const factor = query[k] ?? 0;
            queryBack[k] = (queryBack[k] ?? 0) + slope * mixture * direction;
            gradient[at.mixture + k] = (gradient[at.mixture + k] ?? 0) + slope * direction * factor;
            directionBack[m * rank + k] = (directionBack[m * rank + k] ?? 0) + slope * mixture * factor;
          }
        }
        for (let i = 0; i < width; i++) {
          const value = noisy[i] ?? 0;
          if (value === 0) continue;
          for (let k = 0; k < rank; k++) {
            gradient[i * rank + k] = (gradient[i * rank + k] ?? 0) + value * (queryBack[k] ?? 0);
          }
        }
      }
      if (gradient === null) return loss;
      // Through P / |P|: the part of the slope along P itself does nothing.
      for (let m = 0; m < models; m++) {
        let along = 0;
        for (let k = 0; k < rank; k++) along += (directionBack[m * rank + k] ?? 0) * (directions[m * rank + k] ?? 0);
        for (let k = 0; k < rank; k++) {
          const slope =
            ((directionBack[m * rank + k] ?? 0) - along * (directions[m * rank + k] ?? 0)) / (lengths[m] ?? 1);
          gradient[at.identities + m * rank + k] = (gradient[at.identities + m * rank + k] ?? 0) + slope;
        }
      }
      const weight = plan.decay * batch.length;
      for (let i = 0; i < at.intercepts; i++) {
        gradient[i] = (gradient[i] ?? 0) + weight * (parameters[i] ?? 0);
        loss += (weight / 2) * (parameters[i] ?? 0) ** 2;
      }
      return loss;
    },
  };
}

/** What the factors come to for serving: s(m, x) is linear in x. */
export function linearFactors(
  parameters: Float64Array,
  shape: FactorShape,
): { readonly weights: Float64Array; readonly intercepts: Float64Array } {
  const { width, models, rank } = shape;
  const at = places(shape);
  const { directions } = unitIdentities(parameters, shape);
  const weights = new Float64Array(models * width);
  for (let m = 0; m < models; m++) {
    for (let i = 0; i < width; i++) {
      let weight = 0;
      for (let k = 0; k < rank; k++) {
        weight += (parameters[at.mixture + k] ?? 0) * (directions[m * rank + k] ?? 0) * (parameters[i * rank + k] ?? 0);
      }
      weights[m * width + i] = weight;
    }
  }
  return { weights, intercepts: parameters.slice(at.intercepts) };
}

function unitIdentities(
  parameters: Float64Array,
  shape: FactorShape,
): { readonly directions: Float64Array; readonly lengths: Float64Array } {
  const { models, rank } = shape;
  const { identities, mixture } = places(shape);
  const directions = parameters.slice(identities, mixture);
  const lengths = new Float64Array(models);
  for (let m = 0; m < models; m++) {
    let square = 0;
    for (let k = 0; k < rank; k++) square += (directions[m * rank + k] ?? 0) ** 2;
    const length = Math.max(Math.sqrt(square), 1e-9);
    lengths[m] = length;
    for (let k = 0; k < rank; k++) directions[m * rank + k] = (directions[m * rank + k] ?? 0) / length;
  }
  return { directions, lengths };
}

function project(parameters: Float64Array, input: Float64Array, { width, rank }: FactorShape, out: Float64Array): void {
  out.fill(0);
  for (let i = 0; i < width; i++) {
    const value = input[i] ?? 0;
    if (value === 0) continue;
    for (let k = 0; k < rank; k++) out[k] = (out[k] ?? 0) + value * (parameters[i * rank + k] ?? 0);
  }
}
