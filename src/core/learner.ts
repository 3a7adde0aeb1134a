import type { Quantity } from './estimator.ts';
import type { State } from './state.ts';

/**
 * What a fact is about. `preference`: the answer of `model` against that of another model to the same request; 1 is better,
 * 0 worse, 0.5 neither.
 */
export type FactQuantity = Quantity | 'preference';

/** One fact that joined its decision: the only thing learned state is ever made of. */
export interface Observation {
  /** Position in the log of rewards; strictly increasing, with gaps. */
  readonly seq: number;
  readonly decision: string;
  readonly route: string;
  /** The model that served. */
  readonly model: string;
  readonly quantity: FactQuantity;
  /** In the quantity's unit. */
  readonly value: number;
  /** Trust in this fact relative to one explicit label; > 0. */
  readonly weight: number;
  /** Of the chosen model at decision time, in (0, 1]; null where it was not recorded. */
  readonly propensity: number | null;
  readonly promptTokens: number;
  /** Null where the route had nothing that reads one. */
  readonly embedding: Float32Array | null;
  /** Of a preference: the other model. */
  readonly against?: string | undefined;
  /** What the policy noted at decision time, see PolicyDecision; absent where it noted nothing. */
  readonly note?: readonly number[] | undefined;
}

/**
 * Learned state is a fold over observations in `seq` order with one owner: same start, same observations, same state,
 * to the bit. `save` and `load` are inverse: a loaded learner decides exactly as the saved one.
 */
export interface Learner {
  /** Folds one observation in. Never throws on a finite observation; ignores one that it cannot use. */
  update(observation: Observation): void;
  save(): State;
  /** Throws `invalid_data` when the state is of another version or shape. */
  load(state: State): void;
}
