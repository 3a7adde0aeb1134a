import { PointsmanError } from '../core/errors.ts';
import { parseRouteLlmName, type ThresholdPolicy } from './policy-reference.ts';

/** A route whose policy compares with a threshold, and the names that its estimator of quality goes by. */
export interface ThresholdRoute {
  readonly route: string;
  readonly policy: ThresholdPolicy;
  /** Its name in the YAML and its type. */
  readonly estimators: readonly string[];
}

/** What RouteLLM calls its routers, and what they are called here. */
const routers: ReadonlyMap<string, string> = new Map([
  ['mf', 'preference'],
  ['sw_ranking', 'sw-ranking'],
]);

/**
 * What `router-mf-0.11593` wishes: the route `mf`, else the route under `routellm` or `threshold` whose estimator of
 * quality is `mf` (RouteLLM's own names are known), with this threshold for the one request. Null where the name is of
 * another form, or nothing fits. Throws `model_not_found` where two routes do.
 */
export function resolveRouteLlm(
  name: string,
  routes: ReadonlySet<string>,
  thresholdRoutes: readonly ThresholdRoute[],
): { readonly route: string; readonly policy: string } | null {
  const parsed = parseRouteLlmName(name);
  if (parsed === null) return null;
  const { router, threshold } = parsed;
  if (routes.has(router)) {
    const own = thresholdRoutes.find(({ route }) => route === router);
    return { route: router, policy: `${own?.policy ?? 'threshold'}=${threshold}` };
  }
  const means = [router, routers.get(router)];
  const fitting = thresholdRoutes.filter(({ estimators }) => estimators.some((each) => means.includes(each)));
  const [first, second] = fitting;
  if (first === undefined) return null;
  if (second === undefined) return { route: first.route, policy: `${first.policy}=${threshold}` };
  const names = fitting.map(({ route }) => `router-${route}-${threshold}`).join(' or ');
  throw new PointsmanError('model_not_found', `"${name}" fits several routes; write ${names}.`, { param: 'model' });
}
