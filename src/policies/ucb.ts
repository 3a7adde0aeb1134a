import { Type } from 'typebox';
import { definePolicy } from '../core/policy.ts';
import { trialOptions } from '../math/policy-options.ts';
import { upperBoundPolicy } from '../math/upper-bound-policy.ts';

export default definePolicy({
  summary: 'Tries every model, then takes the one whose mean quality could still be the best for its cost.',
  source:
    'UCB1 (Auer, Cesa-Bianchi and Fischer, 2002): mean + sqrt(xi log t / n), here minus lambda x cost; UCB1 has xi = 2. ' +
    'Counts are its own memory and hear of labelled requests only. Blind to the query: linucb is not. Deviations: cost, and xi as an option.',
  options: Type.Object(trialOptions),
  uses: ['cost'],
  example: () => ({ lambda: 50, exploration: 0.5 }),
  create: (options) => upperBoundPolicy({ owner: 'ucb', discount: 1, window: 0 }, options),
});
