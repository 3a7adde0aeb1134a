import type { Candidate, Removal } from './candidate.ts';
import type { Prediction, Quantity } from './estimator.ts';

/**
 * What is to be done, as data; `upstream/` carries it out. A plan of several calls (cascade, sample, hedge) is another
 * member of this union: every `switch` over it is closed by `satisfies never`, so the compiler names what must follow.
 */
export type Plan =
  | { readonly type: 'route'; readonly model: string }
  | { readonly type: 'reject'; readonly reason: string };

export type Predictions = Readonly<Partial<Record<Quantity, Prediction>>>;

/** What the route would have done with a request whose client named the model (`mode: observe`). */
export interface ShadowChoice {
  /** The route's policy. */
  readonly policy: string;
  /** Null: it would have refused the request. */
  readonly model: string | null;
  /** Parallel to the decision's candidates: what would have been drawn from. */
  readonly propensities: Float64Array;
}

/** Everything that a later reader needs to evaluate or reproduce the choice. Parallel arrays follow `candidates`. */
export interface Decision {
  /** Unguessable: feedback is joined by it. */
  readonly id: string;
  readonly route: string;
  readonly policy: string;
  /** Changes whenever the policy's options, the estimators' artefact or the candidates' configuration do. */
  readonly policyVersion: string;
  readonly plan: Plan;
  readonly candidates: readonly Candidate[];
  readonly removals: readonly Removal[];
  /** Indices into `candidates`, best first; the chosen one leads. Fallbacks follow this order. */
  readonly ranking: readonly number[];
  /** Probability of each candidate's plan at decision time, exploration included; sums to 1. */
  readonly propensities: Float64Array;
  readonly predictions: Predictions;
  /** One sentence for people. */
  readonly reason: string;
  /** Quality per dollar; null where the policy does not weigh cost. */
  readonly lambda: number | null;
  /** Null where nothing on the route reads one. */
  readonly embedding: Float32Array | null;
  /** The client named a model: nothing was chosen. */
  readonly pinned: boolean;
  /** The conversation, where the route knows conversations. */
  readonly session?: string | undefined;
  /** The policy would have switched, and the conversation stayed on its model. */
  readonly sticky?: boolean | undefined;
  /** For the policy's own memory, see PolicyDecision. */
  readonly note?: readonly number[] | undefined;
  /** Whose answer the policy wants to hear of too, and the probability with which it drew it; see PolicyDecision. */
  readonly second?: { readonly model: string; readonly propensity: number } | undefined;
  /** Observed, not chosen: `propensities` are then those of what really happened, 1 for the model that was asked for. */
  readonly shadow?: ShadowChoice | undefined;
  /** What fell back, e.g. `embedding:timeout`; empty when all went well. */
  readonly degraded: readonly string[];
}
