import type { Model } from '../core/candidate.ts';
import type { Decision } from '../core/decision.ts';
import type { Query } from '../core/query.ts';
import { capCost, forbids, noneLeft, type EligibilityContext, type Predicted } from './eligibility.ts';
import { fallbackPrediction } from './fallback-predictions.ts';

const noEmbedding = new Float32Array(0);
const ranking = [0] as const;

/**
 * The decision where the client named a model: nothing is chosen, so price, context, capabilities and health are left
 * to the upstream's own answer. Who may see the prompt and the dollar cap hold as for any call. Throws
 * `no_eligible_candidate`. Its route is the model's id, which no route can have.
 */
export function pin(model: Model, query: Query, context: EligibilityContext & { readonly id: string }): Decision {
  const removal = forbids(model, query, context);
  if (removal !== null) throw noneLeft(query.model, [removal]);
  const { maxCostUsd } = query.wishes;
  const candidates = [{ model: model.id, price: model.price }];
  let predicted: Predicted = { candidates, removals: [], predictions: {} };
  if (maxCostUsd !== undefined) {
    if (model.price === null) {
      const reason = 'its price is unknown, so the cap cannot be kept';
      throw noneLeft(query.model, [{ model: model.id, check: 'max_cost', reason }]);
    }
    const cost = fallbackPrediction('cost', { embedding: noEmbedding, promptTokens: query.promptTokens }, candidates);
    predicted = capCost(query.model, maxCostUsd, { ...predicted, predictions: { cost } });
  }
  return {
    id: context.id,
    route: model.id,
    policy: 'pinned',
    policyVersion: 'pinned',
    plan: { type: 'route', model: model.id },
    ...predicted,
    ranking,
    propensities: Float64Array.of(1),
    reason: 'the request names this model',
    lambda: null,
    embedding: null,
    pinned: true,
    degraded: [],
  };
}
