import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Learner, Observation } from '../core/learner.ts';
import type { Completion, OutcomeStore, Reward, RewardReceipt } from '../core/outcome.ts';
import type { Caller } from '../core/query.ts';
import { foldOne, newPupil, snapshotDue, type Pupil, type Subject } from './fold.ts';
import { createMeasured } from './measured.ts';
import { LagClock, type QueueFigures } from './queue-figures.ts';
import { inProcessQueue, type LearningQueue } from './queue.ts';
import { restore } from './restore.ts';

export interface LearningOptions {
  readonly store: OutcomeStore;
  readonly clock: Clock;
  /** Requests a second whose measurements are learned from; the rest are only in the log of attempts. Default 20. */
  readonly measuredPerSecond?: number;
  /** Observations of one learner between two snapshots of it. */
  readonly snapshotEvery?: number;
  readonly queue?: LearningQueue;
  /** Told once per change of fortune: a broken learner, an unreadable snapshot, a log that cannot be read. */
  readonly onTrouble?: (message: string) => void;
}

export interface LearningHealth {
  /** The log was read up to its end at start, or not yet. */
  readonly started: boolean;
  /** The last `seq` folded. */
  readonly seq: number;
  /** Observations known to be committed and not folded yet. */
  readonly lag: number;
  /** Names of learners that failed and learn no more. */
  readonly broken: readonly string[];
  /** Why nothing is learned now although facts are taken; null where nothing stands in the way. */
  readonly trouble: string | null;
}

/**
 * What learns, as the gateway sees it. Two engines: `createLearning`, which owns every learner of the process and folds
 * its database, and `createDistributedLearning`, which sends facts through Redis to the processes that fold and takes
 * over the states they publish.
 */
export interface Learning {
  /** Before `start`. Throws on a name that is taken: a snapshot belongs to one learner. */
  register(name: string, learner: Learner, accepts: (subject: Subject) => boolean): void;
  /**
   * Loads each learner's last snapshot and folds the rest of the log. Resolves when done; where the store cannot be
   * read it resolves too, goes on trying, and learners serve with what they have. Never rejects.
   */
  start(): Promise<void>;
  /** Commits, then folds. Rejects like `OutcomeStore.reward`; a learner's failure is not the sender's. */
  accept(reward: Reward, caller: Caller | null): Promise<RewardReceipt>;
  /**
   * Records what the gateway itself measured, where the route has a learner for it. After the store was given the
   * completion. Never throws, never waits.
   */
  measured(completion: Completion, route: string): void;
  health(): LearningHealth;
  /** For `/metrics`. */
  figures(): QueueFigures;
  /** Before another one takes over on the same database: what only the memory of this one holds is written down. */
  handOver(): Promise<void>;
  /** Saves what was learnt since the last snapshots. */
  close(): Promise<void>;
}

const pageSize = 500;
const retryMs = 1000;

