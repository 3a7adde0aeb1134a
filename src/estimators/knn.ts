import { Type } from 'typebox';
import { defineEstimator } from '../core/estimator.ts';
import { NeighbourRows } from '../math/neighbour-rows.ts';
import { priorOutputTokens } from '../math/price.ts';
import { deviationOf, meanOf, momentWidth, priorBelief, shrink } from '../math/running-mean.ts';
import type { Belief, MeanPrior } from '../math/running-mean.ts';
import { checkTrainingRows, inRange } from '../math/training-rows.ts';
import { newDoubles } from '../math/slab.ts';

const neighbourCounts = [300, 200, 160, 100, 80, 40, 20, 10, 5];

/** What the models did on the queries most like this one. */
export default defineEstimator({
  summary: 'Mean of the k most similar queries, shrunk to the running mean of each model.',
  source:
    'k nearest neighbours by cosine (RouterBench, arXiv 2403.12031; as a router: arXiv 2505.12601). Deviations: ' +
    'neighbours weigh (cosine / best cosine)^sharpness; the mean is shrunk to the running mean of the model, which is ' +
    'worth prior_strength nearest neighbours; with partial feedback the neighbourhood grows until it holds k observed ' +
    "values per model on average. Cost is carried from the neighbours' prompt length to this one through the price.",
  options: Type.Object({
    k: Type.Integer({ minimum: 1, default: 100, description: 'Neighbours per model.' }),
    sharpness: Type.Integer({
      minimum: 0,
      maximum: 64,
      default: 8,
      description: 'How fast weight falls with similarity; 0 weighs all neighbours alike.',
    }),
    prior_strength: Type.Number({
      exclusiveMinimum: 0,
      default: 2,
      description: 'How many of the nearest neighbours the running mean is worth.',
    }),
    prior_mean: Type.Number({ minimum: 0, maximum: 1, default: 0.5, description: 'Quality of a model never seen.' }),
    prior_output_tokens: Type.Number({
      minimum: 0,
      default: priorOutputTokens,
      description: 'Length of an answer, in tokens, before any was seen.',
    }),
    max_rows: Type.Integer({
      minimum: 1,
      default: 20_000,
      description: 'Training rows kept; a larger set is thinned by a hash of its rows.',
    }),
    max_online_rows: Type.Integer({
      minimum: 1,
      default: 2000,
      description: 'Rows learned while serving; the oldest make room, and stay in the running mean.',
    }),
  }),
  needsEmbedding: true,
  quantities: ['quality', 'cost'],
  settings(rows) {
    const count = rows.promptTokens.length;
    const fitting = neighbourCounts.filter((k) => k <= count / 2);
    return (fitting.length > 0 ? fitting : [Math.max(1, Math.floor(count / 2))]).map((k) => ({
      k,
      sharpness: 8,
      prior_strength: 2,
      prior_mean: 0.5,
      prior_output_tokens: priorOutputTokens,
      max_rows: 20_000,
      max_online_rows: 2000,
    }));
  },
  create(options, context) {
    const { quantity } = context;
    const prior: MeanPrior = { quality: options.prior_mean, outputTokens: options.prior_output_tokens, strength: 1 };
    const known = new NeighbourRows(context, options.max_rows, options.max_online_rows);
    const belief: Belief = { mean: 0, variance: 0, promptTokens: 0 };
    return {
      fit(rows) {
        checkTrainingRows('knn', rows, context);
        known.replace(rows);
      },
      update({ model, value, weight, promptTokens, embedding, quantity: of }) {
        if (of !== quantity || !inRange(quantity, value) || !(weight > 0)) return;
        if (embedding !== null && embedding.length !== context.dimensions) return;
        known.append(model, value, weight, promptTokens, embedding);
      },
      predict({ embedding, promptTokens }, candidates) {
        const near = known.near(embedding, options.k, options.sharpness);
        const mean = newDoubles(candidates.length);
        const deviation = newDoubles(candidates.length);
        candidates.forEach((candidate, i) => {
          const column = known.models.find(candidate.model);
          priorBelief(quantity, candidate, promptTokens, prior, belief);
          let observations = 0;
          if (column >= 0) {
            shrink(belief, prior.strength, known.moments, column * momentWidth);
            shrink(belief, options.prior_strength, near.moments, column * momentWidth);
            observations = near.effective[column] ?? 0;
          }
          mean[i] = meanOf(quantity, belief, candidate, promptTokens);
          deviation[i] = deviationOf(quantity, belief, observations);
        });
        return { mean, deviation };
      },
      save: () => known.save(),
      load: (state) => known.load(state),
    };
  },
});
