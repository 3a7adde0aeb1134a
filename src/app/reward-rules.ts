import type { Config } from '../config/config.ts';
import { PointsmanError } from '../core/errors.ts';
import type { RewardRules } from '../rewards/rules.ts';
import type { Catalogue } from '../routing/catalogue.ts';
import { checkOptions } from '../routing/options.ts';

/** What each route reads between the lines, its verifiers built. Throws `invalid_config` naming the verifier. */
export function createRewardRules(config: Config, catalogue: Catalogue): ReadonlyMap<string, RewardRules> {
  const rules = new Map<string, RewardRules>();
  for (const { name: route, rewards, shadow } of config.routes) {
    if (rewards === null) {
      // Comparing answers needs them read, and nothing more.
      if (shadow !== null)
        rules.set(route, { retried: null, refusal: null, json: null, toolCalls: null, verifiers: [] });
      continue;
    }
    const verifiers = rewards.verifiers.map(({ type, name, options, weight, share }, index) => {
      const path = `routes.${route}.rewards.verifiers.${index}`;
      const definition = catalogue.verifiers.get(type);
      if (definition === undefined) {
        const known = [...catalogue.verifiers.keys()].join(', ');
        throw new PointsmanError(
          'invalid_config',
          `${config.locate(path)}: there is no verifier "${type}" (${known}).`,
          {
            param: path,
          },
        );
      }
      const verify = definition.create(checkOptions(`verifier ${type}`, definition.options, options, path));
      return { verifier: { name, verify }, weight, share };
    });
    const { retried, refusal, json, toolCalls } = rewards;
    rules.set(route, { retried, refusal, json, toolCalls, verifiers });
  }
  return rules;
}
