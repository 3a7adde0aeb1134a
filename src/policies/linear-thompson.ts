import { Type } from 'typebox';
import { definePolicy } from '../core/policy.ts';
import { bestOf, knotCount, normalHeights, placeNormal } from '../math/best-of.ts';
import { dollars, short } from '../math/choice.ts';
import { drawnDecision } from '../math/drawn.ts';
import { lambdaOption } from '../math/policy-options.ts';

/** Each candidate with the probability that it is the best, given what is known. */
export default definePolicy({
  summary: 'Draws each candidate with the probability that its quality minus lambda times dollars is the highest.',
  source:
    'Thompson sampling with a Gaussian posterior (Agrawal and Goyal, arXiv 1209.3352), models independent as in the ' +
    'disjoint linear model: mean and deviation come from the quality estimator, meant for linear-bayes. Deviations: the chance of ' +
    'being the best is integrated, with each normal distribution function linear between 33 knots, and the model is ' +
    'drawn from the result: same law as drawing a theta, with propensities that are exact.',
  options: Type.Object({
    scale: Type.Number({
      minimum: 0,
      maximum: 100,
      default: 0.5,
      description: 'Multiplies the deviations; 1 is Thompson sampling, less explores less, 0 is cost-aware.',
    }),
    lambda: lambdaOption,
  }),
  uses: ['quality', 'cost'],
  example: () => ({ scale: 0.5, lambda: 50 }),
  create: (options) => ({
    decide({ candidates, predictions, lambda: asked, random }) {
      const lambda = asked ?? options.lambda;
      const { mean, deviation } = predictions.quality;
      const costUsd = predictions.cost.mean;
      const knots = new Float64Array(candidates.length * knotCount);
      for (let i = 0; i < candidates.length; i++) {
        placeNormal(knots, i, (mean[i] ?? 0) - lambda * (costUsd[i] ?? 0), options.scale * (deviation[i] ?? 0));
      }
      const propensities = bestOf(knots, normalHeights, candidates.length);
      return drawnDecision(
        candidates,
        propensities,
        lambda,
        random,
        (chosen) =>
          `best with probability ${short(propensities[chosen] ?? 0)}: quality ${short(mean[chosen] ?? 0)} ± ` +
          `${short(options.scale * (deviation[chosen] ?? 0))} − ${short(lambda)} × ${dollars(costUsd[chosen] ?? 0)}`,
      );
    },
  }),
});
