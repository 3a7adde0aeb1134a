import { Type } from 'typebox';
import { PointsmanError } from '../core/errors.ts';
import { definePolicy } from '../core/policy.ts';
import { callOf, moveToFront, rank, short } from '../math/choice.ts';
import { newDoubles } from '../math/slab.ts';

/** Two models and one number. Where only one of the pair is eligible it is taken; where neither is, the best predicted. */
export default definePolicy({
  summary: 'The strong model where it is predicted to be better than the weak one by at least a threshold.',
  source:
    "RouteLLM's rule (arXiv 2406.18665) on predicted quality: strong iff quality[strong] − quality[weak] >= threshold. " +
    "RouteLLM thresholds a win rate alpha in [0, 1] instead; where quality is a probability of being right, the gain in [−1, 1] plays alpha's part, and its share of strong calls is set by choosing a quantile of the gain.",
  options: Type.Object({
    strong: Type.String({ description: 'Model id of the route: the better and dearer one.' }),
    weak: Type.String({ description: 'Model id of the route: the cheaper one.' }),
    threshold: Type.Number({
      minimum: -1,
      maximum: 1,
      default: 0.1,
      description: 'Least predicted gain in quality that is worth the strong model.',
    }),
  }),
  uses: ['quality'],
  example: (models) => ({ strong: models.at(-1) ?? '', weak: models[0] ?? '', threshold: 0.1 }),
  create({ strong, weak, threshold }, { models }) {
    for (const [param, model] of [
      ['strong', strong],
      ['weak', weak],
    ] as const) {
      if (models.includes(model)) continue;
      throw new PointsmanError(
        'invalid_config',
        `threshold: ${param} "${model}" is not one of the route's: ${models.join(', ')}.`,
        { param },
      );
    }
    if (strong === weak && models.length > 1) {
      throw new PointsmanError('invalid_config', `threshold: strong and weak are both "${strong}"; name two models.`, {
        param: 'weak',
      });
    }
    return {
      decide({ candidates, predictions, random }) {
        const quality = predictions.quality.mean;
        const { ranking, leaders } = rank(quality, null, random);
        const strongAt = candidates.findIndex(({ model }) => model === strong);
        const weakAt = candidates.findIndex(({ model }) => model === weak);
        const propensities = newDoubles(candidates.length);
        let reason: string;
        if (strongAt >= 0 && weakAt >= 0) {
          const gain = (quality[strongAt] ?? 0) - (quality[weakAt] ?? 0);
          const worth = gain >= threshold;
          moveToFront(ranking, worth ? weakAt : strongAt);
          moveToFront(ranking, worth ? strongAt : weakAt);
          reason = `gain of ${strong} over ${weak} is ${short(gain)}, ${worth ? 'at least' : 'below'} ${short(threshold)}`;
        } else if (strongAt >= 0 || weakAt >= 0) {
          moveToFront(ranking, Math.max(strongAt, weakAt));
          reason = `only ${strongAt >= 0 ? strong : weak} of the pair is eligible`;
        } else {
          for (let place = 0; place < leaders; place++) propensities[ranking[place] ?? 0] = 1 / leaders;
          reason = `neither ${strong} nor ${weak} is eligible, quality ${short(quality[ranking[0] ?? 0] ?? 0)} is the best of the rest`;
        }
        if (strongAt >= 0 || weakAt >= 0) propensities[ranking[0] ?? 0] = 1;
        return { plan: callOf(candidates, ranking[0]), ranking, propensities, reason, lambda: null };
      },
    };
  },
});
