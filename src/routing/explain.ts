import type { Removal } from '../core/candidate.ts';
import type { Decision } from '../core/decision.ts';
import type { Quantity } from '../core/estimator.ts';

/** One candidate as the decision saw it. */
export interface ExplainedCandidate {
  readonly model: string;
  /** 1 is the chosen one; fallbacks follow. */
  readonly rank: number;
  readonly chosen: boolean;
  readonly propensity: number;
  /** quality − lambda x cost; null where the policy did not weigh the two. */
  readonly utility: number | null;
  readonly predictions: Readonly<Partial<Record<Quantity, { readonly mean: number; readonly deviation: number }>>>;
}

/** A decision as plain data for people and JSON; what `pointsman explain` prints. */
export interface Explanation {
  readonly route: string;
  readonly policy: string;
  readonly policyVersion: string;
  /** Null where the plan calls no model. */
  readonly chosen: string | null;
  readonly reason: string;
  readonly lambda: number | null;
  /** In the order of the ranking. */
  readonly candidates: readonly ExplainedCandidate[];
  readonly removals: readonly Removal[];
  readonly degraded: readonly string[];
}

export function explain(decision: Decision): Explanation {
  const { candidates, ranking, predictions, lambda, propensities, plan } = decision;
  const { quality, cost } = predictions;
  const chosen = plan.type === 'route' ? plan.model : null;
  const explained = ranking.map((index, place): ExplainedCandidate => {
    const each: Partial<Record<Quantity, { mean: number; deviation: number }>> = {};
    for (const quantity of ['quality', 'cost', 'latency', 'output_tokens'] as const) {
      const prediction = predictions[quantity];
      if (prediction === undefined) continue;
      each[quantity] = { mean: prediction.mean[index] ?? NaN, deviation: prediction.deviation[index] ?? NaN };
    }
    const model = candidates[index]?.model ?? '';
    const weighed = quality !== undefined && cost !== undefined && lambda !== null;
    return {
      model,
      rank: place + 1,
      chosen: model === chosen,
      propensity: propensities[index] ?? 0,
      utility: weighed ? (quality.mean[index] ?? NaN) - lambda * (cost.mean[index] ?? NaN) : null,
      predictions: each,
    };
  });
  const { route, policy, policyVersion, reason, removals, degraded } = decision;
  return { route, policy, policyVersion, chosen, reason, lambda, candidates: explained, removals, degraded };
}
