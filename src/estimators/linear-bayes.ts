import { Type } from 'typebox';
import { PointsmanError } from '../core/errors.ts';
import { defineEstimator } from '../core/estimator.ts';
import { LinearBeliefs } from '../math/linear-beliefs.ts';
import { costAtPrompt, priorOutputTokens } from '../math/price.ts';
import { deviationOf, meanOf, priorBelief, shrink } from '../math/running-mean.ts';
import type { Belief, MeanPrior } from '../math/running-mean.ts';
import { checkTrainingRows, inRange } from '../math/training-rows.ts';
import { clamp } from '../math/vectors.ts';
import { newDoubles } from '../math/slab.ts';

const alphas = [30, 10, 3, 1, 0.3];

/** Observations that the prior guess of the noise is worth. */
const noiseStrength = 2;

/** A cost is regressed as its excess over the running mean, in units of that mean; no single one counts beyond this. */
const largestExcess = 10;

/** The regression may bring a cost down to this share of the running mean, no further. */
const leastCostShare = 0.02;

/** The posterior that the linear bandits read: `linucb` and `linear-thompson`. */
export default defineEstimator({
  summary:
    'Bayesian linear regression per model on a reduced embedding; forgets old evidence, knows what it does not know.',
  source:
    "Disjoint linear model of LinUCB (arXiv 1003.0146): x = [reduced embedding, 1], mean x'theta, theta = A^-1 b, " +
    "deviation sqrt(sigma^2 x'A^-1 x), A = D + sum of w x x', with sigma^2 the penalised residual per observation. " +
    "The reduction is ParetoBandit's: principal directions found in `fit`, before it a fixed random projection. " +
    'Forgetting is geometric per observation of a model, as in discounted linear bandits (arXiv 1909.09146). Deviations: unlike ' +
    "ParetoBandit's it forgets towards the prior, one coordinate a step, so that A never degenerates. Rows of a fit " +
    'count for at most seed_strength observations (ParetoBandit: 1163.9). Cost is regressed as its relative excess over ' +
    'the running mean at this prompt length.',
  options: Type.Object({
    components: Type.Integer({
      minimum: 1,
      maximum: 256,
      default: 32,
      description: 'Numbers that the embedding is reduced to.',
    }),
    alpha: Type.Number({
      minimum: 1e-3,
      maximum: 1e6,
      default: 10,
      description: "Penalty on the embedding; larger trusts the query less and the model's mean more.",
    }),
    discount: Type.Number({
      minimum: 0.5,
      maximum: 1,
      default: 1,
      description: "What is left of a model's old evidence at each new observation of it; 1 forgets nothing.",
    }),
    window: Type.Integer({
      minimum: 0,
      default: 0,
      description: 'Only the last so many observations of a model count, forgotten a quarter at a time; 0: all.',
    }),
    staleness: Type.Number({
      minimum: 0.5,
      maximum: 1,
      default: 1,
      description:
        'What is left of the certainty about a model at each observation of another; 1: it never grows stale.',
    }),
    seed_strength: Type.Number({
      exclusiveMinimum: 0,
      default: 1000,
      description: 'Observations that what was trained is worth, at most, for each model.',
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
  settings: () =>
    alphas.map((alpha) => ({
      components: 32,
      alpha,
      discount: 1,
      window: 0,
      staleness: 1,
      seed_strength: 1000,
      prior_mean: 0.5,
      prior_output_tokens: priorOutputTokens,
    })),
  create(options, context) {
    const { quantity } = context;
    if (options.window > 0 && options.discount < 1) {
      throw new PointsmanError('invalid_config', 'linear-bayes: give window or discount, not both.', {
        param: 'window',
      });
    }
    const known = new LinearBeliefs('linear-bayes', context, {
      components: options.components,
      alpha: options.alpha,
      discount: options.discount,
      window: options.window,
      seedStrength: options.seed_strength,
      respond:
        quantity === 'quality'
          ? (value) => value - options.prior_mean
          : (value, _, moments) => {
              const mean = (moments[1] ?? 0) / Math.max(1e-300, moments[0] ?? 0);
              return mean > 0 ? Math.min(largestExcess, value / mean - 1) : 0;
            },
    });
    const prior: MeanPrior = { quality: options.prior_mean, outputTokens: options.prior_output_tokens, strength: 1 };
    const belief: Belief = { mean: 0, variance: 0, promptTokens: 0 };

    return {
      fit(rows) {
        checkTrainingRows('linear-bayes', rows, context);
        known.fit(rows);
      },
      update({ model, value, weight, promptTokens, embedding, quantity: of }) {
        if (of !== quantity || !inRange(quantity, value) || !(weight > 0)) return;
        if (embedding !== null && embedding.length !== context.dimensions) return;
        known.place(embedding);
        known.update(model, value, weight, promptTokens);
      },
      predict({ embedding, promptTokens }, candidates) {
        const mean = newDoubles(candidates.length);
        const deviation = newDoubles(candidates.length);
        known.place(embedding);
        const widest = known.priorSpread();
        candidates.forEach((candidate, i) => {
          const line = known.find(candidate.model);
          priorBelief(quantity, candidate, promptTokens, prior, belief);
          let spread = widest;
          let fitted = 0;
          let noise = belief.variance;
          if (line !== null) {
            fitted = dotInput(known.input, line.coefficients);
            spread = line.spread(known.input);
            if (options.staleness < 1)
              spread = Math.min(widest, spread / options.staleness ** known.idle(candidate.model));
            const evidence = line.moments[0] ?? 0;
            const variance = quantity === 'quality' ? belief.variance : 1;
            noise = (line.residual + noiseStrength * variance) / (evidence + noiseStrength);
            if (quantity === 'cost') shrink(belief, prior.strength, line.moments, 0);
          }
          if (quantity === 'quality') {
            belief.mean += fitted;
            belief.variance = noise * spread;
          } else if (line !== null) {
            // The prompt's share of a cost follows from the price; the line only says what is unusual about the query.
            const usual = costAtPrompt(belief.mean, belief.promptTokens, candidate.price, promptTokens);
            const ofMean = belief.variance / (1 + (line.moments[0] ?? 0));
            belief.promptTokens = promptTokens;
            belief.mean = Math.max(0, usual) * clamp(1 + fitted, leastCostShare, 1 + largestExcess);
            belief.variance = ofMean + noise * spread * usual * usual;
          }
          mean[i] = meanOf(quantity, belief, candidate, promptTokens);
          deviation[i] = deviationOf(quantity, belief, 0);
        });
        return { mean, deviation };
      },
      save: () => known.save(),
      load: (state) => known.load(state),
    };
  },
});

function dotInput(input: Float64Array, coefficients: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < input.length; i++) sum += (input[i] ?? 0) * (coefficients[i] ?? 0);
  return sum;
}
