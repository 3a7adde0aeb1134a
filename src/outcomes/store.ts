import type { Clock } from '../core/clock.ts';
import { messageOf, PointsmanError } from '../core/errors.ts';
import type { OutcomeStore, RewardReceipt } from '../core/outcome.ts';
import type { RewardOrder } from './messages.ts';
import type { Retention, RetentionResult } from './retention.ts';
import { buffersOf, RowBatch } from './row-batch.ts';
import { createWorkerClient, StorageFailure } from './worker-client.ts';

/** Told once per change, never per row. */
export type StoreEvent =
  /** Nothing can be written for now. Chat goes on, rows wait, rewards are refused. */
  | { readonly type: 'unavailable'; readonly message: string }
  | { readonly type: 'available'; readonly lost: number }
  /** Rows are being given up: too many wait. Once per outage. */
  | { readonly type: 'losing'; readonly message: string }
  /** Rows that no database would take. A defect or a foreign hand. */
  | { readonly type: 'refused'; readonly rows: number; readonly message: string }
  | { readonly type: 'replaced'; readonly message: string }
  | { readonly type: 'snapshot'; readonly message: string };

export interface StoreOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Id of the embedder in use, stored beside each embedding; only its own are ever read back. Null: there is none. */
  readonly embedder?: string | null;
  /** A row is on its way to the disk after this time at most. */
  readonly flushMs?: number;
  /** Rows that may wait for a database that does not answer; the next ones are lost. */
  readonly maxPending?: number;
  readonly busyTimeoutMs?: number;
  /** Largest size of the file, in pages of 4 KiB; null: the disk is the limit. */
  readonly maxPages?: number | null;
  /** Must not throw. */
  readonly onEvent?: (event: StoreEvent) => void;
}

/** The outcome store over SQLite, with what only an owner needs. */
export interface SqliteStore extends OutcomeStore {
  /** Removes what is past its time; `learners` are those in use, whose log after their snapshots stays. */
  retain(retention: Retention, learners: readonly string[]): Promise<RetentionResult>;
}

/** Rows in one message; keeps each transaction, and each copy between the threads, to a few milliseconds. */
const batchRows = 512;
const firstRetryMs = 50;
const lastRetryMs = 1000;
/** How often `close` meets a database that does not answer before it gives up what waits. */
const closeTries = 4;

interface WaitingReward extends RewardOrder {
  readonly resolve: (receipt: RewardReceipt) => void;
  readonly reject: (error: PointsmanError) => void;
}

interface Batch {
  readonly rows: RowBatch;
  /** Carried out after the rows: what was asked when these rows were already waiting finds them. */
  rewards: WaitingReward[];
}

/** Whoever sent it relies on our answer. The gateway's own measurements may ride with the next rows. */
const isPromised = ({ caller }: RewardOrder): boolean => caller !== null;

const newBatch = (): Batch => ({ rows: new RowBatch(), rewards: [] });

/** `storage_unavailable` from whatever went wrong. */
function unavailable(error: unknown): PointsmanError {
  return new PointsmanError('storage_unavailable', `${messageOf(error)} Nothing was recorded; send it again.`, {
    retryAfterMs: lastRetryMs,
    cause: error,
  });
}

/**
 * Opens the store. Resolves also where the database cannot be used now (locked, not writable): it is then retried, and
 * `health().available` is false. Rejects with `invalid_data` where the file is damaged, is no database or is too new.
 *
 * One batch is with the worker at a time, the next one grows meanwhile: the busier the disk, the larger the commits.
 */
