import { Type } from 'typebox';
import { definePolicy } from '../core/policy.ts';
import { callOf, dollars, drawIndex, moveToFront, rank, short } from '../math/choice.ts';
import { hullMixture } from '../math/hull-mixture.ts';

/** The baseline that every router has to beat, as something that serves: two single models, mixed by chance. */
export default definePolicy({
  summary: 'Mixes the two single models that give the best quality at a mean cost per request.',
  source:
    'Zero router of RouterBench (arXiv 2403.12031): the upper concave hull of the models in the plane of cost and quality; ' +
    'a point of it between two models is had by drawing one of them. Meant for the estimator mean, whose predictions ' +
    'are what a model does on average; with others the hull is of this query alone. Models that tie exactly share. Deviations: RouterBench draws the hull of measured means; here a budget per request picks the point, from what is predicted.',
  options: Type.Object({
    usd_per_request: Type.Number({
      minimum: 0,
      default: 0.001,
      description: 'US dollars that the mean request may cost; below the cheapest model, that one is taken.',
    }),
  }),
  uses: ['quality', 'cost'],
  example: () => ({ usd_per_request: 0.001 }),
  create: ({ usd_per_request: budget }) => ({
    decide({ candidates, predictions, random }) {
      const quality = predictions.quality.mean;
      const costUsd = predictions.cost.mean;
      const propensities = hullMixture(quality, costUsd, budget);
      const chosen = drawIndex(propensities, random);
      const { ranking } = rank(quality, costUsd, random);
      moveToFront(ranking, chosen);
      const share = short(propensities[chosen] ?? 0);
      return {
        plan: callOf(candidates, chosen),
        ranking,
        propensities,
        reason: `drawn with probability ${share} from the hull at ${dollars(budget)} per request`,
        lambda: null,
      };
    },
  }),
});
