import type { Backend, Failure, RequestBody } from '../core/backend.ts';
import type { Model } from '../core/candidate.ts';
import type { Clock } from '../core/clock.ts';
import type { Decision } from '../core/decision.ts';
import type { Attempt } from '../core/outcome.ts';
import type { Query } from '../core/query.ts';
import type { Random } from '../core/random.ts';
import { Breaker, type TargetHealth } from './breaker.ts';
import type { ClientSink } from './execute.ts';
import { Gate, type GateState } from './gate.ts';
import { watchHealth } from './health-watch.ts';
import { Hedging, type HedgeCounts } from './hedging.ts';
import { watchLoads } from './load-watch.ts';
import type { Probe } from './rounds.ts';
import { defaultUpstreamSettings, type UpstreamSettings } from './settings.ts';
import { TargetLoads, type ReportedLoad } from './target-loads.ts';
import { plainPlan, type UpstreamPlan } from './upstream-plan.ts';
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
  /** Left out: health checks and load metrics are not read. */
  readonly probe?: Probe | undefined;
}

/** What goes on, for people and metrics. */
export interface UpstreamState {
  /** Targets of models that are balanced by load. */
  readonly loads: readonly {
    readonly target: string;
    readonly calls: number;
    readonly reported: ReportedLoad | null;
  }[];
  /** Targets with a `capacity` that were asked. */
  readonly gates: readonly GateState[];
  /** By route. */
  readonly hedges: ReadonlyMap<string, Readonly<HedgeCounts>>;
  /** By target: whether its health checks let calls through. */
  readonly checks: ReadonlyMap<string, boolean>;
  /** Targets that calls or checks keep out now. */
  readonly cooling: readonly string[];
}

/** What the calls so far say about the targets. */
export interface Health {
  /** At least one target may be asked now. */
  isUp(model: Model): boolean;
  /** Milliseconds until the first running cooldown ends; null where none runs. */
  soonestMs(): number | null;
  /** Targets with a failure since their last whole answer, or that are kept out. */
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
  state(): UpstreamState;
  /** What calls so far said about these targets does not hold any more: the configuration changed. */
  forget(targets: readonly string[]): void;
  /** Another gateway has found out that this target needs a rest ... */
  keepOut(target: string, ms: number): void;
  /** ... or that it answers again. */
  letIn(target: string): void;
  /** From the next request on. To be called at the start and after a reload; never called: nothing of it is done. */
  adopt(plan: UpstreamPlan): void;
  /** Drops the connections; calls that still run fail. */
  close(): Promise<void>;
}

const noHedges: UpstreamState['hedges'] = new Map();

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

export function createUpstream(context: UpstreamContext): Upstream {
  const settings = { ...defaultUpstreamSettings, ...context.settings };
  const { backends, clock, random, probe } = context;
  const breaker = new Breaker(clock, settings);
  const loads = new TargetLoads();
  const { degradable, priorityOf } = plainPlan;
  const around: Mutable<Surroundings> = {
    backends,
    breaker,
    clock,
    random,
    settings,
    loads,
    gate: new Gate(clock),
    salt: random.integer(2 ** 31),
    hedging: null,
    degradable,
    priorityOf,
    onAttempt: context.onAttempt ?? (() => {}),
  };
  let endWatch = (): void => undefined;
  const checks = new Map<string, boolean>();
  return {
    execute(decision, models, query, body, includeUsage, sink) {
      new Walk({ decision, models, query, body, includeUsage }, sink, around).start();
    },
    health: {
      isUp: ({ targets }) => targets.some(({ id }) => breaker.available(id)),
      soonestMs: () => breaker.soonestMs(),
      snapshot: () => breaker.snapshot(),
    },
    state: () => ({
      loads: loads.snapshot(),
      gates: around.gate.snapshot(),
      hedges: around.hedging?.snapshot() ?? noHedges,
      checks,
      cooling: breaker.snapshot().flatMap(({ target, state }) => (state === 'open' ? [target] : [])),
    }),
    forget(targets) {
      for (const target of targets) breaker.forget(target);
    },
    keepOut: (target, ms) => breaker.keepOut(target, ms),
    letIn: (target) => breaker.letIn(target),
    adopt(plan) {
      // What was learned of targets stays where routes hedge before and after.
      if (plan.hedges.size === 0) around.hedging = null;
      else if (around.hedging === null) around.hedging = new Hedging(plan.hedges);
      else around.hedging.adopt(plan.hedges);
      around.degradable = plan.degradable;
      around.priorityOf = plan.priorityOf;
      endWatch();
      checks.clear();
      if (probe === undefined) return;
      const ends = [
        watchHealth(plan.targets, probe, breaker, (id, lives) => checks.set(id, lives)),
        watchLoads(plan.targets, probe, loads),
      ];
      endWatch = () => {
        for (const end of ends) end();
      };
    },
    async close() {
      endWatch();
      await Promise.all([...backends.values()].map((backend) => backend.close()));
    },
  };
}
