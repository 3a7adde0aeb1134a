import type { Model } from '../core/candidate.ts';
import type { Decision } from '../core/decision.ts';
import type { Query } from '../core/query.ts';

/** Assumed of an answer whose length nobody limited and nobody predicts. */
const assumedOutputTokens = 1_000;

/**
 * US dollars to put aside for a decision: the most its prompt and `max_tokens` can cost where the client set a limit,
 * else what the route predicts with two deviations of headroom, else what a long answer would cost. An unknown price
 * gives 0: there is nothing to reckon with.
 */
export function estimateCostUsd(decision: Decision, query: Query, models: ReadonlyMap<string, Model>): number {
  const chosen = decision.ranking[0] ?? 0;
  const price = models.get(decision.candidates[chosen]?.model ?? '')?.price ?? null;
  const predicted = decision.predictions.cost;
  if (query.maxOutputTokens === null && predicted !== undefined) {
    return (predicted.mean[chosen] ?? 0) + 2 * (predicted.deviation[chosen] ?? 0);
  }
  if (price === null) return 0;
  const outputTokens = query.maxOutputTokens ?? assumedOutputTokens;
  return (query.promptTokens * price.input + outputTokens * price.output) / 1e6;
}
