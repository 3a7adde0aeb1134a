import type { Config } from '../config/config.ts';
import type { UpstreamPlan } from '../upstream/upstream-plan.ts';

/** What one reading of the YAML says of hedges, overload, priorities and the targets that are watched. */
export function upstreamPlanOf({ routes, keys, models }: Config): UpstreamPlan {
  const priorities = new Map(keys.map(({ name, priority }) => [name, priority ?? 0]));
  return {
    hedges: new Map(routes.flatMap(({ name, hedge }) => (hedge === undefined ? [] : [[name, hedge] as const]))),
    degradable: new Set(routes.filter(({ degrade }) => degrade === true).map(({ name }) => name)),
    priorityOf: ({ key }) => (key === null ? 0 : (priorities.get(key) ?? 0)),
    // A simulated target has no address to ask.
    targets: models.flatMap(({ targets }) => targets.filter(({ baseUrl }) => baseUrl !== '')),
  };
}
