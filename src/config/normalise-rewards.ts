import type { RewardsConfig, RouteConfig } from './config.ts';
import { suggestion } from './nearest.ts';
import type { Path } from './problems.ts';
import type { Report } from './report.ts';
import { defaultWeights, type ConfigFile } from './schema.ts';

type RouteFile = NonNullable<ConfigFile['routes']>[string];

/** A rule that is written as true or not at all has its defaults; null where it is off. */
function rule<Options extends object>(written: boolean | Options | undefined): Partial<Options> | null {
  if (written === false) return null;
  return typeof written === 'object' ? written : {};
}

/** Implicit rewards of a route with every default filled in; null where the route has none. */
export function normaliseRewards({ rewards }: RouteFile, path: Path, report: Report): RewardsConfig | null {
  if (rewards === undefined) return null;
  const retried = rule(rewards.retried);
  const refusal = rule(rewards.refusal);
  const json = rule(rewards.json);
  const toolCalls = rule(rewards.tool_calls);
  const { judge } = rewards;
  const names = new Set<string>();
  const verifiers = (rewards.verifiers ?? []).map(({ type, name = type, weight, share, ...options }, index) => {
    if (names.has(name)) {
      report.problem([...path, 'rewards', 'verifiers', index], `the name "${name}" stands twice; give one a "name"`);
    }
    names.add(name);
    return { type, name, weight: weight ?? defaultWeights.verifier, share: share ?? 1, options };
  });
  return {
    retried: retried && {
      weight: numberOr(retried, 'weight', defaultWeights.retried),
      withinMs: numberOr(retried, 'within_s', 120) * 1_000,
    },
    refusal: refusal && { weight: numberOr(refusal, 'weight', defaultWeights.refusal), phrases: phrasesOf(refusal) },
    json: json && { weight: numberOr(json, 'weight', defaultWeights.json) },
    toolCalls: toolCalls && { weight: numberOr(toolCalls, 'weight', defaultWeights.toolCalls) },
    verifiers,
    judge: judge === undefined ? null : { share: judge.share, weight: judge.weight ?? defaultWeights.judge },
  };
}

function numberOr(options: object, key: string, otherwise: number): number {
  const value: unknown = Reflect.get(options, key);
  return typeof value === 'number' ? value : otherwise;
}

function phrasesOf(options: object): readonly string[] {
  const value: unknown = Reflect.get(options, 'phrases');
  return Array.isArray(value) ? value.map(String) : [];
}

export function normaliseShadow(
  { shadow }: RouteFile,
  modelIds: readonly string[],
  path: Path,
  report: Report,
): RouteConfig['shadow'] {
  if (shadow === undefined) return null;
  const { candidate, share, usd_per_day: usdPerDay } = shadow;
  if (!modelIds.includes(candidate)) {
    report.problem(
      [...path, 'shadow', 'candidate'],
      `no model has the id "${candidate}"${suggestion(candidate, modelIds)}`,
    );
  }
  return { candidate, share, usdPerDay };
}

/** Nobody reads a second answer but what scores it: paid for and not scored is a mistake. */
export function normaliseSecond(
  { second, rewards }: RouteFile,
  path: Path,
  report: Report,
): Pick<RouteConfig, 'second'> {
  if (second === undefined) return {};
  const scored =
    rewards !== undefined &&
    (rewards.refusal !== false || rewards.json !== false || rewards.judge !== undefined || rewards.verifiers?.length);
  if (!scored) {
    report.problem([...path, 'second'], 'needs "rewards" with a judge, a verifier or a rule: they score the answer');
  }
  return { second: { usdPerDay: second.usd_per_day } };
}

/** The judge of the file. Routes that ask for one where there is none are a problem. */
export function normaliseJudge(
  { judge }: Pick<ConfigFile, 'judge'>,
  routes: readonly RouteConfig[],
  modelIds: readonly string[],
  report: Report,
): { readonly model: string; readonly usdPerDay: number } | null {
  if (judge !== undefined) {
    if (!modelIds.includes(judge.model)) {
      report.problem(['judge', 'model'], `no model has the id "${judge.model}"${suggestion(judge.model, modelIds)}`);
    }
    return { model: judge.model, usdPerDay: judge.usd_per_day };
  }
  for (const { name, rewards, shadow } of routes) {
    const asks = shadow !== null ? 'shadow' : rewards !== null && rewards.judge !== null ? 'rewards' : null;
    if (asks === null) continue;
    report.problem(
      ['routes', name, asks],
      'needs a judge: name its model and usd_per_day under "judge" at the top of the file',
    );
  }
  return null;
}