export function createLearning(options: LearningOptions): Learning {
  const { store, snapshotEvery = 200, queue = inProcessQueue(), onTrouble = () => {} } = options;
  const pupils: Pupil[] = [];
  /** Committed, but something before it was not folded yet. */
  const ahead = new Map<number, Observation>();
  /** Last `seq` folded; everything up to it is done, whatever the queue still brings. */
  let head = 0;
  /** The largest `seq` known to be in the log. */
  let known = 0;
  let started = false;
  let closed = false;
  let reading: Promise<void> | null = null;
  let timer: NodeJS.Timeout | null = null;
  let logTrouble = false;
  const lagClock = new LagClock(options.clock);
  let delivered = 0;
  const saving = new Map<Pupil, Promise<void>>();

  const save = async (pupil: Pupil): Promise<void> => {
    pupil.unsaved = 0;
    const seq = pupil.head;
    try {
      await store.saveSnapshot(pupil.name, { seq, state: pupil.learner.save() });
      pupil.saved = seq;
      pupil.dirty = pupil.unsaved > 0;
    } catch (error) {
      onTrouble(`The snapshot of ${pupil.name} at reward ${seq} was not saved: ${messageOf(error)}`);
    }
    saving.delete(pupil);
  };

  const fold = (observation: Observation): void => {
    head = observation.seq;
    delivered++;
    known = Math.max(known, head);
    foldOne(pupils, observation, onTrouble);
    for (const pupil of pupils) {
      if (snapshotDue(pupil, snapshotEvery) && !saving.has(pupil)) saving.set(pupil, save(pupil));
    }
  };

  const foldAhead = (): void => {
    let next = ahead.get(head + 1);
    while (next !== undefined) {
      ahead.delete(next.seq);
      fold(next);
      next = ahead.get(head + 1);
    }
  };

  /** Folds the log from `head` to its end. */
  const readLog = async (): Promise<void> => {
    for (;;) {
      const page = await store.observations(head, pageSize);
      for (const observation of page) {
        ahead.delete(observation.seq);
        // Another path may have folded it while the page was on its way.
        if (observation.seq > head) fold(observation);
      }
      foldAhead();
      if (page.length < pageSize) break;
    }
    // The log is the truth: what it does not show up to here does not exist.
    known = Math.max(head, ...ahead.keys());
  };

  const catchUp = (): void => {
    if (closed || !started) return;
    reading ??= readThenGoOn();
  };

  const readThenGoOn = async (): Promise<void> => {
    try {
      await readLog();
      logTrouble = false;
    } catch (error) {
      if (!logTrouble) onTrouble(`The log of rewards cannot be read, learning waits: ${messageOf(error)}`);
      logTrouble = true;
    }
    reading = null;
    if (known > head && !closed) timer ??= setTimeout(retry, logTrouble ? retryMs : 0);
  };

  const retry = (): void => {
    timer = null;
    if (started) catchUp();
    else void begin();
  };

  queue.consume((observation) => {
    if (observation.seq <= head || pupils.length === 0) return;
    known = Math.max(known, observation.seq);
    ahead.set(observation.seq, observation);
    if (!started) return;
    foldAhead();
    if (ahead.size > 0) catchUp();
  });

  const begin = async (): Promise<void> => {
    try {
      const waypoints = await Promise.all(pupils.map((pupil) => restore(store, pupil, onTrouble)));
      head = Math.min(...waypoints, Number.MAX_SAFE_INTEGER);
      if (pupils.length > 0) await readLog();
      started = true;
      logTrouble = false;
      // What was accepted while the last page was on its way.
      if (known > head) catchUp();
    } catch (error) {
      if (!logTrouble) onTrouble(`Learning cannot start, learners serve as they are: ${messageOf(error)}`);
      logTrouble = true;
      if (!closed) timer ??= setTimeout(retry, retryMs);
    }
  };

  const accept: Learning['accept'] = async (reward, caller) => {
    const receipt = await store.reward(reward, caller);
    if (receipt.type === 'accepted') {
      lagClock.committed(receipt.seq);
      queue.publish(receipt.observation);
    }
    if (receipt.type === 'duplicate' && receipt.seq > head) {
      // Its first sender was told of a failure after the commit: it is in the log and was never published.
      known = Math.max(known, receipt.seq);
      catchUp();
    }
    return receipt;
  };

  return {
    accept,
    register(name, learner, accepts) {
      if (pupils.some((pupil) => pupil.name === name))
        throw new Error(`A learner named ${name} is registered already.`);
      pupils.push(newPupil(name, learner, accepts));
    },
    start: begin,
    measured: createMeasured(pupils, accept, options),
    health: () => ({
      started,
      seq: head,
      lag: Math.max(0, known - head),
      broken: pupils.filter(({ broken }) => broken).map(({ name }) => name),
      trouble: logTrouble ? 'the log of rewards cannot be read' : null,
    }),
    // The next one folds the log.
    handOver: () => Promise.resolve(),
    figures() {
      const lag = Math.max(0, known - head);
      return {
        lag,
        lagSeconds: lagClock.seconds(head, known),
        spooled: 0,
        depth: lag,
        delivered,
        refused: pupils.filter(({ broken }) => broken).length,
        versions: new Map(pupils.map((pupil) => [pupil.name, pupil.head])),
      };
    },
    async close() {
      if (closed) return;
      closed = true;
      if (timer !== null) clearTimeout(timer);
      await queue.close();
      await reading;
      await Promise.all(saving.values());
      await Promise.all(pupils.filter(({ dirty, broken }) => dirty && !broken).map(save));
    },
  };
}
