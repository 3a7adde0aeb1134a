import { Type } from 'typebox';
import { defineEstimator } from '../core/estimator.ts';
import { ModelIndex } from '../math/model-index.ts';
import { priorOutputTokens } from '../math/price.ts';
import { addMoments, deviationOf, meanOf, momentWidth, priorBelief, shrink } from '../math/running-mean.ts';
import type { Belief, MeanPrior } from '../math/running-mean.ts';
import { StateReader } from '../math/state-reader.ts';
import { checkTrainingRows, inRange } from '../math/training-rows.ts';
import { newDoubles } from '../math/slab.ts';

const version = 1;

/** What each model did so far, whatever was asked. Cost follows the length of the prompt through the price. */
export default defineEstimator({
  summary: 'The running mean of each model, whatever the query; works from the first request.',
  source:
    'Posterior mean under a conjugate prior worth prior_strength observations: (sum of w v + s prior) / (sum of w + s); ' +
    'with discount g the older evidence of a model is multiplied by g at each of its observations. Cost: the prior is ' +
    'the price of the prompt and an answer of prior_output_tokens; what was paid above the input price is the answer, ' +
    'and it is carried to prompts of other lengths. Deviations: none of the posterior; carrying dollars to other lengths is ours.',
  options: Type.Object({
    prior_mean: Type.Number({ minimum: 0, maximum: 1, default: 0.5, description: 'Quality of a model never seen.' }),
    prior_strength: Type.Number({
      exclusiveMinimum: 0,
      default: 1,
      description: 'How many observations the prior is worth.',
    }),
    prior_output_tokens: Type.Number({
      minimum: 0,
      default: priorOutputTokens,
      description: 'Length of an answer, in tokens, before any was seen.',
    }),
    discount: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      default: 1,
      description: 'What is left of old evidence at each new observation of a model; 1 forgets nothing.',
    }),
  }),
  needsEmbedding: false,
  quantities: ['quality', 'cost'],
  settings: () => [],
  create(options, context) {
    const { quantity } = context;
    const prior: MeanPrior = {
      quality: options.prior_mean,
      outputTokens: options.prior_output_tokens,
      strength: options.prior_strength,
    };
    const models = new ModelIndex();
    let moments: Float64Array = new Float64Array(0);
    const belief: Belief = { mean: 0, variance: 0, promptTokens: 0 };

    const place = (model: string): number => {
      const offset = models.add(model) * momentWidth;
      if (offset >= moments.length) {
        const larger = new Float64Array(offset + momentWidth);
        larger.set(moments);
        moments = larger;
      }
      return offset;
    };

    return {
      fit(rows) {
        checkTrainingRows('mean', rows, context);
        models.replace(rows.models);
        moments = new Float64Array(models.size * momentWidth);
        rows.values.forEach((value, cell) => {
          if (Number.isNaN(value)) return;
          const row = Math.floor(cell / models.size);
          addMoments(moments, (cell % models.size) * momentWidth, 1, value, rows.promptTokens[row] ?? 0);
        });
      },
      update({ model, value, weight, promptTokens, quantity: of }) {
        if (of !== quantity || !inRange(quantity, value) || !(weight > 0)) return;
        const offset = place(model);
        for (let i = 0; i < momentWidth; i++) moments[offset + i] = (moments[offset + i] ?? 0) * options.discount;
        addMoments(moments, offset, weight, value, promptTokens);
      },
      predict({ promptTokens }, candidates) {
        const mean = newDoubles(candidates.length);
        const deviation = newDoubles(candidates.length);
        candidates.forEach((candidate, i) => {
          const found = models.find(candidate.model);
          priorBelief(quantity, candidate, promptTokens, prior, belief);
          if (found >= 0) shrink(belief, prior.strength, moments, found * momentWidth);
          mean[i] = meanOf(quantity, belief, candidate, promptTokens);
          deviation[i] = deviationOf(quantity, belief, found < 0 ? 0 : (moments[found * momentWidth] ?? 0));
        });
        return { mean, deviation };
      },
      save: () => ({ version, data: { quantity, models: [...models.names] }, arrays: { moments: moments.slice() } }),
      load(state) {
        const reader = new StateReader('mean', state, version);
        reader.expect('quantity', quantity);
        const names = reader.strings('models');
        moments = reader.doubles('moments', names.length * momentWidth);
        models.replace(names);
      },
    };
  },
});
