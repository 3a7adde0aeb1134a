import type { Candidate, Model } from '../core/candidate.ts';
import type { Decision, Predictions } from '../core/decision.ts';
import type { Embedder } from '../core/embedder.ts';
import { PointsmanError } from '../core/errors.ts';
import type { EstimatorInput, Quantity } from '../core/estimator.ts';
import type { Learner } from '../core/learner.ts';
import type { PolicyDecision, PolicyDefinition } from '../core/policy.ts';
import type { Query } from '../core/query.ts';
import { seededRandom, type Random } from '../core/random.ts';
import type { SessionView, Stage } from '../core/session.ts';
import { capCost, createEligibility, type EligibilityContext, type Eligible } from './eligibility.ts';
import { explore } from './exploration.ts';
import { checkOptions } from './options.ts';
import { policyContext } from './policy-context.ts';
import { memoryFingerprint, policyVersion } from './policy-version.ts';
import { profilesOf } from './profiles.ts';
import { checkForbidden, checkRoute, checkSlot } from './route-checks.ts';
import { createNearestSpace, type SpaceRule } from './nearest-space.ts';
import { stayOrSwitch, warmedCosts } from './staying.ts';
import {
  createPredictor,
  type EstimatorSlot,
  type EstimatorSlots,
  type Predictor,
  type PredictorResult,
} from './predictor.ts';

/** A policy of the catalogue with the options somebody wrote for it. */
export interface PolicyChoice {
  readonly name: string;
  readonly definition: PolicyDefinition;
  /** As written; checked against the definition's schema when the route is built. */
  readonly options: unknown;
  /** Where the options were written, for errors. Default: `routes.<route>.policy`. */
  readonly path?: string | undefined;
}

export interface RouteSettings {
  readonly name: string;
  /** At least one, in the operator's order. */
  readonly models: readonly Model[];
  readonly policy: PolicyChoice;
  /** For a policy around others: what it may name. Default: nothing. */
  readonly policies?: ReadonlyMap<string, PolicyDefinition> | undefined;
  /** Quality must have one where the policy reads it; cost falls back to the price. */
  readonly estimators: EstimatorSlots;
  /** Quality per dollar; null leaves it to the policy's own option. A request's wish goes before it. */
  readonly lambda: number | null;
  /** Probability in [0, 1] of drawing a candidate uniformly after the policy has spoken. */
  readonly exploration: { readonly epsilon: number };
  /** Null only where no estimator of the route reads an embedding. */
  readonly embedder: Embedder | null;
  /** Chooses between the vector spaces of its models. Left out: embeddings over several are refused. */
  readonly spaces?: SpaceRule | null | undefined;
  /** Predicted and logged beside what the policy reads, for those who evaluate the log. Default: nothing. */
  readonly alsoPredicts?: readonly Quantity[] | undefined;
  /** Every decision draws from `seededRandom(`${seed}:${decision id}`)`. */
  readonly seed: string;
  /** Told what fell back and why; for the log. */
  readonly onFault?: ((what: string, cause: unknown) => void) | undefined;
}

export interface DecideContext extends EligibilityContext {
  /** The decision's id. */
  readonly id: string;
  /** Instead of the stream that follows from the route's seed and the id. */
  readonly random?: Random | undefined;
  /** The conversation that the query continues, where the route knows conversations. */
  readonly session?: SessionView | undefined;
  readonly stage?: Stage | undefined;
}

/** One route: eligibility, embedding, predictions, policy, exploration. The same online and in replay. */
export interface Route {
  readonly name: string;
  readonly models: readonly Model[];
  readonly policy: PolicyChoice;
  /** 12 hex digits; see Decision. */
  readonly policyVersion: string;
  readonly needsEmbedding: boolean;
  readonly estimators: EstimatorSlots;
  /** What its policy remembers, and the name under which that is kept; null where it remembers nothing. */
  readonly memory: { readonly id: string; readonly learner: Learner } | null;
  /** The route's lambda; null where it has none. */
  readonly lambda: number | null;
  /** Synchronous where the embedder is. Throws or rejects with `no_eligible_candidate`. */
  decide(query: Query, context: DecideContext): Decision | Promise<Decision>;
  /** What the policy reads, for these candidates. Independent of lambda and randomness: a sweep asks once. */
  predict(input: EstimatorInput, candidates: readonly Candidate[]): PredictorResult;
  /** The policy's choice with the route's exploration mixed in. `predictions` must hold what the policy uses. */
  choose(
    candidates: readonly Candidate[],
    predictions: Predictions,
    lambda: number | null,
    random: Random,
    stage?: Stage,
    tags?: Readonly<Record<string, string>>,
  ): PolicyDecision;
  /** Replaces an estimator at once, here and in every sibling made by `withPolicy`. */
  swap(quantity: Quantity, slot: EstimatorSlot): void;
  /** The same route under another policy, within this one's limits too; estimators are shared, so a swap reaches both. */
  withPolicy(policy: PolicyChoice): Route;
}

