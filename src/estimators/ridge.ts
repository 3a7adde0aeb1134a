import { Type } from 'typebox';
import { defineEstimator } from '../core/estimator.ts';
import { priorOutputTokens } from '../math/price.ts';
import { RidgeModels } from '../math/ridge-models.ts';
import type { Fitted } from '../math/ridge-models.ts';
import { deviationOf, meanOf, priorBelief, shrink } from '../math/running-mean.ts';
import type { Belief, MeanPrior } from '../math/running-mean.ts';
import { checkTrainingRows, inRange } from '../math/training-rows.ts';
import { newDoubles } from '../math/slab.ts';

const alphas = [300, 100, 30, 10, 3, 1];

/** Observations that the prior guess of the noise is worth. */
const noiseStrength = 2;

/** A line may dip below zero dollars; it is held above this share of what the model costs on average. */
const leastCostShare = 0.02;

/** One linear regression per model over the embedding. */
export default defineEstimator({
  summary: 'Linear regression per model on the embedding, penalised by alpha; learns exactly from single outcomes.',
  source:
    "Bayesian linear regression with x = [embedding, 1]: mean x'theta, theta = (X'X + D)^-1 X'y, deviation " +
    "sqrt(sigma^2 x'(X'X + D)^-1 x), D = alpha on the embedding and 1 on the intercept, so that with little evidence " +
    'it is the running mean. sigma^2 is the penalised residual per observation, with a prior worth two. Online it is ' +
    'recursive least squares (the design matrix of LinUCB, arXiv 1003.0146). Deviations: cost, prompt length and evidence are ' +
    'regressed side by side: what evidence is missing is filled with the running mean, and cost is carried from ' +
    'the expected prompt length to this one through the price.',
  options: Type.Object({
    alpha: Type.Number({
      minimum: 1e-3,
      maximum: 1e6,
      default: 10,
      description: "Penalty on the embedding; larger trusts the query less and the model's mean more.",
    }),
    prior_mean: Type.Number({ minimum: 0, maximum: 1, default: 0.5, description: 'Quality of a model never seen.' }),
    prior_output_tokens: Type.Number({
      minimum: 0,
      default: priorOutputTokens,
      description: 'Length of an answer, in tokens, before any was seen.',
    }),
  }),
  needsEmbedding: true,
  quantities: ['quality', 'cost'],
  settings: () => alphas.map((alpha) => ({ alpha, prior_mean: 0.5, prior_output_tokens: priorOutputTokens })),
  create(options, context) {
    const { quantity } = context;
    const known =
      quantity === 'quality'
        ? new RidgeModels(context, options.alpha, 1, 1, (value, _, out) => {
            out[0] = value - options.prior_mean;
          })
        : new RidgeModels(context, options.alpha, 1, 3, (value, promptTokens, out) => {
            out[0] = value;
            out[1] = promptTokens;
            out[2] = 1;
          });

    const prior: MeanPrior = { quality: options.prior_mean, outputTokens: options.prior_output_tokens, strength: 1 };
    const belief: Belief = { mean: 0, variance: 0, promptTokens: 0 };

    /** What evidence is missing (1 − its fitted share) is filled with the running mean, which `belief` holds. */
    const toCost = ({ values }: Fitted): void => {
      const [cost = 0, prompt = 0, evidence = 0] = values;
      const missing = 1 - evidence;
      const least = leastCostShare * belief.mean;
      belief.mean = Math.max(least, cost + missing * belief.mean);
      belief.promptTokens = Math.max(1, prompt + missing * belief.promptTokens);
    };

    return {
      fit(rows) {
        checkTrainingRows('ridge', rows, context);
        known.fit(rows);
      },
      update({ model, value, weight, promptTokens, embedding, quantity: of }) {
        if (of !== quantity || !inRange(quantity, value) || !(weight > 0)) return;
        if (embedding !== null && embedding.length !== context.dimensions) return;
        known.update(model, value, weight, promptTokens, embedding);
      },
      predict(input, candidates) {
        const mean = newDoubles(candidates.length);
        const deviation = newDoubles(candidates.length);
        known.place(input);
        candidates.forEach((candidate, i) => {
          const fitted = known.fitted(candidate.model);
          priorBelief(quantity, candidate, input.promptTokens, prior, belief);
          const noise =
            (fitted.residual + noiseStrength * belief.variance) / ((fitted.moments[0] ?? 0) + noiseStrength);
          if (quantity === 'quality') {
            belief.mean += fitted.values[0] ?? 0;
          } else {
            shrink(belief, prior.strength, fitted.moments, 0);
            toCost(fitted);
          }
          belief.variance = noise * fitted.spread;
          mean[i] = meanOf(quantity, belief, candidate, input.promptTokens);
          deviation[i] = deviationOf(quantity, belief, 0);
        });
        return { mean, deviation };
      },
      save: () => known.save(),
      load: (state) => known.load(state),
    };
  },
});