export async function openStore(options: StoreOptions): Promise<SqliteStore> {
  const { clock, flushMs = 25, maxPending = 20_000, onEvent = () => {} } = options;
  const worker = createWorkerClient({
    path: options.path,
    busyTimeoutMs: options.busyTimeoutMs ?? 250,
    maxPages: options.maxPages ?? null,
    embedder: options.embedder ?? null,
  });
  /** Oldest first; the last one is open for more. */
  let batches: Batch[] = [newBatch()];
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> | null = null;
  let retryMs = 0;
  let available = true;
  let losing = false;
  let closed = false;
  let lost = 0;
  let pending = 0;

  const open = (): Batch => {
    let last = batches.at(-1);
    if (last === undefined || last.rows.rows >= batchRows) {
      last = newBatch();
      batches.push(last);
    }
    return last;
  };

  const lose = (rows: number, why: string): void => {
    lost += rows;
    if (losing) return;
    losing = true;
    onEvent({ type: 'losing', message: `Outcome rows are lost: ${why}.` });
  };

  const wentWrong = (message: string): void => {
    retryMs = Math.min(lastRetryMs, Math.max(firstRetryMs, retryMs * 2));
    if (!available) return;
    available = false;
    onEvent({ type: 'unavailable', message });
  };

  const wentWell = (): void => {
    retryMs = 0;
    losing = false;
    if (available) return;
    available = true;
    onEvent({ type: 'available', lost });
  };

  /** Sends the oldest batch. Never rejects. */
  const writeOldest = async (): Promise<void> => {
    const batch = batches[0];
    if (batch === undefined) return;
    // Whatever is added from here on belongs to the next batch.
    if (batches.length === 1) batches.push(newBatch());
    const { rewards } = batch;
    const rows = batch.rows.rows;
    const packed = rows === 0 ? null : batch.rows.pack();
    const order = {
      rows: packed,
      rewards: rewards.map(({ reward, caller }) => ({ reward, caller })),
      durable: rewards.some(isPromised),
      now: clock.now(),
    };
    try {
      const result = await worker.ask('write', order, packed === null ? [] : buffersOf(packed));
      batches.shift();
      pending -= rows;
      wentWell();
      if (result.replaced) {
        onEvent({ type: 'replaced', message: `The outcome database ${options.path} was gone and is made anew.` });
      }
      if (result.refused > 0) {
        lost += result.refused;
        onEvent({ type: 'refused', rows: result.refused, message: result.refusedBecause ?? 'unknown' });
      }
      rewards.forEach(({ resolve, reject }, i) => {
        const receipt = result.receipts[i];
        if (typeof receipt === 'object') resolve(receipt);
        else reject(new PointsmanError('invalid_request', `The reward cannot be stored: ${receipt ?? 'no answer'}.`));
      });
    } catch (error) {
      wentWrong(messageOf(error));
      // Rows wait for the next try; whoever sent a reward is told and decides.
      for (const each of batches) {
        for (const { reject } of each.rewards) reject(unavailable(error));
        each.rewards = [];
      }
      if (rows === 0) batches.shift();
    }
  };

  const waits = (): boolean => batches.some(({ rows, rewards }) => rows.rows > 0 || rewards.length > 0);
  /** Somebody waits for an answer, or a whole batch does for its turn. */
  const urgent = (): boolean => batches.length > 1 || batches.some(({ rewards }) => rewards.some(isPromised));

  const schedule = (delayMs: number): void => {
    timer ??= setTimeout(() => {
      timer = null;
      flush();
    }, delayMs);
  };

  const flush = (): void => {
    if (writing !== null) return;
    if (timer !== null) {
      clearTimeout(timer);
      timer = null;
    }
    writing = writeThenGoOn();
  };

  const writeThenGoOn = async (): Promise<void> => {
    await writeOldest();
    writing = null;
    if (retryMs > 0) schedule(retryMs);
    else if (urgent()) flush();
    else if (waits()) schedule(flushMs);
  };

  /** Room for one more row. */
  const admit = (): boolean => {
    if (closed) {
      lose(1, 'the store is closed');
      return false;
    }
    if (pending >= maxPending) {
      lose(1, `${pending} wait for ${options.path} and no more may (max_pending)`);
      return false;
    }
    pending++;
    return true;
  };

  const added = (batch: Batch): void => {
    if (batch.rows.rows >= batchRows && retryMs === 0) flush();
    else if (writing === null) schedule(retryMs > 0 ? retryMs : flushMs);
  };

  const ask: typeof worker.ask = async (call, order) => {
    try {
      return await worker.ask(call, order);
    } catch (error) {
      throw unavailable(error);
    }
  };

  try {
    await worker.ask('open', { now: clock.now() });
  } catch (error) {
    if (error instanceof StorageFailure && error.fault.kind === 'broken') {
      await worker.stop();
      throw new PointsmanError('invalid_data', error.message, { cause: error });
    }
    wentWrong(messageOf(error));
    schedule(retryMs);
  }

  return {
    decision(record) {
      if (!admit()) return;
      const batch = open();
      batch.rows.addDecision(record);
      added(batch);
    },
    completion(completion) {
      if (!admit()) return;
      const batch = open();
      const before = batch.rows.rows;
      batch.rows.addCompletion(completion);
      // It joined its decision: one row, counted already.
      if (batch.rows.rows === before) pending--;
      added(batch);
    },
    reward(reward, caller) {
      if (closed) return Promise.reject(unavailable(new Error('The outcome database is closed.')));
      if (!Number.isFinite(reward.value) || !(reward.weight > 0 && reward.weight < Infinity)) {
        const message = 'A reward needs a finite value and a weight above 0.';
        return Promise.reject(new PointsmanError('invalid_request', message));
      }
      return new Promise((resolve, reject) => {
        const batch = open();
        batch.rewards.push({ reward, caller, resolve, reject });
        // Tried at once even in an outage, so that its end is noticed.
        if (caller !== null) flush();
        else added(batch);
      });
    },
    observations: (afterSeq, limit) => ask('observations', { afterSeq, limit, now: clock.now() }),
    spend: (since) => ask('spend', { since, now: clock.now() }),
    async saveSnapshot(learner, { seq, state }) {
      await ask('saveSnapshot', { learner, seq, state, now: clock.now() });
    },
    async loadSnapshot(learner, beforeSeq = Number.MAX_SAFE_INTEGER) {
      const { snapshot, skipped } = await ask('loadSnapshot', { learner, beforeSeq, now: clock.now() });
      for (const message of skipped) onEvent({ type: 'snapshot', message });
      return snapshot;
    },
    retain: (retention, learners) => ask('retain', { retention, learners, now: clock.now() }),
    health: () => ({ available, lost, pending }),
    async close() {
      if (closed) return;
      closed = true;
      for (let failed = 0; waits() && failed < closeTries;) {
        if (failed > 0) await new Promise((done) => setTimeout(done, retryMs));
        flush();
        await writing;
        if (retryMs > 0) failed++;
      }
      await writing;
      if (timer !== null) clearTimeout(timer);
      timer = null;
      if (pending > 0) lose(pending, 'the store was closed while the database did not answer');
      await worker.ask('close', { now: clock.now() }).catch(() => {});
      await worker.stop();
    },
  };
}
