import type { Observation } from '../core/learner.ts';
import type { Reward, RewardReceipt, Snapshot } from '../core/outcome.ts';
import type { State } from '../core/state.ts';
import type { DatabaseOptions, StorageFault } from './database.ts';
import type { PackedRows } from './row-batch.ts';
import type { RetentionOrder, RetentionResult } from './retention.ts';

export interface WorkerOptions extends DatabaseOptions {
  /** Stored beside every embedding. */
  readonly embedder: string | null;
}

export interface RewardOrder {
  readonly reward: Reward;
  /** Null: the gateway itself, which may speak of every decision. */
  readonly caller: { readonly tenant: string; readonly key: string | null } | null;
}

/** Rows first, then rewards, in one transaction. */
export interface WriteOrder {
  readonly rows: PackedRows | null;
  readonly rewards: readonly RewardOrder[];
  /** The commit must survive a power cut, not only a killed process. */
  readonly durable: boolean;
  readonly now: number;
}

export interface WriteResult {
  /** Parallel to the rewards; a string: this one can never be stored, and why. */
  readonly receipts: readonly (RewardReceipt | string)[];
  /** Rows that can never be stored. */
  readonly refused: number;
  /** Why, of the first. */
  readonly refusedBecause: string | null;
  /** The file was made anew since the last answer: what was in it is gone. */
  readonly replaced: boolean;
}

export interface Spend {
  readonly route: string;
  readonly key: string | null;
  readonly usd: number;
}

export interface LoadedSnapshot {
  readonly snapshot: Snapshot | null;
  /** One line for each newer snapshot that could not be read. */
  readonly skipped: readonly string[];
}

/** Everything the worker is asked for, with what it answers. */
export interface Calls {
  open: { readonly order: { readonly now: number }; readonly result: null };
  write: { readonly order: WriteOrder; readonly result: WriteResult };
  observations: {
    readonly order: { readonly afterSeq: number; readonly limit: number; readonly now: number };
    readonly result: readonly Observation[];
  };
  spend: { readonly order: { readonly since: number; readonly now: number }; readonly result: readonly Spend[] };
  saveSnapshot: {
    readonly order: { readonly learner: string; readonly seq: number; readonly state: State; readonly now: number };
    readonly result: null;
  };
  loadSnapshot: {
    readonly order: { readonly learner: string; readonly beforeSeq: number; readonly now: number };
    readonly result: LoadedSnapshot;
  };
  retain: { readonly order: RetentionOrder & { readonly now: number }; readonly result: RetentionResult };
  close: { readonly order: { readonly now: number }; readonly result: null };
}

export type Call = keyof Calls;

export type Order = {
  readonly [Name in Call]: { readonly id: number; readonly call: Name; readonly order: Calls[Name]['order'] };
}[Call];

export type Answer =
  | { readonly id: number; readonly result: Calls[Call]['result'] }
  | { readonly id: number; readonly fault: StorageFault };
