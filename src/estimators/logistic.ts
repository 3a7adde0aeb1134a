import { Type } from 'typebox';
import { defineEstimator } from '../core/estimator.ts';
import { fitGeneralisedLinear } from '../math/generalised-linear.ts';
import { loadLinearPart } from '../math/linear-part.ts';
import { onlineNote, trainedDefaults, trainedEstimator, trainedOptions } from '../math/trained-estimator.ts';

const alphas = [30, 10, 3, 1];
/** Above this many rows two strengths are enough to choose from. */
const manyRows = 10_000;

/** One logistic regression per model over the embedding; amounts by the exponential link. */
export default defineEstimator({
  summary: 'Logistic regression per model on the embedding; cost by log-linear regression.',
  source:
    'Penalised maximum likelihood: argmin of the cross-entropy of sigma(w x + b) plus alpha / 2 |w|^2, intercept free, by ' +
    'L-BFGS; scores between 0 and 1 count as fractional labels. Cost: Poisson pseudo-likelihood of exp(w x + b), which ' +
    'keeps the total. The linear heads of CARROT (arXiv 2502.03261) and RouterEval (arXiv 2503.10657). Deviations: a frozen ' +
    `embedder, and cost in dollars instead of tokens.${onlineNote}`,
  options: Type.Object({
    alpha: Type.Number({
      minimum: 1e-3,
      maximum: 1e6,
      default: 3,
      description: "Penalty on the weights; larger trusts the query less and the model's mean more.",
    }),
    ...trainedOptions,
  }),
  needsEmbedding: true,
  quantities: ['quality', 'cost'],
  settings: (rows) =>
    (rows.promptTokens.length > manyRows ? [3, 1] : alphas).map((alpha) => ({ alpha, ...trainedDefaults })),
  create: (options, context) =>
    trainedEstimator(
      {
        name: 'logistic',
        version: 1,
        fit: (rows) => fitGeneralisedLinear(context.quantity, rows, options.alpha),
        load: (reader, models, width) => loadLinearPart(context.quantity, reader, models, width),
      },
      options,
      context,
    ),
});