/** Throws `invalid_config` where options, models or estimators do not fit together. */
export function createRoute(settings: RouteSettings): Route {
  return build(settings, createPredictor(settings.estimators, settings.onFault));
}

const noEmbedding = new Float32Array(0);
const noPolicies: ReadonlyMap<string, PolicyDefinition> = new Map();

/** @param limits of the policy that the route was configured with: they hold for whatever policy a client names. */
function build(settings: RouteSettings, predictor: Predictor, limits?: ReadonlyMap<string, string>): Route {
  const { name, models, policy: choice, embedder, seed } = settings;
  const { definition } = choice;
  const path = choice.path ?? `routes.${name}.policy`;
  const { epsilon } = settings.exploration;
  checkRoute(settings, [], predictor.slots);
  const options = checkOptions(`policy ${choice.name}`, definition.options, choice.options, path);
  const ids = models.map(({ id }) => id);
  const policy = definition.create(
    options,
    policyContext(ids, settings.policies ?? noPolicies, path, profilesOf(models)),
  );
  const forbidden = limits === undefined ? policy.forbidden : new Map([...limits, ...(policy.forbidden ?? [])]);
  checkForbidden(path, ids, forbidden);
  const uses = policy.uses ?? definition.uses;
  checkRoute(settings, uses, predictor.slots);
  const memory =
    policy.memory === undefined
      ? null
      : { id: `${name}/policy/${memoryFingerprint(choice.name, options)}`, learner: policy.memory };
  const predicted: readonly Quantity[] = [...new Set([...uses, ...(settings.alsoPredicts ?? [])])];
  const predictedAndCost: readonly Quantity[] = predicted.includes('cost') ? predicted : [...predicted, 'cost'];
  const eligible = createEligibility(models, true, forbidden);
  const { spaces: rule = null } = settings;
  const nearestSpace =
    rule === null || embedder === null
      ? null
      : createNearestSpace(
          models.filter(({ id }) => forbidden?.has(id) !== true),
          rule,
          embedder,
        );
  const unknownEmbedding = new Float32Array(embedder?.dimensions ?? 0);

  let revision = -1;
  let version = '';
  const currentVersion = (): string => {
    if (revision !== predictor.revision) {
      revision = predictor.revision;
      const spaces = settings.spaces?.fingerprint;
      const identity = { policy: choice.name, options, lambda: settings.lambda, epsilon, models, spaces };
      version = policyVersion({ ...identity, embedder: embedder?.id ?? null }, predictor.slots);
    }
    return version;
  };

  const choose: Route['choose'] = (candidates, predictions, lambda, random, stage, tags) => {
    if (!holds(predictions, uses)) {
      throw new PointsmanError('internal_error', `Policy ${choice.name} was asked without ${uses.join(', ')}.`);
    }
    return explore(
      policy.decide({ candidates, predictions, lambda, random, stage, tags }),
      candidates,
      epsilon,
      random,
    );
  };

  /** `embedding` null: there is none, because nothing reads it or because `trouble` kept it from being made. */
  const conclude = (
    query: Query,
    context: DecideContext,
    left: Eligible,
    embedding: Float32Array | null,
    trouble: string | null,
  ): Decision => {
    const { wishes } = query;
    const { session } = context;
    // An empty text has the zero vector, so estimators answer it with what they know of each model without the query.
    const input = {
      embedding: embedding ?? (trouble === null ? noEmbedding : unknownEmbedding),
      promptTokens: query.promptTokens,
    };
    const capped = wishes.maxCostUsd;
    const { predictions: all, degraded } = predictor.predict(
      capped === undefined && session === undefined ? predicted : predictedAndCost,
      input,
      left.candidates,
    );
    const before = { candidates: left.candidates, removals: left.removals, predictions: all };
    const kept = capped === undefined ? before : capCost(query.model, capped, before);
    const { candidates, removals } = kept;
    const predictions =
      session === undefined ? kept.predictions : warmedCosts(kept.predictions, candidates, session, query.promptTokens);
    const random = context.random ?? seededRandom(`${seed}:${context.id}`);
    const lambda = wishes.lambda ?? settings.lambda;
    const wanted = choose(candidates, predictions, lambda, random, context.stage, wishes.tags);
    const chosen =
      session === undefined ? wanted : stayOrSwitch(wanted, candidates, predictions, session, wanted.lambda ?? lambda);
    return {
      id: context.id,
      route: name,
      policy: choice.name,
      policyVersion: currentVersion(),
      plan: chosen.plan,
      candidates,
      removals,
      ranking: chosen.ranking,
      propensities: chosen.propensities,
      predictions,
      reason: chosen.reason,
      lambda: chosen.lambda,
      note: chosen.note,
      second: chosen.second === undefined ? undefined : secondOf(chosen, candidates),
      embedding,
      pinned: false,
      session: session?.id,
      sticky: chosen.plan !== wanted.plan,
      degraded: trouble === null ? degraded : [trouble, ...degraded],
    };
  };

  const embeddingTrouble = (cause: unknown): string => {
    const what = `embedding:${kindOf(cause)}`;
    settings.onFault?.(what, cause);
    return what;
  };

  /** What is left, and the embedding where there is one already. */
  const among = (
    query: Query,
    context: DecideContext,
    left: Eligible,
    embedding: Float32Array | null,
  ): Decision | Promise<Decision> => {
    if (embedding !== null) return conclude(query, context, left, embedding, null);
    if (!predictor.needsEmbedding || embedder === null) return conclude(query, context, left, null, null);
    if (embedder.local === false && staysHere(query)) {
      return conclude(query, context, left, null, 'embedding:not_allowed');
    }
    let vector: Float32Array | Promise<Float32Array>;
    try {
      vector = embedder.embed(query.text);
    } catch (cause) {
      return conclude(query, context, left, null, embeddingTrouble(cause));
    }
    if (vector instanceof Float32Array) return conclude(query, context, left, vector, null);
    return vector.then(
      (made) => conclude(query, context, left, made, null),
      (cause: unknown) => conclude(query, context, left, null, embeddingTrouble(cause)),
    );
  };

  return {
    name,
    models,
    policy: choice,
    memory,
    lambda: settings.lambda,
    get policyVersion() {
      return currentVersion();
    },
    get needsEmbedding() {
      return predictor.needsEmbedding;
    },
    get estimators() {
      return predictor.slots;
    },
    decide(query, context) {
      if (nearestSpace !== null && query.format === 'openai-embedding') {
        const found = nearestSpace(query, context);
        return found instanceof Promise
          ? found.then(({ left, embedding }) => among(query, context, left, embedding))
          : among(query, context, found.left, found.embedding);
      }
      return among(query, context, eligible(query, context), null);
    },
    predict: (input, candidates) => predictor.predict(uses, input, candidates),
    choose,
    swap(quantity, slot) {
      checkSlot(name, quantity, slot, embedder);
      predictor.swap(quantity, slot);
    },
    withPolicy: (policy) => build({ ...settings, policy }, predictor, forbidden),
  };
}

/** A request that is refused has no first answer, and so no second. */
function secondOf({ plan, second }: PolicyDecision, candidates: readonly Candidate[]): Decision['second'] {
  const model = second === undefined ? undefined : candidates[second.place]?.model;
  if (plan.type !== 'route' || second === undefined || model === undefined) return undefined;
  return { model, propensity: second.propensity };
}

function holds<Uses extends Quantity>(
  predictions: Predictions,
  uses: readonly Uses[],
): predictions is Readonly<Record<Uses, NonNullable<Predictions[Uses]>>> {
  for (const quantity of uses) if (predictions[quantity] === undefined) return false;
  return true;
}

/** The prompt may be seen by some machines only, and where a remote embedder stands nobody knows. */
const staysHere = ({ wishes }: Query): boolean => wishes.localOnly === true || wishes.region !== undefined;

/** One word for a header: why there is no embedding. */
function kindOf(cause: unknown): string {
  if (cause instanceof PointsmanError) return cause.code;
  const name = cause instanceof Error ? cause.name : '';
  return name === 'TimeoutError' ? 'timeout' : name === 'AbortError' ? 'aborted' : 'failed';
}
