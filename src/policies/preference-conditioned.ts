import { Type } from 'typebox';
import { definePolicy } from '../core/policy.ts';
import { callOf, leaderPropensities, rank, short } from '../math/choice.ts';

/** Quality, money and time, weighed as one likes. */
export default definePolicy({
  summary: 'Predicted quality minus weighted shares of what a request may cost and take.',
  source:
    'The preference-conditioned reward of LLM Bandit (arXiv 2502.02743) and BaRP: w_q x quality − w_c x min(cost / cap, 1) ' +
    '− w_t x min(latency / cap, 1). Deviations: no policy is learned by reinforcement; with true expectations the argmax ' +
    'is already Pareto-optimal, so the estimators do the learning. The weights are options of the route, not of a request.',
  options: Type.Object({
    quality: Type.Number({ minimum: 0, default: 1, description: 'Weight of quality.' }),
    cost: Type.Number({ minimum: 0, default: 0.2, description: 'Weight of the share of cost_cap_usd.' }),
    latency: Type.Number({ minimum: 0, default: 0.1, description: 'Weight of the share of latency_cap_ms.' }),
    cost_cap_usd: Type.Number({ exclusiveMinimum: 0, default: 0.01, description: 'Dearer counts as this dear.' }),
    latency_cap_ms: Type.Number({ exclusiveMinimum: 0, default: 30_000, description: 'Slower counts as this slow.' }),
  }),
  uses: ['quality', 'cost', 'latency'],
  example: () => ({ quality: 1, cost: 0.2, latency: 0.1, cost_cap_usd: 0.01, latency_cap_ms: 30_000 }),
  create: (weights) => ({
    decide({ candidates, predictions, random }) {
      const costUsd = predictions.cost.mean;
      const scores = Array.from(
        predictions.quality.mean,
        (value, i) =>
          weights.quality * value -
          weights.cost * Math.min((costUsd[i] ?? 0) / weights.cost_cap_usd, 1) -
          weights.latency * Math.min((predictions.latency.mean[i] ?? 0) / weights.latency_cap_ms, 1),
      );
      const ranked = rank(scores, costUsd, random);
      const [first = 0, second] = ranked.ranking;
      const next = second === undefined ? '' : `, next ${candidates[second]?.model} at ${short(scores[second] ?? 0)}`;
      return {
        plan: callOf(candidates, first),
        ranking: ranked.ranking,
        propensities: leaderPropensities(ranked),
        reason: `weighted score ${short(scores[first] ?? 0)}${next}`,
        lambda: null,
      };
    },
  }),
});
