import type { Model } from '../core/candidate.ts';
import type { Decision } from '../core/decision.ts';
import { messageOf, PointsmanError } from '../core/errors.ts';
import type { PolicyDefinition } from '../core/policy.ts';
import type { Query } from '../core/query.ts';
import type { Observed } from './observe.ts';
import { observed } from './observe.ts';
import { createNames, type Resolution } from './names.ts';
import { pin } from './pin.ts';
import { isThresholdPolicy, parsePolicyReference } from './policy-reference.ts';
import type { DecideContext, PolicyChoice, Route } from './route.ts';

export interface RouterSettings {
  readonly models: readonly Model[];
  readonly routes: readonly Route[];
  readonly aliases: Readonly<Record<string, string>>;
  readonly policies: ReadonlyMap<string, PolicyDefinition>;
  /** Routes that only watch (`mode: observe`); of two that watch one model, the first does. Default: none. */
  readonly observing?: readonly Observed[] | undefined;
}

/** All routes under their names: from the `model` of a request to its decision. */
export interface Router {
  readonly routes: ReadonlyMap<string, Route>;
  /** Throws `model_not_found`. */
  resolve(name: string): Resolution;
  /** The route a resolution means, under the policy it names. Throws `model_not_found` where that cannot be built. */
  routeFor(resolution: Resolution & { readonly type: 'route' }): Route;
  /** Synchronous where the route's embedder is. Throws or rejects with `no_eligible_candidate`. */
  decide(query: Query, resolution: Resolution, context: DecideContext): Decision | Promise<Decision>;
}

/** Throws `invalid_config` where a name is ambiguous or an alias leads nowhere. */
export function createRouter({ models, routes: list, aliases, policies, observing = [] }: RouterSettings): Router {
  const routes = new Map(list.map((route) => [route.name, route]));
  const names = list.map(({ name }) => name);
  const thresholdRoutes = list.flatMap(({ name, policy, estimators: { quality } }) =>
    isThresholdPolicy(policy.name) && quality !== undefined
      ? [{ route: name, policy: policy.name, estimators: [quality.name, quality.type ?? quality.name] }]
      : [],
  );
  const resolve = createNames({ models, routes: names, aliases, policies: [...policies.keys()], thresholdRoutes });
  /** `route/policy` to its route; bounded by the catalogue, since thresholds from clients are not kept. */
  const variants = new Map<string, Route>();

  /** By model id, and by the route's own name. */
  const watchers = new Map<string, Observed>();
  for (const each of observing) {
    watchers.set(each.route.name, each);
    for (const { id } of each.route.models) if (!watchers.has(id)) watchers.set(id, each);
  }

  const routeFor: Router['routeFor'] = ({ route: name, policy }) => {
    const route = routes.get(name);
    if (route === undefined) throw unusable(name, policy, 'there is no such route');
    if (policy === null) return route;
    const key = `${name}/${policy}`;
    const kept = variants.get(key);
    if (kept !== undefined) return kept;
    const reference = parsePolicyReference(policy);
    const definition = reference === null ? undefined : policies.get(reference.name);
    if (reference === null || definition === undefined) throw unusable(name, policy, 'there is no such policy');
    const own = route.policy.name === reference.name;
    if (own && reference.threshold === null) return route;
    const path = `routes.${name}/${policy}`;
    const choice: PolicyChoice = own
      ? { ...route.policy, options: withThreshold(route.policy.options, reference.threshold), path }
      : { name: reference.name, definition, options: withThreshold({}, reference.threshold), path };
    let variant: Route;
    try {
      variant = route.withPolicy(choice);
    } catch (cause) {
      throw unusable(name, policy, messageOf(cause), cause);
    }
    if (variant.memory !== null) {
      throw unusable(name, policy, 'it learns from what it decides, so it has to be the policy of a route');
    }
    if (reference.threshold === null) variants.set(key, variant);
    return variant;
  };

  return {
    routes,
    resolve,
    routeFor,
    decide(query, resolution, context) {
      switch (resolution.type) {
        case 'model': {
          const pinned = pin(resolution.model, query, context);
          const watcher = watchers.get(resolution.model.id);
          return watcher === undefined ? pinned : observed(pinned, watcher.route, query, context);
        }
        case 'route': {
          const watcher = resolution.policy === null ? watchers.get(resolution.route) : undefined;
          if (watcher === undefined) return routeFor(resolution).decide(query, context);
          return observed(pin(watcher.baseline, query, context), watcher.route, query, context);
        }
        default:
          return resolution satisfies never;
      }
    },
  };
}

function withThreshold(options: unknown, threshold: number | null): unknown {
  const given = typeof options === 'object' ? options : {};
  return threshold === null ? given : { ...given, threshold };
}

const unusable = (route: string, policy: string | null, why: string, cause?: unknown): PointsmanError =>
  new PointsmanError('model_not_found', `"${route}/${policy}" cannot be used: ${why}`, { param: 'model', cause });
