import type { Clock } from '../core/clock.ts';
import type { Decision } from '../core/decision.ts';
import type { Completion, DecisionRecord, RewardReceipt, Reward } from '../core/outcome.ts';
import type { Model } from '../core/candidate.ts';
import type { Caller, Query } from '../core/query.ts';
import type { RequestBody } from '../core/backend.ts';
import type { ClientSink } from '../upstream/execute.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** What a key may do. */
export type Scope = 'chat' | 'feedback' | 'metrics' | 'admin';

/** A caller that was let in. */
export interface Access {
  readonly caller: Caller;
  readonly scopes: ReadonlySet<Scope>;
  /** Route names this key may use; null: all. */
  readonly routes: ReadonlySet<string> | null;
}

/** What the requested model name means. */
export type Resolved =
  | { readonly type: 'model'; readonly model: Model }
  | {
      readonly type: 'route';
      readonly route: string;
      /** Replaces the route's policy. */ readonly policy: string | null;
    };

/** Money put aside for one request until its true cost is known. */
export interface Reservation {
  /** Exactly once; null: the cost is unknown, so the reserved amount stands. */
  settle(costUsd: number | null): void;
}

export interface ListedModel {
  readonly id: string;
  readonly kind: 'model' | 'route' | 'alias';
  readonly simulated: boolean;
  /** Why it cannot be routed to; null where it can. */
  readonly unroutable: string | null;
}

/**
 * Everything the endpoints need, and all they may touch. `app.ts` builds it. A request walks through it from top to
 * bottom; whatever throws a PointsmanError ends the walk with that error.
 */
export interface Gateway {
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** No keys are configured and `auth` is not `none`: only loopback Hosts and Origins are served. */
  readonly loopbackOnly: boolean;
  readonly bodyLimitBytes: number;
  /** `bearer` is the secret from the Authorization header, null where there is none. */
  authenticate(bearer: string | null): Access;
  resolve(model: string): Resolved;
  /** Synchronous where the embedder is. `body` and `headers` tell conversations apart; without them each turn stands alone. */
  decide(
    query: Query,
    resolved: Resolved,
    access: Access,
    body?: RequestBody,
    headers?: Readonly<Record<string, string | readonly string[] | undefined>>,
  ): Decision | Promise<Decision>;
  /** Throws `budget_exceeded`. */
  reserve(decision: Decision, query: Query, access: Access): Reservation;
  /** Carries the plan out; `sink.finish` is always its last call. */
  execute(decision: Decision, query: Query, body: RequestBody, includeUsage: boolean, sink: ClientSink): void;
  /** Keeps a decision, before it is carried out. Returns at once. */
  decided(record: DecisionRecord): void;
  /** Keeps what came of it, and lets what was measured teach. Returns at once. */
  completed(completion: Completion, route: string): void;
  /** Commits, then hands the observation to the learners. */
  feedback(reward: Reward, caller: Caller): Promise<RewardReceipt>;
  listModels(access: Access): readonly ListedModel[];
  /** Null when ready; else why not. */
  notReady(): string | null;
  /** What is wrong although requests are served; the names of no host and no secret. */
  troubles(): readonly string[];
}
