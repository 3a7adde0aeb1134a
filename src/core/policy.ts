import type { Static, TSchema } from 'typebox';
import type { Candidate, ModelProfile } from './candidate.ts';
import type { Plan } from './decision.ts';
import type { Prediction, Quantity } from './estimator.ts';
import type { Learner } from './learner.ts';
import type { Random } from './random.ts';
import type { Stage } from './session.ts';

/** What a policy decides from. `Uses` are the quantities its definition declared; no others are computed. */
export interface DecideInput<Uses extends Quantity = Quantity> {
  /** At least one. */
  readonly candidates: readonly Candidate[];
  readonly predictions: Readonly<Record<Uses, Prediction>>;
  /** Quality per dollar from the request or route; null leaves it to the policy's own option. */
  readonly lambda: number | null;
  /** One independent stream per decision. */
  readonly random: Random;
  /** Where in its conversation the query stands; absent where the route does not know conversations, and in replays. */
  readonly stage?: Stage | undefined;
  /** Labels that the request carries, see Wishes; in replays `group` is the data set's. Absent where there are none. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

export interface PolicyDecision {
  readonly plan: Plan;
  /** Indices into the candidates, each once, best first; the plan's model leads. */
  readonly ranking: readonly number[];
  /**
   * [candidates] probability that this policy would have chosen each, given everything but its own randomness.
   * Computed from the policy's rule, never guessed; sums to 1.
   */
  readonly propensities: Float64Array;
  /** One sentence for people, with the numbers that settled it. */
  readonly reason: string;
  /** The lambda that was really used; null where cost was not weighed. */
  readonly lambda: number | null;
  /** A few numbers that the policy's own memory wants back with every observation of this decision. */
  readonly note?: readonly number[] | undefined;
  /**
   * A candidate whose answer the policy wants to hear of beside the chosen one, and the probability with which it drew it. Its
   * facts go to the policy's memory only, with the note [1]. Replays tell them; a gateway asks where its route has `second`.
   */
  readonly second?: { readonly place: number; readonly propensity: number } | undefined;
}

/**
 * Knows our goals, not the world. Pure: same input, same memory and same random stream, same decision; no I/O.
 * `decide` reads the memory and never changes it: that is a fold over observations, like all learned state.
 */
export interface Policy<Uses extends Quantity = Quantity> {
  decide(input: DecideInput<Uses>): PolicyDecision;
  /** What it remembers across requests (a budget's price, weights, counts). Absent: nothing. Hears of its route only. */
  readonly memory?: Learner | undefined;
  /** In place of the definition's `uses` where these depend on the options: a policy around others. */
  readonly uses?: readonly Quantity[] | undefined;
  /**
   * Models that no call under this policy may go to, fallbacks and exploration included, and why: known when the route is
   * built, from what the operator tells of them. Only of the policy that a route names, not of one inside another.
   */
  readonly forbidden?: ReadonlyMap<string, string> | undefined;
}

/** Another policy, as options name it: `cost-aware`, or a map of `type` and its options. */
export type PolicyReference = string | { readonly type: string; readonly [option: string]: unknown };

/** A policy inside another one. What it `uses` must be among what the outer one uses; its memory is the outer one's care. */
export interface InnerPolicy {
  readonly name: string;
  readonly uses: readonly Quantity[];
  readonly memory: Learner | null;
  decide(input: DecideInput<never>): PolicyDecision;
}

/** Told to a policy when a route is built: what its options may refer to. */
export interface PolicyContext {
  /** Every model id of the route. */
  readonly models: readonly string[];
  /** What the operator tells of each of them; a model of which nothing is known may be missing. */
  readonly profiles: ReadonlyMap<string, ModelProfile>;
  /**
   * Another policy of the catalogue, over the same models. Throws `invalid_config` naming the option where there is no
   * such policy or its options do not fit.
   *
   * @param option where the reference was written, e.g. `policies.0`.
   */
  policy(reference: PolicyReference, option: string): InnerPolicy;
}

/** The default export of a file in `policies/`; the file name is the policy's name. */
export interface PolicyDefinition<Options extends TSchema = TSchema, Uses extends Quantity = Quantity> {
  /** One sentence for lists. */
  readonly summary: string;
  /** Paper, formula or specification, and what deviates from it. */
  readonly source: string;
  readonly options: Options;
  readonly uses: readonly Uses[];
  /** Its decisions may name a `second`: a route may then pay for such answers. Left out: never. */
  readonly asksSecond?: true | undefined;
  /** A valid set of options over these models: used by the contract suite and the docs' example. */
  example(models: readonly string[]): Static<Options>;
  /** Throws `invalid_config` where options name a model that the route lacks. */
  create(options: Static<Options>, context: PolicyContext): Policy<Uses>;
}

/** Types the definition from its schema and its `uses`. */
export function definePolicy<const Options extends TSchema, const Uses extends Quantity>(
  definition: PolicyDefinition<Options, Uses>,
): PolicyDefinition<Options, Uses> {
  return definition;
}
