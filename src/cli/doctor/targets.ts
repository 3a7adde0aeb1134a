import { probeTarget } from '../../backends/probe.ts';
import type { Config } from '../../config/config.ts';
import { property } from '../../config/found.ts';
import type { Model, Target } from '../../core/candidate.ts';
import { failed, ok, warning, whyOf, type Finding } from './finding.ts';

const timeoutMs = 5_000;
/** Beyond it, times in logs of both sides cannot be laid side by side, and signed requests begin to be refused. */
const mostSkewMs = 10_000;

/** Asks every target for its list of models: is it there, does it take the key, has it the model, what time is it there? */
export async function examineTargets(config: Config, now: () => number): Promise<readonly Finding[]> {
  const places = config.models.flatMap((model, modelIndex) =>
    model.targets.map((target, targetIndex) => ({ model, target, modelIndex, targetIndex })),
  );
  const looked = await Promise.all(
    places.map(async ({ model, target, modelIndex }) => {
      if (target.backend === 'simulated') return { finding: ok(`target ${target.id}`, 'simulated'), skewMs: null };
      return examineTarget(model, target, config.locate(`models[${modelIndex}]`), now);
    }),
  );
  const skews = looked.flatMap(({ skewMs }) => (skewMs === null ? [] : [skewMs]));
  return [...looked.map(({ finding }) => finding), ...clock(skews)];
}

interface Looked {
  readonly finding: Finding;
  /** Its clock minus ours, in milliseconds; null where it told no time. */
  readonly skewMs: number | null;
}

async function examineTarget(model: Model, target: Target, place: string, now: () => number): Promise<Looked> {
  const what = `target ${target.id}`;
  const native = target.backend === 'ollama';
  const asked = { path: native ? '/api/tags' : 'models', intervalMs: 0, timeoutMs };
  const startedAt = now();
  let answer: Awaited<ReturnType<typeof probeTarget>>;
  try {
    answer = await probeTarget(target, asked);
  } catch (cause) {
    const mend = `Start its server, or see base_url and the network (${place}).`;
    return { finding: failed(what, `${target.baseUrl} cannot be reached: ${whyOf(cause)}`, mend), skewMs: null };
  }
  const there = answer.date === null ? Number.NaN : Date.parse(answer.date);
  const skewMs = Number.isNaN(there) ? null : there - (startedAt + now()) / 2;
  return { finding: judge(what, model, target, place, answer), skewMs };
}

function judge(
  what: string,
  model: Model,
  target: Target,
  place: string,
  { status, text }: { readonly status: number; readonly text: string },
): Finding {
  if (status === 401 || status === 403) {
    return target.apiKey === null
      ? failed(what, `wants a key (status ${status})`, `Write api_key: \${NAME_OF_THE_VARIABLE} (${place}).`)
      : failed(what, `refused the key (status ${status})`, `See that api_key holds a valid one (${place}).`);
  }
  if (status === 404 || status === 405) {
    const mend = `See that base_url ends where the API begins, mostly in /v1 (${place}).`;
    return warning(what, `answers, and has no list of models (status ${status}); the key was not tried`, mend);
  }
  if (status !== 200) {
    return failed(what, `answered with status ${status}`, `See its own log, or base_url (${place}).`);
  }
  const names = modelNames(text);
  const wanted = target.upstreamModel ?? model.id;
  if (names.length === 0) {
    return warning(what, 'answers, with something that is no list of models', `See base_url (${place}).`);
  }
  if (names.includes(wanted) || names.includes(`${wanted}:latest`) || names.includes(`models/${wanted}`)) {
    return ok(what, `answers${target.apiKey === null ? '' : ', takes the key'}, has ${wanted}`);
  }
  const shown = names.slice(0, 5).join(', ');
  const more = names.length > 5 ? `, and ${names.length - 5} more` : '';
  return warning(
    what,
    `does not list ${wanted}; it lists ${shown}${more}`,
    `Write upstream_model: with the name it knows (${place}).`,
  );
}

/** Of OpenAI's `data[].id` or Ollama's `models[].name`. */
function modelNames(text: string): readonly string[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return [];
  }
  const list = property(parsed, 'data') ?? property(parsed, 'models');
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    const name = property(entry, 'id') ?? property(entry, 'name');
    // A stranger's text on our terminal: one line of plain characters.
    return typeof name === 'string' ? [name.replaceAll(/\p{Cc}/gu, ' ').slice(0, 128)] : [];
  });
}

/** The median of the targets' clocks: one that is wrong by itself is its own trouble. */
function clock(skews: readonly number[]): readonly Finding[] {
  if (skews.length === 0) return [];
  const sorted = skews.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const seconds = `${(Math.abs(median) / 1_000).toFixed(0)} s ${median > 0 ? 'behind' : 'ahead of'} the targets`;
  return Math.abs(median) > mostSkewMs
    ? [warning('clock', seconds, 'Set the clock (e.g. timedatectl set-ntp true): budgets end at midnight UTC.')]
    : [ok('clock', 'agrees with the targets')];
}
