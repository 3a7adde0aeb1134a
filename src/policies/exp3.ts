import { Type } from 'typebox';
import { definePolicy } from '../core/policy.ts';
import { mixUniform, short } from '../math/choice.ts';
import { drawnDecision } from '../math/drawn.ts';
import { createLossEstimates } from '../math/loss-estimates.ts';
import { lambdaOption } from '../math/policy-options.ts';

/** Assumes nothing about how outcomes come about: they may change at any time, even against us. */
export default definePolicy({
  summary:
    'Exponential weights over models from what they are estimated to have lost; trusts no prediction of quality.',
  source:
    'EXP3 (Auer et al., 2002) in its loss form with implicit exploration (EXP3-IX: Neu, arXiv 1506.03271): P(m) in ' +
    'proportion to exp(−eta x sum of estimated losses), a loss being (1 − quality + lambda x cost) / (propensity + ' +
    'bias), eta = sqrt(log M / (M x labelled rounds)) unless it is set, plus a uniform share. Needs propensities in ' +
    'the log, which every policy here writes. Blind to the query. Deviations: cost is part of a loss; the uniform share and the discount are ours.',
  options: Type.Object({
    eta: Type.Number({
      minimum: 0,
      maximum: 10,
      default: 0,
      description: 'Learning rate; 0: the one that suits the number of labelled rounds so far.',
    }),
    epsilon: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.02,
      description: 'Share of requests whose model is drawn uniformly.',
    }),
    bias: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.02,
      description: 'Added to each propensity that a loss is divided by.',
    }),
    discount: Type.Number({
      minimum: 0.5,
      maximum: 1,
      default: 1,
      description: 'What is left of all losses at each labelled round; 1 forgets nothing.',
    }),
    lambda: lambdaOption,
  }),
  uses: [],
  example: () => ({ eta: 0, epsilon: 0.02, bias: 0.02, discount: 1, lambda: 50 }),
  create(options) {
    const memory = createLossEstimates(options);
    return {
      memory,
      decide({ candidates, lambda: asked, random }) {
        const lambda = asked ?? options.lambda;
        const count = candidates.length;
        const eta = options.eta > 0 ? options.eta : Math.sqrt(Math.log(count) / (count * Math.max(1, memory.rounds)));
        const losses = Float64Array.from(candidates, ({ model }) => memory.loss(model, lambda));
        const least = losses.reduce((low, loss) => Math.min(low, loss), Infinity);
        const propensities = losses.map((loss) => Math.exp(-eta * (loss - least)));
        const sum = propensities.reduce((total, each) => total + each, 0);
        for (let i = 0; i < count; i++) propensities[i] = (propensities[i] ?? 0) / sum;
        mixUniform(propensities, options.epsilon);
        return drawnDecision(
          candidates,
          propensities,
          lambda,
          random,
          (chosen) =>
            `drawn with probability ${short(propensities[chosen] ?? 0)} after ${short(memory.rounds)} labelled rounds`,
        );
      },
    };
  },
});
