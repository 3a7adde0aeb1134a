import type { Candidate, Capability, Model, Removal, Target } from '../core/candidate.ts';
import { PointsmanError } from '../core/errors.ts';
import type { Prediction, Quantity } from '../core/estimator.ts';
import type { Predictions } from '../core/decision.ts';
import type { Query } from '../core/query.ts';
import { demandOneSpace, spacesOf } from './embedding-space.ts';

/** What eligibility asks of the rest of the gateway, at the moment of the request. */
export interface EligibilityContext {
  /** Whether any target of the model takes calls now. Left out: all do. */
  readonly isUp?: ((model: string) => boolean) | undefined;
  /** Models that the caller's key may use; null or left out: all. */
  readonly allowedModels?: ReadonlySet<string> | null | undefined;
}

/** The candidates that are left, in the route's order, and why each other model is not among them. */
export interface Eligible {
  readonly candidates: readonly Candidate[];
  readonly removals: readonly Removal[];
}

const none: readonly Removal[] = [];
const noSpaces: ReadonlyMap<string, readonly string[]> = new Map();

/**
 * Sorts out, before any scoring, the models that cannot or may not take a query. Built once per route; where nothing is
 * removed, a call allocates nothing. A model that is down is kept where nothing else would be left: trying it is better
 * than refusing.
 *
 * @param oneSpace embeddings over models of several vector spaces are refused; false where a rule chooses between them.
 * @param forbidden models that the policy rules out, and why.
 * @returns a function that throws `no_eligible_candidate` saying which check removed which model.
 */
export function createEligibility(
  models: readonly Model[],
  oneSpace = true,
  forbidden?: ReadonlyMap<string, string>,
): (query: Query, context: EligibilityContext) => Eligible {
  const all: readonly Candidate[] = models.map(({ id, price }) => ({ model: id, price }));
  const spaces = oneSpace ? spacesOf(models) : noSpaces;
  return (query, context) => {
    if (query.format === 'openai-embedding') demandOneSpace(query, spaces);
    let kept: Candidate[] | null = null;
    let removals: Removal[] | null = null;
    let down: Removal[] | null = null;
    for (let i = 0; i < models.length; i++) {
      const model = models[i];
      const candidate = all[i];
      if (model === undefined || candidate === undefined) continue;
      const ruledOut = forbidden?.get(model.id);
      const removal: Removal | null =
        ruledOut === undefined
          ? removalOf(model, query, context)
          : { model: model.id, check: 'policy', reason: ruledOut };
      if (removal !== null) {
        kept ??= all.slice(0, i);
        (removals ??= []).push(removal);
        continue;
      }
      kept?.push(candidate);
      if (context.isUp !== undefined && !context.isUp(model.id)) {
        (down ??= []).push({ model: model.id, check: 'health', reason: 'every target is cooling down' });
      }
    }
    let candidates: readonly Candidate[] = kept ?? all;
    if (candidates.length === 0) throw noneLeft(query.model, removals ?? none);
    if (down !== null && down.length < candidates.length) {
      const gone = new Set(down.map(({ model }) => model));
      candidates = candidates.filter(({ model }) => !gone.has(model));
      removals = [...(removals ?? none), ...down];
    }
    return { candidates, removals: removals ?? none };
  };
}

function removalOf(model: Model, query: Query, context: EligibilityContext): Removal | null {
  if (model.price === null) return { model: model.id, check: 'price', reason: 'its price is unknown' };
  return (
    forbids(model, query, context) ?? wrongKind(model, query) ?? tooLong(model, query) ?? cannot(model, query.needs)
  );
}

