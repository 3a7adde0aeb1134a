import type { Scores } from './calibrated-scores.ts';
import type { StateReader } from './state-reader.ts';
import { dot } from './vectors.ts';

/** score = weights x input + intercept of each model. */
export function linearScores(weights: Float64Array, intercepts: Float64Array): Scores {
  const width = weights.length / Math.max(1, intercepts.length);
  return {
    score(input, out) {
      for (let m = 0; m < intercepts.length; m++) {
        out[m] = dot(input, weights, m * width, width) + (intercepts[m] ?? 0);
      }
    },
    save: () => ({ data: {}, arrays: { weights, intercepts } }),
  };
}

export const loadLinearScores = (reader: StateReader, models: number, width: number): Scores =>
  linearScores(reader.doubles('weights', models * width), reader.doubles('intercepts', models));
