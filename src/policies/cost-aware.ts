import { Type } from 'typebox';
import { definePolicy } from '../core/policy.ts';
import { callOf, leaderPropensities, rank, utilities, utilityReason } from '../math/choice.ts';

/**
 * argmax over m of quality_m − lambda x cost_m. With true expectations this traces the whole cost-quality frontier as
 * lambda goes from 0 to infinity; with plug-in estimates it is CARROT's minimax-rate optimal rule.
 */
export default definePolicy({
  summary: 'Highest predicted quality minus lambda times predicted dollars.',
  source:
    "CARROT's plug-in rule (arXiv 2502.03261). CARROT weighs (1 − t) x quality − 100 t x cost with t in [0, 1); " +
    'dividing by 1 − t gives lambda = 100 t / (1 − t). Exact ties go to the cheaper model, then to chance. Deviations: any estimator of quality and cost in place of kNN or RoBERTa, and dollars of this very query.',
  options: Type.Object({
    lambda: Type.Number({
      minimum: 0,
      default: 50,
      description: "Quality per US dollar; the request's and the route's own lambda go before it.",
    }),
  }),
  uses: ['quality', 'cost'],
  example: () => ({ lambda: 50 }),
  create: (options) => ({
    decide({ candidates, predictions, lambda: asked, random }) {
      const lambda = asked ?? options.lambda;
      const quality = predictions.quality.mean;
      const costUsd = predictions.cost.mean;
      const scores = utilities(quality, costUsd, lambda);
      const ranked = rank(scores, costUsd, random);
      return {
        plan: callOf(candidates, ranked.ranking[0]),
        ranking: ranked.ranking,
        propensities: leaderPropensities(ranked),
        reason: utilityReason(candidates, quality, costUsd, lambda, scores, ranked),
        lambda,
      };
    },
  }),
});
