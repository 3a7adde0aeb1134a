import { closest } from 'fastest-levenshtein';
import type { Model } from '../core/candidate.ts';
import { PointsmanError } from '../core/errors.ts';
import { matches, overlap } from './glob.ts';
import { parsePolicyReference } from './policy-reference.ts';
import { resolveRouteLlm, type ThresholdRoute } from './routellm-names.ts';

/** What a requested model name means. `policy` replaces the route's; it may carry a threshold: `threshold=0.3`. */
export type Resolution =
  | { readonly type: 'model'; readonly model: Model }
  | { readonly type: 'route'; readonly route: string; readonly policy: string | null };

export interface NameSettings {
  readonly models: readonly Model[];
  readonly routes: readonly string[];
  /** Name or pattern with `*` to a model, a route or `route/policy`. */
  readonly aliases: Readonly<Record<string, string>>;
  /** Names of the catalogue's policies. */
  readonly policies: readonly string[];
  /** Routes whose policy a threshold in a name can go to; default: none. */
  readonly thresholdRoutes?: readonly ThresholdRoute[] | undefined;
}

/** Longest name that is looked at in full; longer ones can be nothing of ours. */
const nameLimit = 256;

/**
 * Resolves names in a fixed order: exact model id, exact route, alias, alias pattern, `route/policy` split at the last
 * `/`, RouteLLM's `router-<route or estimator>-<threshold>`. Throws `invalid_config` where two readings of one name are possible.
 *
 * @returns a function that throws `model_not_found` listing what there is, the nearest name first.
 */
export function createNames(settings: NameSettings): (name: string) => Resolution {
  const { models, routes, aliases } = settings;
  const policies = new Set(settings.policies);
  const routeNames = new Set(routes);
  const exact = new Map<string, Resolution>();
  const claim = (name: string, kind: string, resolution: Resolution): void => {
    const other = exact.get(name);
    if (other !== undefined) {
      throw ambiguous(name, `it is both a ${other.type} and a ${kind}; rename one of the two`);
    }
    const split = splitRoutePolicy(name, routeNames, policies);
    if (split !== null) {
      throw ambiguous(name, `a ${kind} of this name hides policy ${split.policy} of route ${split.route}; rename it`);
    }
    exact.set(name, resolution);
  };
  for (const model of models) claim(model.id, 'model', { type: 'model', model });
  for (const route of routes) claim(route, 'route', { type: 'route', route, policy: null });

  const literal = (name: string): Resolution | null => exact.get(name) ?? splitRoutePolicy(name, routeNames, policies);
  const targets = Object.entries(aliases).map(([alias, target]) => {
    const resolution = literal(target);
    if (resolution === null) {
      const known = [...models.map(({ id }) => id), ...routes];
      const mend = known.length === 0 ? '' : ` Did you mean "${closest(target, known)}"?`;
      const param = `aliases.${alias}`;
      throw new PointsmanError('invalid_config', `${param}: "${target}" is no model, route or route/policy.${mend}`, {
        param,
      });
    }
    return { alias, resolution };
  });
  const patterns = targets.filter(({ alias }) => alias.includes('*'));
  for (const { alias, resolution } of targets) if (!alias.includes('*')) claim(alias, 'alias', resolution);
  for (const [i, { alias }] of patterns.entries()) {
    const other = patterns.slice(0, i).find((earlier) => overlap(earlier.alias, alias));
    if (other !== undefined) throw ambiguous(alias, `a name can match "${other.alias}" as well; narrow one of the two`);
  }

  return (name) => {
    const known = exact.get(name);
    if (known !== undefined) return known;
    if (name.length <= nameLimit) {
      const pattern = patterns.find(({ alias }) => matches(alias, name));
      if (pattern !== undefined) return pattern.resolution;
      const split = splitRoutePolicy(name, routeNames, policies);
      if (split !== null) return split;
      const routeLlm = resolveRouteLlm(name, routeNames, settings.thresholdRoutes ?? []);
      if (routeLlm !== null) return { type: 'route', ...routeLlm };
    }
    throw notFound(name, settings, routeNames);
  };
}

type RouteResolution = Resolution & { type: 'route' };

function splitRoutePolicy(
  name: string,
  routes: ReadonlySet<string>,
  policies: ReadonlySet<string>,
): (RouteResolution & { policy: string }) | null {
  const slash = name.lastIndexOf('/');
  if (slash < 0) return null;
  const route = name.slice(0, slash);
  if (!routes.has(route)) return null;
  const policy = name.slice(slash + 1);
  const reference = parsePolicyReference(policy);
  return reference !== null && policies.has(reference.name) ? { type: 'route', route, policy } : null;
}

const ambiguous = (name: string, why: string): PointsmanError =>
  new PointsmanError('invalid_config', `The name "${name}" is ambiguous: ${why}.`, { param: name });

function notFound(
  name: string,
  { models, routes, aliases, policies }: NameSettings,
  known: ReadonlySet<string>,
): PointsmanError {
  const asked = name.length > 80 ? `${name.slice(0, 80)}...` : name;
  const refuse = (message: string): PointsmanError =>
    new PointsmanError('model_not_found', message, { param: 'model' });
  const slash = asked.lastIndexOf('/');
  if (slash >= 0 && known.has(asked.slice(0, slash))) {
    const policy = asked.slice(slash + 1);
    const nearest = policies.length === 0 ? '' : ` Did you mean "${closest(policy, policies)}"?`;
    return refuse(`Route "${asked.slice(0, slash)}" has no policy "${policy}".${nearest} There are ${list(policies)}.`);
  }
  const names = [...routes, ...models.map(({ id }) => id), ...Object.keys(aliases)];
  if (names.length === 0) return refuse(`No model, route or alias is called "${asked}"; none is configured.`);
  const nearest = closest(asked, names);
  const others = names.filter((other) => other !== nearest);
  return refuse(
    `No model, route or alias is called "${asked}". Did you mean "${nearest}"? There are ${list([nearest, ...others])}.`,
  );
}

/** At most thirty names, and how many more there are. */
function list(names: readonly string[]): string {
  const shown = names.slice(0, 30).join(', ');
  return names.length > 30 ? `${shown} and ${names.length - 30} more` : shown;
}
