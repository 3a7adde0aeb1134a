import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { PointsmanError } from '../core/errors.ts';
import type { Model } from '../core/candidate.ts';
import type { Embedder } from '../core/embedder.ts';
import { checkTarget } from '../backends/index.ts';
import type { Access } from '../http/gateway.ts';
import type { Learning } from '../learning/learning.ts';
import type { SqliteStore } from '../outcomes/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createAuthenticator } from './access.ts';
import { chooseLearning } from './learning.ts';
import { freezeAsWritten } from './learner-control.ts';
import { keepRetention } from './retention.ts';
import { assembleRouting, type Routing } from './routing.ts';

/** Everything that one reading of the YAML decides; a reload replaces it as a whole, between two requests. */
export interface Generation {
  readonly config: Config;
  /** By id. */
  readonly models: ReadonlyMap<string, Model>;
  readonly routing: Routing;
  readonly learning: Learning;
  /** At least one target of this model may be asked now. */
  readonly isUp: (model: string) => boolean;
  /** Some route has a model with a known price. */
  readonly routable: boolean;
  authenticate(secret: string | null): Access;
  /** To be called once, when it serves. */
  serve(): void;
  /** Saves what was learned and ends what runs in the background. Requests that began in it may still end in it. */
  retire(): Promise<void>;
}

/** What a reading is checked and assembled with before anything is opened or taught. */
export interface Plan {
  readonly config: Config;
  readonly models: ReadonlyMap<string, Model>;
  readonly routing: Routing;
}

/**
 * Throws `invalid_config` or `invalid_data` where the parts do not fit together. Opens nothing but the embedder, and not
 * that where one runs: the setting cannot change, and requests that began wait for its vectors.
 */
export async function planGeneration(config: Config, logger: Logger, running: Embedder | null = null): Promise<Plan> {
  for (const model of config.models) for (const target of model.targets) checkTarget(target);
  const onFault = (route: string, what: string, cause: unknown): void => {
    logger.warn({ route, what, cause }, 'A prediction fell back.');
  };
  const routing = await assembleRouting(config, onFault, running);
  return { config, models: new Map(config.models.map((model) => [model.id, model])), routing };
}

export interface Surroundings {
  readonly store: SqliteStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly isUp: (model: Model) => boolean;
}

/**
 * Teaches the learners of a plan what the log knows, as a start of the process does: learned state is a fold, so a
 * learner whose configuration did not change ends where its predecessor stands.
 */
export async function beginGeneration(plan: Plan, { store, clock, logger, isUp }: Surroundings): Promise<Generation> {
  const { config, models, routing } = plan;
  const learning = await chooseLearning(config, store, clock, logger);
  routing.teach(learning);
  await learning.start();
  await freezeAsWritten(config, routing.governed, { store, clock, learning }, logger);
  let endRetention = (): void => undefined;
  return {
    config,
    models,
    routing,
    learning,
    isUp: (id) => {
      const model = models.get(id);
      return model !== undefined && isUp(model);
    },
    routable: config.routes.some((route) => route.models.some((id) => models.get(id)?.price)),
    authenticate: createAuthenticator(config),
    serve() {
      endRetention = keepRetention(config, store, routing.learners, logger);
    },
    async retire() {
      endRetention();
      await learning.close();
    },
  };
}

/** Parts of the YAML that a running gateway can take over. All others are read at the start only. */
const hot: ReadonlySet<string> = new Set<keyof Config>([
  'keys',
  'aliases',
  'models',
  'routes',
  'estimators',
  'learning',
  'judge',
  'policyDirs',
  'verifierDirs',
  'warnings',
  'locate',
]);

/** Members of a section that can change while the section's others cannot. */
const hotMembers: Readonly<Record<string, ReadonlySet<string>>> = {
  limits: new Set(['usdPerDay']),
  storage: new Set(['retention']),
};

/**
 * Throws `invalid_config` naming each setting that differs and needs a restart. Half of a file is never taken over: what
 * serves is always what one file says.
 */
export function refuseColdChanges(old: Config, next: Config): void {
  const places: string[] = [];
  for (const [section, value] of Object.entries(next)) {
    if (hot.has(section)) continue;
    const before: unknown = Reflect.get(old, section);
    for (const member of membersOf(before, value)) {
      if (member !== '' && hotMembers[section]?.has(member) === true) continue;
      if (same(at(before, member), at(value, member))) continue;
      const path = member === '' ? section : `${section}.${member}`;
      places.push(`${path.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)} (${next.locate(section)})`);
    }
  }
  if (places.length === 0) return;
  throw new PointsmanError(
    'invalid_config',
    `${places.join(', ')} cannot change while the gateway runs. Restart it, or take that change back; nothing of the file was taken over.`,
  );
}

const isSection = (value: unknown): value is object => typeof value === 'object' && value !== null;

function membersOf(before: unknown, after: unknown): readonly string[] {
  if (!isSection(before) || !isSection(after)) return [''];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])];
}

const at = (value: unknown, member: string): unknown =>
  member === '' || !isSection(value) ? value : Reflect.get(value, member);

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
