import { Type } from 'typebox';
import { PointsmanError } from '../core/errors.ts';
import { definePolicy } from '../core/policy.ts';
import { callOf } from '../math/choice.ts';
import { newDoubles } from '../math/slab.ts';

/** The baseline that every router has to beat: one model for everything, the others only as fallbacks. */
export default definePolicy({
  summary: 'Always the same model: the named one, or the first of the route.',
  source:
    'Baseline ("best single model" in RouterBench, arXiv 2403.12031, when the named model is the best one). No deviation.',
  options: Type.Object({
    model: Type.Optional(Type.String({ description: 'Model id of the route; without it, the first listed.' })),
  }),
  uses: [],
  example: (models) => (models[0] === undefined ? {} : { model: models[0] }),
  create({ model }, { models }) {
    if (model !== undefined && !models.includes(model)) {
      throw new PointsmanError(
        'invalid_config',
        `static: model "${model}" is not one of the route's: ${models.join(', ')}.`,
        { param: 'model' },
      );
    }
    const preference = new Map(models.map((id, place) => [id, id === model ? -1 : place]));
    return {
      decide({ candidates }) {
        let chosen = 0;
        let best = Infinity;
        for (let i = 0; i < candidates.length; i++) {
          const place = preference.get(candidates[i]?.model ?? '') ?? Number.MAX_SAFE_INTEGER;
          if (place < best) {
            best = place;
            chosen = i;
          }
        }
        const ranking = [chosen];
        for (let i = 0; i < candidates.length; i++) if (i !== chosen) ranking.push(i);
        const propensities = newDoubles(candidates.length);
        propensities[chosen] = 1;
        const plan = callOf(candidates, chosen);
        return { plan, ranking, propensities, reason: reasonFor(plan.model, model), lambda: null };
      },
    };
  },
});

function reasonFor(chosen: string, named: string | undefined): string {
  if (named === undefined) return `${chosen} comes first on the route`;
  if (named === chosen) return `${chosen} is the named model`;
  return `${named} is not eligible, ${chosen} comes first of the rest`;
}
