import { Type } from 'typebox';
import { defineEstimator } from '../core/estimator.ts';
import { amountEstimator } from '../math/amount-estimator.ts';
import { onlineNote, trainedDefaults, trainedOptions } from '../math/trained-estimator.ts';

const alphas = [30, 10, 3, 1];

/** How long a model's answer will be. */
export default defineEstimator({
  summary: 'Expected length of the answer in tokens, per model, by log-linear regression.',
  source:
    'CARROT (arXiv 2502.03261) predicts output tokens and prices them. Deviations: Poisson pseudo-likelihood of exp(w x + b), ' +
    'x the embedding and the logarithm of the prompt length, per model, in units of its mean length; canonical, so ' +
    `the total of the training lengths is kept. It gives the mean and how sure it is of that, not quantiles.${onlineNote}`,
  options: Type.Object({
    alpha: Type.Number({ minimum: 1e-3, maximum: 1e6, default: 3, description: 'Penalty on the weights.' }),
    ...trainedOptions,
  }),
  needsEmbedding: true,
  quantities: ['output_tokens'],
  settings: () => alphas.map((alpha) => ({ alpha, ...trainedDefaults })),
  create: (options, context) =>
    amountEstimator('output-tokens', Math.max(1, options.prior_output_tokens), options.alpha, options, context),
});
