import { Type } from 'typebox';
import { definePolicy } from '../core/policy.ts';
import { bestOf, knotCount } from '../math/best-of.ts';
import { placeBeta } from '../math/beta-knots.ts';
import { dollars, short } from '../math/choice.ts';
import { drawnDecision } from '../math/drawn.ts';
import { lambdaOption } from '../math/policy-options.ts';

/** Thompson sampling where quality lies in [0, 1] and little is known: the Beta posterior is skewed as it should be. */
export default definePolicy({
  summary: 'Draws each candidate with the probability of being the best under a Beta posterior of its quality.',
  source:
    'Thompson sampling (Agrawal and Goyal, arXiv 1111.1797) over quality − lambda x cost, quality a Beta distribution ' +
    "with the estimator's mean and deviation, exact for beta-mean; with its discount it is payment routing's discounted " +
    'Thompson sampling. Deviations: the chance of being the best is integrated, each distribution function linear between 33 knots, ' +
    'and the model is drawn from the result.',
  options: Type.Object({
    lambda: lambdaOption,
  }),
  uses: ['quality', 'cost'],
  example: () => ({ lambda: 50 }),
  create: (options) => ({
    decide({ candidates, predictions, lambda: asked, random }) {
      const lambda = asked ?? options.lambda;
      const { mean, deviation } = predictions.quality;
      const costUsd = predictions.cost.mean;
      const knots = new Float64Array(candidates.length * knotCount);
      const heights = new Float64Array(candidates.length * knotCount);
      for (let i = 0; i < candidates.length; i++) {
        placeBeta(knots, heights, i, mean[i] ?? 0, deviation[i] ?? 0);
        const price = lambda * (costUsd[i] ?? 0);
        for (let k = i * knotCount; k < (i + 1) * knotCount; k++) knots[k] = (knots[k] ?? 0) - price;
      }
      const propensities = bestOf(knots, heights, candidates.length);
      return drawnDecision(
        candidates,
        propensities,
        lambda,
        random,
        (chosen) =>
          `best with probability ${short(propensities[chosen] ?? 0)}: quality ${short(mean[chosen] ?? 0)} ± ` +
          `${short(deviation[chosen] ?? 0)} − ${short(lambda)} × ${dollars(costUsd[chosen] ?? 0)}`,
      );
    },
  }),
});
