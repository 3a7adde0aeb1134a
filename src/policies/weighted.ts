import { Type } from 'typebox';
import { PointsmanError } from '../core/errors.ts';
import { definePolicy } from '../core/policy.ts';
import { callOf, drawIndex, moveToFront, rank, short } from '../math/choice.ts';
import { newDoubles } from '../math/slab.ts';

/** A fixed split of traffic: canaries and A/B tests. Fallbacks follow by weight. */
export default definePolicy({
  summary: 'A fixed share of traffic per model.',
  source:
    'P(m) = w_m / sum of the eligible weights. Without weights, or where all eligible ones are 0, uniform. No paper is followed.',
  options: Type.Object({
    weights: Type.Record(Type.String(), Type.Number({ minimum: 0, maximum: 1e9 }), {
      default: {},
      description: 'Model id to weight; a model that is not named weighs 0 and is only a fallback.',
    }),
  }),
  uses: [],
  example: (models) => ({ weights: Object.fromEntries(models.map((model, place) => [model, place + 1])) }),
  create({ weights }, { models }) {
    for (const model of Object.keys(weights)) {
      if (models.includes(model)) continue;
      throw new PointsmanError(
        'invalid_config',
        `weighted: weights names "${model}", which is not one of the route's: ${models.join(', ')}.`,
        { param: `weights.${model}` },
      );
    }
    const weightOf = new Map(Object.entries(weights));
    return {
      decide({ candidates, random }) {
        const propensities = newDoubles(candidates.length);
        let sum = 0;
        for (let i = 0; i < candidates.length; i++) {
          const weight = weightOf.get(candidates[i]?.model ?? '') ?? 0;
          propensities[i] = weight;
          sum += weight;
        }
        for (let i = 0; i < propensities.length; i++) {
          propensities[i] = sum > 0 ? (propensities[i] ?? 0) / sum : 1 / propensities.length;
        }
        const chosen = drawIndex(propensities, random);
        const { ranking } = rank(propensities, null, random);
        moveToFront(ranking, chosen);
        const share = short(propensities[chosen] ?? 0);
        return {
          plan: callOf(candidates, chosen),
          ranking,
          propensities,
          reason:
            sum > 0 ? `drawn by weight, probability ${share}` : `no eligible weight, drawn with probability ${share}`,
          lambda: null,
        };
      },
    };
  },
});
