import { Type } from 'typebox';
import { definePolicy } from '../core/policy.ts';
import { trialOptions } from '../math/policy-options.ts';
import { upperBoundPolicy } from '../math/upper-bound-policy.ts';

export default definePolicy({
  summary: 'Like ucb, but old evidence fades, so that a model that got worse or better is noticed.',
  source:
    'Discounted UCB (Garivier and Moulines, arXiv 0805.3415), as payment routing uses it: all counts are multiplied by ' +
    'discount at each labelled request; mean + sqrt(xi log(sum of counts) / count) − lambda x cost. The paper has the ' +
    'bound 2 B sqrt(..) with xi = 0.6; exploration is 4 B^2 xi here. Deviations: lambda x cost is taken off, and B and xi are one option.',
  options: Type.Object({
    ...trialOptions,
    discount: Type.Number({
      minimum: 0.5,
      maximum: 1,
      default: 0.998,
      description: 'What is left of all evidence at each labelled request; 1 is ucb.',
    }),
  }),
  uses: ['cost'],
  example: () => ({ lambda: 50, exploration: 0.5, discount: 0.99 }),
  create: (options) => upperBoundPolicy({ owner: 'discounted-ucb', discount: options.discount, window: 0 }, options),
});
