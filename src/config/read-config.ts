import { dirname, resolve } from 'node:path';
import { Compile } from 'typebox/compile';
import { PointsmanError } from '../core/errors.ts';
import { checkShape } from './check-shape.ts';
import type { Config } from './config.ts';
import type { EnvironmentSettings } from './environment.ts';
import { readEnvironment } from './environment.ts';
import { freeze } from './freeze.ts';
import { normaliseAccess } from './normalise-access.ts';
import { normaliseKeys } from './normalise-keys.ts';
import { normaliseModels } from './normalise-models.ts';
import { normaliseQueue } from './normalise-queue.ts';
import { upstreamLimitsOf } from './normalise-resilience.ts';
import { normaliseJudge } from './normalise-rewards.ts';
import { absolute, normaliseRoutes } from './normalise-routes.ts';
import type { PriceTable } from './price-table.ts';
import type { Locate, Path } from './problems.ts';
import { formatPath, formatProblem, invalidConfig } from './problems.ts';
import type { Report } from './report.ts';
import { createReport } from './report.ts';
import type { ConfigFile } from './schema.ts';
import { configSchema, scopes } from './schema.ts';
import type { Environment } from './substitute.ts';
import { substitute } from './substitute.ts';
import type { YamlSource } from './yaml-source.ts';

export interface ReadOptions {
  /** Absolute path of the YAML; null where there is none. Relative paths inside are relative to its folder. */
  readonly file: string | null;
  /** Where the storage lies by default, and what paths without a file are relative to. */
  readonly workingDirectory: string;
  readonly environment: Environment;
  readonly table: PriceTable;
}

const validator = Compile(configSchema);
const fits = (value: unknown): value is ConfigFile => validator.Check(value);

/** Parsed YAML to Config: substitute, check, fill in. Throws `invalid_config` with everything that is wrong. */
export function readConfig(source: YamlSource, options: ReadOptions): Config {
  const { locate } = source;
  const substituted = substitute(source.value ?? {}, options.environment);
  const unset = new Set(substituted.problems.map((problem) => formatPath(problem.path)));
  const { value, problems } = checkShape(configSchema, substituted.value, substituted.fromEnvironment);
  const found = [...substituted.problems, ...problems.filter((problem) => !unset.has(formatPath(problem.path)))];
  if (found.length > 0) throw invalidConfig(found, locate);
  if (!fits(value)) {
    const [error] = validator.Errors(value);
    throw new PointsmanError('invalid_config', `${locate([])} ${error?.instancePath ?? ''}: ${error?.message ?? ''}.`);
  }
  const environment = readEnvironment(options.environment);
  const report = createReport(substituted.fromEnvironment);
  const config = normalise(value, environment, options, locate, report);
  if (report.problems.length > 0) throw invalidConfig(report.problems, locate);
  return freeze(config);
}

function normalise(
  file: ConfigFile,
  environment: EnvironmentSettings,
  options: ReadOptions,
  locate: Locate,
  report: Report,
): Config {
  const directory = options.file === null ? options.workingDirectory : dirname(options.file);
  const models = normaliseModels(file.models, options.table, report);
  const { routes, estimators } = normaliseRoutes(
    file,
    models.map(({ id }) => id),
    directory,
    report,
    new Set(models.flatMap(({ id, simulated }) => (simulated ? [id] : []))),
    new Map(models.flatMap(({ id, embedding }) => (embedding ? [[id, embedding.space] as const] : []))),
  );
  const routeNames = routes.map(({ name }) => name);
  const keys = normaliseKeys([...(file.keys ?? []), ...environmentKey(environment)], routeNames, report);
  const { listen, auth } = normaliseAccess(file, keys, environment, report);
  checkAliases(file.aliases ?? {}, [...models.map(({ id }) => id), ...routeNames], report);
  const { type: embedderType = 'hashing', ...embedderOptions } = file.embedder ?? {};
  const retention = file.storage?.retention;
  for (const route of routes) {
    if (!models.some((model) => route.models.includes(model.id) && model.price !== null)) {
      report.warning(['routes', route.name], 'none of its models has a known price, so it can route nothing yet');
    }
  }
  return {
    file: options.file,
    listen,
    auth,
    keys,
    aliases: { ...file.aliases },
    models,
    routes,
    embedder: { type: embedderType, options: embedderOptions },
    estimators,
    storage: {
      path:
        environment.storagePath === null
          ? absolute(file.storage?.path ?? 'pointsman.db', directory)
          : resolve(options.workingDirectory, environment.storagePath.value),
      retention: {
        decisionsDays: retention?.decisions_days ?? null,
        embeddingsDays: retention?.embeddings_days ?? null,
      },
    },
    queue: normaliseQueue(file.queue, report),
    limits: {
      usdPerDay: file.limits?.usd_per_day ?? null,
      maxAttempts: file.limits?.max_attempts ?? 4,
      upstream: upstreamLimitsOf(file.limits),
    },
    learning: {
      enabled: file.learning?.enabled ?? true,
      snapshotEvery: file.learning?.snapshot_every ?? 1000,
      frozen: file.learning?.frozen ?? [],
    },
    judge: normaliseJudge(
      file,
      routes,
      models.map(({ id }) => id),
      report,
    ),
    verifierDirs: (file.verifier_dirs ?? []).map((path) => absolute(path, directory)),
    policyDirs: (file.policy_dirs ?? []).map((path) => absolute(path, directory)),
    logLevel: environment.logLevel?.value ?? 'info',
    warnings: [...report.warnings.map((warning) => formatProblem(warning, locate)), ...environment.warnings],
    locate: (path) => locate(parsePath(path)),
  };
}

/** `POINTSMAN_KEY` makes a container usable without a file of keys. */
function environmentKey(environment: EnvironmentSettings): NonNullable<ConfigFile['keys']> {
  return environment.key === null ? [] : [{ name: 'environment', key: environment.key.value, scopes: [...scopes] }];
}

function checkAliases(aliases: Readonly<Record<string, string>>, names: readonly string[], report: Report): void {
  for (const [alias, target] of Object.entries(aliases)) {
    // `route/policy` is resolved by routing, which knows the policies.
    const slash = target.lastIndexOf('/');
    const known = names.includes(target) || (slash > 0 && names.includes(target.slice(0, slash)));
    if (!known) report.problem(['aliases', alias], `no model or route is called "${target}"`);
    if (names.includes(alias)) {
      report.problem(['aliases', alias], `"${alias}" is itself a model or route and would never be looked up`, true);
    }
  }
}

/** The reverse of `formatPath`, near enough to find the place. */
function parsePath(path: string): Path {
  const steps = path.match(/"(?:[^"\\]|\\.)*"|[^.[\]"]+/g) ?? [];
  return steps.map((step) => {
    if (step.startsWith('"')) return String(JSON.parse(step));
    return /^\d+$/.test(step) ? Number(step) : step;
  });
}
