import type { Usage } from './backend.ts';
import type { Decision } from './decision.ts';
import type { FactQuantity, Observation } from './learner.ts';
import type { Query } from './query.ts';
import type { State } from './state.ts';

/** How one call ended. `client_closed` is no verdict on the model, nor is `hedge_lost`: another call was quicker. */
export type EndReason =
  | 'stop'
  | 'length'
  | 'tool_calls'
  | 'content_filter'
  | 'other'
  | 'client_closed'
  | 'hedge_lost'
  | 'failed'
  | 'cut'
  | 'timeout';

/** One call of one target. Times are milliseconds since the epoch. */
export interface Attempt {
  readonly model: string;
  readonly target: string;
  readonly startedAt: number;
  /** Null: no token came. */
  readonly firstTokenAt: number | null;
  readonly endedAt: number;
  /** HTTP status of the upstream; null where none came. */
  readonly status: number | null;
  /** Null where the upstream told none. */
  readonly usage: Usage | null;
  /** US dollars; null where usage or price is unknown. */
  readonly costUsd: number | null;
  readonly endReason: EndReason;
}

/** Stored at decision time. */
export interface DecisionRecord {
  readonly at: number;
  readonly query: Query;
  readonly decision: Decision;
}

/** Stored when the request has ended. */
export interface Completion {
  readonly decision: string;
  /** Null where no model answered. */
  readonly servedModel: string | null;
  /** The served model is not the one that was chosen. */
  readonly fallback: boolean;
  readonly attempts: readonly Attempt[];
}

/** Append-only, unique by (decision, source, key). */
export interface Reward {
  readonly decision: string;
  /** Who says so: `api`, `usage` (the gateway's own measurement), `judge` ... */
  readonly source: string;
  /** Tells several rewards of one source apart; also makes a repeat idempotent. */
  readonly key: string;
  readonly quantity: FactQuantity;
  /** In the quantity's unit. */
  readonly value: number;
  readonly weight: number;
  readonly at: number;
  /** Of a preference: the decision whose answer this one's was compared with. */
  readonly against?: string | undefined;
}

/** `unknown`: no such decision of this caller. `duplicate`: the first one stands. */
export type RewardReceipt =
  | { readonly type: 'accepted'; readonly seq: number; readonly observation: Observation }
  | { readonly type: 'duplicate'; readonly seq: number }
  | { readonly type: 'unknown' };

export interface Snapshot {
  /** The last `seq` folded into `state`. */
  readonly seq: number;
  readonly state: State;
}

/** Counts since start; they appear in `/metrics`. */
export interface StoreHealth {
  readonly available: boolean;
  /** Rows that could not be written and were given up. */
  readonly lost: number;
  /** Rows waiting to be written. */
  readonly pending: number;
}

/**
 * Where facts are kept. `decision` and `completion` return at once, never throw, and are written within 100 ms.
 * `reward` resolves after its commit and rejects with `storage_unavailable`; a decision still waiting to be written
 * counts as known to it.
 */
export interface OutcomeStore {
  decision(record: DecisionRecord): void;
  completion(completion: Completion): void;
  /** A reward is accepted only from the tenant and key that asked. `caller` null: the gateway itself. */
  reward(
    reward: Reward,
    caller: { readonly tenant: string; readonly key: string | null } | null,
  ): Promise<RewardReceipt>;
  /** Observations after `seq`, in order, at most `limit`. */
  observations(afterSeq: number, limit: number): Promise<readonly Observation[]>;
  /** Dollars spent since `since`, by route and by key name; what limits start from after a restart. */
  spend(
    since: number,
  ): Promise<readonly { readonly route: string; readonly key: string | null; readonly usd: number }[]>;
  saveSnapshot(learner: string, snapshot: Snapshot): Promise<void>;
  /** The newest readable one, or the newest whose `seq` lies below `beforeSeq`. */
  loadSnapshot(learner: string, beforeSeq?: number): Promise<Snapshot | null>;
  health(): StoreHealth;
  /** Writes what waits, then closes. */
  close(): Promise<void>;
}
