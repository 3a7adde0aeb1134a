import { Type } from 'typebox';
import { definePolicy } from '../core/policy.ts';
import { optimisticDecision } from '../math/optimism.ts';
import { lambdaOption } from '../math/policy-options.ts';

/** Optimism in the face of uncertainty about this query: deterministic but for ties. */
export default definePolicy({
  summary: 'Highest predicted quality plus alpha deviations of that prediction, minus lambda times predicted dollars.',
  source:
    "LinUCB (Li et al., arXiv 1003.0146) with costs as in ParetoBandit: x'theta + alpha sqrt(x'A^-1 x) − lambda x cost. " +
    'Deviations: mean and deviation come from the quality estimator, meant for linear-bayes; its deviation has the noise in it, so ' +
    'alpha counts standard deviations. Deterministic: give the route some exploration where its log is to be evaluated.',
  options: Type.Object({
    alpha: Type.Number({
      minimum: 0,
      maximum: 100,
      default: 1,
      description: 'Standard deviations added for not knowing; 0 is cost-aware.',
    }),
    lambda: lambdaOption,
  }),
  uses: ['quality', 'cost'],
  example: () => ({ alpha: 1, lambda: 50 }),
  create: (options) => ({
    decide({ candidates, predictions, lambda: asked, random }) {
      const { mean: quality, deviation } = predictions.quality;
      const bonus = deviation.map((each) => options.alpha * each);
      const costUsd = predictions.cost.mean;
      return optimisticDecision(candidates, { quality, bonus, costUsd }, asked ?? options.lambda, random);
    },
  }),
});
