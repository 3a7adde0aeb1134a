import { Type } from 'typebox';
import { definePolicy } from '../core/policy.ts';
import { callOf, shuffle } from '../math/choice.ts';
import { newDoubles } from '../math/slab.ts';

/** The log of this policy supports the evaluation of every other one: each candidate has the same known propensity. */
export default definePolicy({
  summary: 'Any candidate with equal probability.',
  source: 'Uniform logging policy of off-policy evaluation (Li et al., arXiv 1003.5956). No deviation.',
  options: Type.Object({}),
  uses: [],
  example: () => ({}),
  create: () => ({
    decide({ candidates, random }) {
      const ranking = candidates.map((_, i) => i);
      shuffle(ranking, 0, ranking.length, random);
      return {
        plan: callOf(candidates, ranking[0]),
        ranking,
        propensities: newDoubles(candidates.length).fill(1 / candidates.length),
        reason: `drawn among ${candidates.length} with equal probability`,
        lambda: null,
      };
    },
  }),
});
