import { Type } from 'typebox';
import { defineEstimator } from '../core/estimator.ts';
import { amountEstimator } from '../math/amount-estimator.ts';
import { onlineNote, trainedDefaults, trainedOptions } from '../math/trained-estimator.ts';

const alphas = [30, 10, 3, 1];

/** How long a model will take to its last byte. */
export default defineEstimator({
  summary: 'Expected milliseconds to the last byte, per model, by log-linear regression.',
  source:
    'Time to the last byte is about linear in the length of the answer, which the query tells something of: exp(w x + b) ' +
    'by Poisson pseudo-likelihood, x the embedding and the logarithm of the prompt length, per model, in units of its ' +
    `mean. No paper is followed. The time to the first token and the load of a target are not told apart.${onlineNote}`,
  options: Type.Object({
    alpha: Type.Number({ minimum: 1e-3, maximum: 1e6, default: 10, description: 'Penalty on the weights.' }),
    prior_ms: Type.Number({ exclusiveMinimum: 0, default: 3000, description: 'Milliseconds of a model never seen.' }),
    ...trainedOptions,
  }),
  needsEmbedding: true,
  quantities: ['latency'],
  settings: () => alphas.map((alpha) => ({ alpha, prior_ms: 3000, ...trainedDefaults })),
  create: (options, context) => amountEstimator('latency', options.prior_ms, options.alpha, options, context),
});
