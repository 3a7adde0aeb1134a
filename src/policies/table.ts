import { Type } from 'typebox';
import { PointsmanError } from '../core/errors.ts';
import { definePolicy } from '../core/policy.ts';
import { callOf, moveToFront } from '../math/choice.ts';
import { policyReference } from '../math/inner-options.ts';
import { newDoubles } from '../math/slab.ts';

/** Who knows what a request is about may say so, and which model is best at it. */
export default definePolicy({
  summary: 'The model that a table names for the tag of the request; another policy where it names none.',
  source:
    'Domain to expert, as in MoDEM (arXiv 2410.07490) and Composition of Experts (arXiv 2412.01868); on RouterBench, with the ' +
    'eval name for a tag, the table that every router has to be compared with. Deviations: the domain is told by the request ' +
    '(`pointsman.tags`, or the header x-pointsman-tags) instead of by a classifier, and the operator fills in the table. In replays the tag `group` is the ' +
    "data set's eval name.",
  options: Type.Object({
    tag: Type.String({ minLength: 1, default: 'task', description: 'Name of the tag that is looked up.' }),
    models: Type.Record(Type.String(), Type.String(), {
      description: 'Model id of the route by value of the tag, e.g. `code: qwen-coder`.',
    }),
    otherwise: policyReference('What decides where the tag is missing, not in the table, or its model not eligible.'),
  }),
  uses: ['quality', 'cost'],
  example: (models) => ({ tag: 'task', models: { code: models[0] ?? '' }, otherwise: 'cost-aware' }),
  create({ tag, models: table, otherwise }, context) {
    for (const [value, model] of Object.entries(table)) {
      if (context.models.includes(model)) continue;
      throw new PointsmanError(
        'invalid_config',
        `table: models.${value} "${model}" is not one of the route's: ${context.models.join(', ')}.`,
        { param: `models.${value}` },
      );
    }
    const best = new Map(Object.entries(table));
    const inner = context.policy(otherwise, 'otherwise');
    return {
      uses: inner.uses,
      memory: inner.memory ?? undefined,
      decide(input) {
        const { candidates, tags } = input;
        const decision = inner.decide(input);
        const value = tags !== undefined && Object.hasOwn(tags, tag) ? tags[tag] : undefined;
        const model = value === undefined ? undefined : best.get(value);
        if (value === undefined || model === undefined) return decision;
        const chosen = candidates.findIndex((each) => each.model === model);
        if (chosen < 0 || decision.plan.type === 'reject') {
          return { ...decision, reason: `${model} is not eligible; ${decision.reason}`.slice(0, 300) };
        }
        const ranking = [...decision.ranking];
        moveToFront(ranking, chosen);
        const propensities = newDoubles(candidates.length);
        propensities[chosen] = 1;
        const { lambda } = decision;
        return { plan: callOf(candidates, chosen), ranking, propensities, reason: `${tag} is ${value}`, lambda };
      },
    };
  },
});
