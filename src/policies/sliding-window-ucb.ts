import { Type } from 'typebox';
import { definePolicy } from '../core/policy.ts';
import { trialOptions } from '../math/policy-options.ts';
import { upperBoundPolicy } from '../math/upper-bound-policy.ts';

export default definePolicy({
  summary: 'Like ucb, but only the last labelled requests count.',
  source:
    'Sliding-window UCB (Garivier and Moulines, arXiv 0805.3415), as payment routing uses it: counts over the last ' +
    'window labelled requests of all models; mean + sqrt(xi log(min(t, window)) / count) − lambda x cost. Deviations: lambda x cost is taken off; B is 1.',
  options: Type.Object({
    ...trialOptions,
    window: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 1000,
      description: 'Labelled requests that count, of all models together.',
    }),
  }),
  uses: ['cost'],
  example: () => ({ lambda: 50, exploration: 0.5, window: 500 }),
  create: (options) => upperBoundPolicy({ owner: 'sliding-window-ucb', discount: 1, window: options.window }, options),
});
