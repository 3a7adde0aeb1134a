import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Quantity } from '../core/estimator.ts';
import type { EstimatorConfig, RouteConfig, TypedOptions } from './config.ts';
import { normaliseRewards, normaliseSecond, normaliseShadow } from './normalise-rewards.ts';
import { suggestion } from './nearest.ts';
import { routeResilienceOf } from './normalise-resilience.ts';
import { normaliseSpaces } from './normalise-spaces.ts';
import type { Path } from './problems.ts';
import type { Report } from './report.ts';
import type { ConfigFile } from './schema.ts';
import { quantities } from './schema.ts';

type RouteFile = NonNullable<ConfigFile['routes']>[string];

/** Types that a route may name without an entry under `estimators`; a test holds them to the catalogue. */
export const builtInEstimators = [
  'beta-mean',
  'clusters',
  'knn',
  'latency',
  'linear-bayes',
  'logistic',
  'matrix-factorization',
  'mean',
  'mlp',
  'output-tokens',
  'preference',
  'prior',
  'ridge',
  'router-dc',
  'stack',
  'sw-ranking',
] as const;

/** What a route uses where it names no estimator: neighbours for quality, price and length for cost. */
const defaultEstimators = { quality: 'knn', cost: 'mean' } as const;
/** Where real models answer and the embedder is the one it learned with: what is believed of models before any outcome. */
const bundledPrior = { quality: 'prior', cost: 'prior' } as const;
const priorPath = fileURLToPath(new URL('../../data/prior', import.meta.url));
const defaultPolicy = 'epsilon-greedy';

export interface RoutesAndEstimators {
  readonly routes: readonly RouteConfig[];
  /** Those of the file, then those that routes name by type or path. */
  readonly estimators: readonly EstimatorConfig[];
}

/**
 * @param modelIds every model, in order.
 * @param directory what relative paths are relative to.
 */
export function normaliseRoutes(
  file: Pick<ConfigFile, 'routes' | 'estimators' | 'embedder'>,
  modelIds: readonly string[],
  directory: string,
  report: Report,
  /** Models that nobody really answers for: the prior knows nothing of them. */
  simulated: ReadonlySet<string> = new Set(),
  /** Of models that embed: the vector space. */
  spaces: ReadonlyMap<string, string> = new Map(),
): RoutesAndEstimators {
  const knowsPrior = existsSync(priorPath) && isUsualEmbedder(file.embedder);
  const estimators = new Map<string, EstimatorConfig>();
  for (const [name, entry] of Object.entries(file.estimators ?? {})) {
    const { type, artefact, learn = true, ...options } = entry;
    const path = ['estimators', name];
    if (type === undefined && artefact === undefined) {
      report.problem(path, 'needs a "type", an "artefact", or both');
    }
    const artefactPath = artefact === undefined ? null : absolute(artefact, directory);
    estimators.set(name, { name, type: type ?? null, options, artefactPath, learn });
  }
  const routes = Object.entries(file.routes ?? { auto: {} }).map(([name, route]): RouteConfig => {
    const path = ['routes', name];
    if (modelIds.includes(name)) {
      report.problem(path, `"${name}" is also the id of a model; a request could mean either`, true);
    }
    const models = routeModels(route, modelIds, path, report);
    const listed = route.models !== undefined && route.models !== '*';
    return {
      name,
      models,
      policy: readPolicy(route.policy),
      mode: route.mode ?? 'route',
      baseline: routeBaseline(route, models, path, report),
      rewards: normaliseRewards(route, path, report),
      ...normaliseSpaces(route.spaces, { models, listed, path }, spaces, directory, report),
      shadow: normaliseShadow(route, modelIds, path, report),
      ...normaliseSecond(route, path, report),
      estimators: routeEstimators(
        route,
        knowsPrior && models.some((id) => !simulated.has(id)) ? bundledPrior : defaultEstimators,
        path,
        estimators,
        directory,
        report,
      ),
      lambda: route.lambda ?? null,
      epsilon: route.exploration?.epsilon ?? 0,
      usdPerDay: route.limits?.usd_per_day ?? null,
      ...routeResilienceOf(route),
    };
  });
  if (routes.length === 0) report.problem(['routes'], 'is empty; leave it away to get "auto" over every model');
  return { routes, estimators: [...estimators.values()] };
}

function routeModels(route: RouteFile, known: readonly string[], path: Path, report: Report): readonly string[] {
  const asked = route.models ?? '*';
  if (asked === '*') return known;
  const seen = new Set<string>();
  for (const [index, id] of asked.entries()) {
    const place = [...path, 'models', index];
    if (!known.includes(id)) report.problem(place, `no model has the id "${id}"${suggestion(id, known)}`);
    if (seen.has(id)) report.problem(place, `"${id}" stands twice`);
    seen.add(id);
  }
  return asked;
}

function routeBaseline(route: RouteFile, models: readonly string[], path: Path, report: Report): string | null {
  const { baseline } = route;
  if (route.mode !== 'observe') {
    if (baseline !== undefined) report.problem([...path, 'baseline'], 'is only read with "mode: observe"');
    return null;
  }
  if (baseline !== undefined && !models.includes(baseline)) {
    report.problem(
      [...path, 'baseline'],
      `"${baseline}" is not among the route's models${suggestion(baseline, models)}`,
    );
  }
  return baseline ?? models[0] ?? null;
}

function readPolicy(policy: RouteFile['policy']): TypedOptions {
  if (policy === undefined) return { type: defaultPolicy, options: {} };
  if (typeof policy === 'string') return { type: policy, options: {} };
  const { type, ...options } = policy;
  return { type, options };
}

function routeEstimators(
  route: RouteFile,
  defaults: Readonly<Partial<Record<Quantity, string>>>,
  path: Path,
  estimators: Map<string, EstimatorConfig>,
  directory: string,
  report: Report,
): RouteConfig['estimators'] {
  const chosen: Partial<Record<Quantity, string>> = {};
  const asked = { ...defaults, ...route.estimators };
  for (const quantity of quantities) {
    const name = asked[quantity];
    if (name === undefined) continue;
    chosen[quantity] = name;
    if (estimators.has(name)) continue;
    const implied = impliedEstimator(name, directory);
    if (implied !== null) estimators.set(name, implied);
    else {
      const known = [...estimators.keys(), ...builtInEstimators];
      const mend = suggestion(name, known);
      report.problem([...path, 'estimators', quantity], `no estimator is called "${name}"${mend}`);
    }
  }
  return chosen;
}

/** A built-in type, or a path, which has a slash. */
function impliedEstimator(name: string, directory: string): EstimatorConfig | null {
  if (name.includes('/')) {
    return { name, type: null, options: {}, artefactPath: absolute(name, directory), learn: true };
  }
  if (builtInEstimators.some((type) => type === name)) {
    const artefactPath = name === 'prior' ? priorPath : null;
    return { name, type: name, options: {}, artefactPath, learn: true };
  }
  return null;
}

/** The one that the bundled prior learned with; serving checks it again by its id. */
function isUsualEmbedder(embedder: ConfigFile['embedder']): boolean {
  const { type = 'hashing', ...options } = embedder ?? {};
  return type === 'hashing' && Object.keys(options).length === 0;
}

export function absolute(path: string, directory: string): string {
  return isAbsolute(path) ? path : resolve(directory, path);
}
