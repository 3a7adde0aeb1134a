import { Type } from 'typebox';
import { definePolicy } from '../core/policy.ts';
import {
  callOf,
  leaderPropensities,
  mixUniform,
  moveToFront,
  rank,
  short,
  utilities,
  utilityReason,
} from '../math/choice.ts';

/** `cost-aware` that keeps looking: what it logs has support for every candidate, so it can be learned from. */
export default definePolicy({
  summary: 'Like cost-aware, but any candidate with a small probability, so that all of them stay known.',
  source:
    'Epsilon-greedy (Sutton and Barto, Reinforcement Learning, 2.2) over the utility quality − lambda x cost: ' +
    'P(m) = (1 − epsilon) x [m has the highest utility] + epsilon / n. Deviations: greedy by what is predicted of the query instead of by the mean of an arm.',
  options: Type.Object({
    epsilon: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.05,
      description: 'Share of requests whose model is drawn uniformly.',
    }),
    lambda: Type.Number({
      minimum: 0,
      default: 50,
      description: "Quality per US dollar; the request's and the route's own lambda go before it.",
    }),
  }),
  uses: ['quality', 'cost'],
  example: () => ({ epsilon: 0.1, lambda: 50 }),
  create: (options) => ({
    decide({ candidates, predictions, lambda: asked, random }) {
      const lambda = asked ?? options.lambda;
      const { epsilon } = options;
      const quality = predictions.quality.mean;
      const costUsd = predictions.cost.mean;
      const scores = utilities(quality, costUsd, lambda);
      const ranked = rank(scores, costUsd, random);
      const propensities = leaderPropensities(ranked);
      mixUniform(propensities, epsilon);
      let reason: string;
      if (random.next() < epsilon) {
        moveToFront(ranked.ranking, random.integer(candidates.length));
        reason = `explores with probability ${short(epsilon)}, drawn among ${candidates.length}`;
      } else {
        reason = utilityReason(candidates, quality, costUsd, lambda, scores, ranked);
      }
      return { plan: callOf(candidates, ranked.ranking[0]), ranking: ranked.ranking, propensities, reason, lambda };
    },
  }),
});