/** Checks that hold for every call, a pinned one too: who may use the model, and where the prompt may go. */
export function forbids(model: Model, query: Query, context: EligibilityContext): Removal | null {
  const { wishes } = query;
  if (context.allowedModels && !context.allowedModels.has(model.id)) {
    return { model: model.id, check: 'key', reason: 'the key may not use it' };
  }
  if (wishes.models !== undefined && !wishes.models.includes(model.id)) {
    return { model: model.id, check: 'allow_list', reason: 'not among the models that the request allows' };
  }
  if (wishes.localOnly === true && !model.targets.some(isLocal)) {
    return { model: model.id, check: 'local_only', reason: 'no local target' };
  }
  const { region } = wishes;
  if (region === undefined) return null;
  const inRegion = model.targets.filter((target) => target.region === region);
  if (inRegion.length === 0) {
    const regions = [...new Set(model.targets.map((target) => target.region ?? 'unknown'))].join(', ');
    return { model: model.id, check: 'region', reason: `needs ${region}, is in ${regions || 'none'}` };
  }
  // One target has to satisfy both wishes: a local one elsewhere does not make a remote one here local.
  return wishes.localOnly === true && !inRegion.some(isLocal)
    ? { model: model.id, check: 'region', reason: `no local target in ${region}` }
    : null;
}

const isLocal = (target: Target): boolean => target.local;

/** Whoever embeds does not answer, and the other way round. */
function wrongKind({ id, embedding }: Model, { format }: Query): Removal | null {
  const embeds = embedding !== undefined && embedding !== null;
  if (embeds === (format === 'openai-embedding')) return null;
  const reason = embeds ? 'it embeds and does not answer' : 'it does not embed (`embedding` in the YAML)';
  return { model: id, check: 'embedding', reason };
}

function tooLong(model: Model, query: Query): Removal | null {
  if (model.contextTokens === null) return null;
  const needed = (query.longestPromptTokens ?? query.promptTokens) + (query.maxOutputTokens ?? 0);
  if (needed <= model.contextTokens) return null;
  return { model: model.id, check: 'context', reason: `needs about ${needed} tokens, takes ${model.contextTokens}` };
}

function cannot(model: Model, needs: readonly Capability[]): Removal | null {
  const { capabilities } = model;
  if (capabilities === null || needs.length === 0) return null;
  const missing = needs.filter((need) => !capabilities.has(need));
  if (missing.length === 0) return null;
  const has = [...capabilities].join(', ') || 'none';
  return { model: model.id, check: 'capability', reason: `needs ${missing.join(', ')}, has ${has}` };
}

/** Eligible candidates with what is predicted of them. */
export interface Predicted extends Eligible {
  readonly predictions: Predictions;
}

/** Removes, after prediction, whatever is predicted to cost more than the request allows. Throws as eligibility does. */
export function capCost(asked: string, maxCostUsd: number, before: Predicted): Predicted {
  const { candidates, predictions } = before;
  const cost = predictions.cost?.mean;
  const kept: number[] = [];
  const removals: Removal[] = [...before.removals];
  for (let i = 0; i < candidates.length; i++) {
    const costUsd = cost?.[i] ?? Infinity;
    if (costUsd <= maxCostUsd) kept.push(i);
    else {
      const reason = `predicted to cost $${costUsd.toPrecision(2)}, the request allows $${maxCostUsd}`;
      removals.push({ model: candidates[i]?.model ?? '', check: 'max_cost', reason });
    }
  }
  if (kept.length === candidates.length) return before;
  if (kept.length === 0) throw noneLeft(asked, removals);
  const pick = (values: Float64Array): Float64Array => Float64Array.from(kept, (i) => values[i] ?? 0);
  const subset: Partial<Record<Quantity, Prediction>> = {};
  for (const quantity of ['quality', 'cost', 'latency', 'output_tokens'] as const) {
    const prediction = predictions[quantity];
    if (prediction) subset[quantity] = { mean: pick(prediction.mean), deviation: pick(prediction.deviation) };
  }
  return { candidates: candidates.filter((_, i) => kept.includes(i)), removals, predictions: subset };
}

/** `no_eligible_candidate` that names every model, the check that removed it and why. */
export function noneLeft(asked: string, removals: readonly Removal[]): PointsmanError {
  const each = removals.map(({ model, check, reason }) => `${model} (${check}: ${reason})`).join('; ');
  return new PointsmanError(
    'no_eligible_candidate',
    `No model of "${asked}" can take this request: ${each || 'it has none'}.`,
    {
      param: 'model',
    },
  );
}
