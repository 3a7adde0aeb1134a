import type { Random } from '../../core/random.ts';
import { drawIndex } from '../../math/choice.ts';
import type { LoggedChoices, TargetChances } from './logged-choices.ts';

/** A full outcome matrix, the logging policy's chances and the target's: all [N x M]. */
export interface FullMatrix {
  readonly queries: number;
  readonly models: number;
  readonly reward: Float64Array;
  readonly logging: Float64Array;
  readonly target: TargetChances;
}

export interface SimulatedLog {
  readonly log: LoggedChoices;
  readonly target: TargetChances;
  /** [length] which query of the matrix each row is. */
  readonly rows: Uint32Array;
}

/** What the target really comes to over the matrix: what an estimate from any log of it should find. */
export function trueValue({ queries, reward, target }: FullMatrix): number {
  let sum = 0;
  target.forEach((chance, cell) => (sum += chance * (reward[cell] ?? 0)));
  return sum / queries;
}

/**
 * Draws a log as a gateway would have written it: queries drawn from the matrix with replacement, one model of each by
 * the logging policy's chances, and only its reward kept.
 */
export function simulateLog(matrix: FullMatrix, length: number, random: Random): SimulatedLog {
  const { models } = matrix;
  const rows = new Uint32Array(length);
  const chosen = new Int32Array(length);
  const reward = new Float64Array(length);
  const propensities = new Float64Array(length * models);
  const target = new Float64Array(length * models);
  for (let i = 0; i < length; i++) {
    const row = random.integer(matrix.queries);
    const chances = matrix.logging.subarray(row * models, (row + 1) * models);
    const model = drawIndex(chances, random);
    rows[i] = row;
    chosen[i] = model;
    reward[i] = matrix.reward[row * models + model] ?? 0;
    propensities.set(chances, i * models);
    target.set(matrix.target.subarray(row * models, (row + 1) * models), i * models);
  }
  return { log: { queries: length, models, chosen, reward, propensities }, target, rows };
}
