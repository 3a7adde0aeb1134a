import type { ModelProfile } from '../core/candidate.ts';
import { PointsmanError } from '../core/errors.ts';
import type { Policy, PolicyContext, PolicyDefinition, PolicyReference } from '../core/policy.ts';
import { checkOptions } from './options.ts';

/**
 * What a policy may refer to: the models of its route, and other policies of the catalogue by name.
 *
 * @param policies without them, a policy around others cannot be built.
 * @param path where the outer policy's options were written.
 */
export function policyContext(
  models: readonly string[],
  policies: ReadonlyMap<string, PolicyDefinition>,
  path: string,
  profiles: ReadonlyMap<string, ModelProfile> = noProfiles,
): PolicyContext {
  return {
    models,
    profiles,
    policy(reference, option) {
      const place = `${path}.${option}`;
      const { type, ...options } = asMap(reference);
      const definition = policies.get(type);
      if (definition === undefined) {
        const known = [...policies.keys()].join(', ');
        throw new PointsmanError('invalid_config', `${place}: there is no policy "${type}" (${known}).`, {
          param: place,
        });
      }
      const checked = checkOptions(`policy ${type}`, definition.options, options, place);
      const made: Policy<never> = definition.create(checked, policyContext(models, policies, place, profiles));
      if (made.forbidden !== undefined) {
        throw new PointsmanError(
          'invalid_config',
          `${place}: "${type}" has hard limits, which hold for all that a route does; make it the policy of the route.`,
          { param: place },
        );
      }
      return {
        name: type,
        uses: made.uses ?? definition.uses,
        memory: made.memory ?? null,
        decide: (input) => made.decide(input),
      };
    },
  };
}

const noProfiles: ReadonlyMap<string, ModelProfile> = new Map();

const asMap = (reference: PolicyReference): Exclude<PolicyReference, string> =>
  typeof reference === 'string' ? { type: reference } : reference;
