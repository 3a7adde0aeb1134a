import type { Quantity } from '../core/estimator.ts';
import { linearScores, loadLinearScores } from './linear-scores.ts';
import { linkOf } from './link.ts';
import type { Scores } from './calibrated-scores.ts';
import type { StateReader } from './state-reader.ts';
import type { TrainedPart } from './trained-estimator.ts';

/** Expected value = link(weights x input + intercept) for each model. */
export const linearPart = (quantity: Quantity, weights: Float64Array, intercepts: Float64Array): TrainedPart =>
  linkedPart(quantity, linearScores(weights, intercepts));

export const loadLinearPart = (quantity: Quantity, reader: StateReader, models: number, width: number): TrainedPart =>
  linkedPart(quantity, loadLinearScores(reader, models, width));

function linkedPart(quantity: Quantity, scores: Scores): TrainedPart {
  const link = linkOf(quantity);
  return {
    predict(input, out) {
      scores.score(input, out);
      for (let m = 0; m < out.length; m++) out[m] = link.mean(out[m] ?? 0);
    },
    save: () => scores.save(),
  };
}
