import { Type } from 'typebox';
import { defineEstimator } from '../core/estimator.ts';
import { ModelIndex } from '../math/model-index.ts';
import { StateReader } from '../math/state-reader.ts';
import { checkTrainingRows, inRange } from '../math/training-rows.ts';
import { newDoubles } from '../math/slab.ts';

const version = 1;

/** The posterior that context-free bandits read: `thompson`. */
export default defineEstimator({
  summary: "A discounted Beta posterior of each model's quality, whatever the query.",
  source:
    'Beta-Bernoulli posterior with fractional outcomes (Agrawal and Goyal, arXiv 1111.1797): a = prior + sum of w v, ' +
    'b = prior + sum of w (1 − v), mean a / (a + b), variance a b / ((a + b)^2 (a + b + 1)). Old sums of a model are ' +
    'multiplied by discount at each of its observations (discounted Thompson sampling, arXiv 1707.09727). Trained rows ' +
    'count for at most seed_strength observations. Deviations: the paper flips a coin for an outcome between 0 and 1, here it counts as the share that it is.',
  options: Type.Object({
    prior_mean: Type.Number({
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      default: 0.5,
      description: 'Quality of a model never seen.',
    }),
    prior_strength: Type.Number({
      exclusiveMinimum: 0,
      default: 2,
      description: 'How many observations the prior is worth; 2 with mean 0.5 is the uniform distribution.',
    }),
    discount: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      default: 1,
      description: 'What is left of old evidence at each new observation of a model; 1 forgets nothing.',
    }),
    seed_strength: Type.Number({
      exclusiveMinimum: 0,
      default: 1000,
      description: 'Observations that what was trained is worth, at most, for each model.',
    }),
  }),
  needsEmbedding: false,
  quantities: ['quality'],
  settings: () => [],
  create(options, context) {
    const { quantity } = context;
    const models = new ModelIndex();
    /** Good and bad evidence of each model, side by side. */
    let sums: Float64Array = new Float64Array(0);

    return {
      fit(rows) {
        checkTrainingRows('beta-mean', rows, context);
        models.replace(rows.models);
        sums = new Float64Array(2 * models.size);
        rows.values.forEach((value, cell) => {
          if (Number.isNaN(value)) return;
          const at = 2 * (cell % models.size);
          sums[at] = (sums[at] ?? 0) + value;
          sums[at + 1] = (sums[at + 1] ?? 0) + 1 - value;
        });
        for (let at = 0; at < sums.length; at += 2) {
          const share = Math.min(1, options.seed_strength / Math.max(1, (sums[at] ?? 0) + (sums[at + 1] ?? 0)));
          sums[at] = (sums[at] ?? 0) * share;
          sums[at + 1] = (sums[at + 1] ?? 0) * share;
        }
      },
      update({ model, value, weight, quantity: of }) {
        if (of !== quantity || !inRange(quantity, value) || !(weight > 0)) return;
        const at = 2 * models.add(model);
        if (at >= sums.length) {
          const larger = new Float64Array(at + 2);
          larger.set(sums);
          sums = larger;
        }
        sums[at] = (sums[at] ?? 0) * options.discount + weight * value;
        sums[at + 1] = (sums[at + 1] ?? 0) * options.discount + weight * (1 - value);
      },
      predict(_, candidates) {
        const mean = newDoubles(candidates.length);
        const deviation = newDoubles(candidates.length);
        candidates.forEach(({ model }, i) => {
          const found = models.find(model);
          const good = options.prior_strength * options.prior_mean + (found < 0 ? 0 : (sums[2 * found] ?? 0));
          const bad = options.prior_strength * (1 - options.prior_mean) + (found < 0 ? 0 : (sums[2 * found + 1] ?? 0));
          const total = good + bad;
          mean[i] = good / total;
          deviation[i] = Math.sqrt(((good / total) * (bad / total)) / (total + 1));
        });
        return { mean, deviation };
      },
      save: () => ({ version, data: { quantity, models: [...models.names] }, arrays: { sums: sums.slice() } }),
      load(state) {
        const reader = new StateReader('beta-mean', state, version);
        reader.expect('quantity', quantity);
        const names = reader.strings('models');
        sums = reader.doubles('sums', 2 * names.length);
        models.replace(names);
      },
    };
  },
});
