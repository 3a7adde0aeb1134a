import type { Backend, Failure, RequestBody } from '../core/backend.ts';
import type { Model } from '../core/candidate.ts';
import type { Clock } from '../core/clock.ts';
import type { Decision } from '../core/decision.ts';
import type { Attempt } from '../core/outcome.ts';
import type { Query } from '../core/query.ts';
import type { Random } from '../core/random.ts';
import { Breaker, type TargetHealth } from './breaker.ts';
import type { ClientSink } from './execute.ts';
import { defaultUpstreamSettings, type UpstreamSettings } from './settings.ts';
import { Walk, type Surroundings } from './walk.ts';

export interface UpstreamContext {
  /** By the name that targets call them by. */
  readonly backends: ReadonlyMap<string, Backend>;
  readonly clock: Clock;
  /** Chooses among targets and jitters pauses. */
  readonly random: Random;
  /** Told of every call when it has ended; `failure` is null for whole answers and for clients that left. */
  readonly onAttempt?: ((attempt: Attempt, failure: Failure | null) => void) | undefined;
  readonly settings?: Partial<UpstreamSettings> | undefined;
}

/** What the calls so far say about the targets. */
export interface Health {
  /** At least one target may be asked now. */
  isUp(model: Model): boolean;
  /** Milliseconds until the first running cooldown ends; null where none runs. */
  soonestMs(): number | null;
  /** Targets with a failure since their last whole answer. */
  snapshot(): readonly TargetHealth[];
}

export interface Upstream {
  /**
   * Carries the plan out. Never throws; `sink.finish` is its last call on the sink, exactly once, also when the
   * client goes away. `models` holds at least the models that the decision ranks.
   */
  execute(
    decision: Decision,
    models: ReadonlyMap<string, Model>,
    query: Query,
    body: RequestBody,
    includeUsage: boolean,
    sink: ClientSink,
  ): void;
  readonly health: Health;
  /** What calls so far said about these targets does not hold any more: the configuration changed. */
  forget(targets: readonly string[]): void;
  /** Drops the connections; calls that still run fail. */
  close(): Promise<void>;
}

export function createUpstream(context: UpstreamContext): Upstream {
  const settings = { ...defaultUpstreamSettings, ...context.settings };
  const { backends, clock, random, onAttempt } = context;
  const breaker = new Breaker(clock, settings);
  const around: Surroundings = { backends, breaker, clock, random, settings, onAttempt: onAttempt ?? (() => {}) };
  return {
    execute(decision, models, query, body, includeUsage, sink) {
      new Walk({ decision, models, query, body, includeUsage }, sink, around).start();
    },
    health: {
      isUp: ({ targets }) => targets.some(({ id }) => breaker.available(id)),
      soonestMs: () => breaker.soonestMs(),
      snapshot: () => breaker.snapshot(),
    },
    forget(targets) {
      for (const target of targets) breaker.forget(target);
    },
    async close() {
      await Promise.all([...backends.values()].map((backend) => backend.close()));
    },
  };
}
