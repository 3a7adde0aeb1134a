import type { Clock } from '../core/clock.ts';
import { packHead, packState } from '../queue/learned-state.ts';
import type { LogEntry } from '../queue/ordered-log.ts';
import type { RedisSession } from '../queue/redis.ts';
import type { BoardState, StateBoard } from '../queue/state-board.ts';
import { foldOne, type Pupil } from './fold.ts';
import type { LocalStates } from './local-states.ts';

/** A learner whose state this process may write, with its place in the ordered log. `pupil.head` counts events there. */
export interface Owned {
  readonly pupil: Pupil;
  /** Of the lease. */
  readonly token: string;
  readonly history: string;
  /** Of the last batch folded. */
  entry: number;
  /** The last `seq` folded of each producer. */
  readonly marks: Map<string, number>;
  /** Checksum of the state in Redis; '': none of ours. */
  sum: string;
  publishedAt: number;
  /** How long publishing took last time. */
  tookMs: number;
  keptAt: number;
}

/** Between two publications: of a changed state, and of the news that nothing has changed. */
const changedMs = 250;
const unchangedMs = 1_000;
/** Publishing takes at most one part in so many of the time. */
const restFactor = 10;
const keepMs = 10_000;

/**
 * Takes a learner over where its newest state left it; `found` null: from the beginning.
 *
 * @param whole Redis has this very state as the newest, so it need not be published again.
 */
export function takeOver(
  pupil: Pupil,
  token: string,
  history: string,
  found: BoardState | null,
  whole: boolean,
  clock: Clock,
): Owned {
  const now = clock.monotonic();
  if (found !== null) pupil.learner.load(found.state);
  pupil.head = found?.head.n ?? 0;
  pupil.saved = whole ? pupil.head : -1;
  pupil.dirty = !whole;
  pupil.broken = false;
  return {
    pupil,
    token,
    history,
    entry: found?.head.entry ?? 0,
    marks: new Map(Object.entries(found?.head.marks ?? {})),
    sum: whole ? (found?.head.sum ?? '') : '',
    publishedAt: now - unchangedMs,
    tookMs: 0,
    keptAt: now,
  };
}

/** Folds a batch in, where it comes next. `onTrouble` hears of events that are missing for good. */
export function foldEntry(owned: readonly Owned[], entry: LogEntry, onTrouble: (message: string) => void): void {
  const { n, batch } = entry;
  const takers = owned.filter((each) => each.entry < entry.entry);
  for (const each of takers) each.entry = entry.entry;
  if (batch === null) {
    onTrouble(`The events up to number ${n} cannot be read and are passed over.`);
    for (const { pupil } of takers) pupil.head = n;
    return;
  }
  const first = n - batch.events.length + 1;
  for (const { pupil } of takers) {
    if (pupil.head < first - 1) {
      onTrouble(`${pupil.name} has not seen the events ${pupil.head + 1} to ${first - 1}: the log begins after them.`);
    }
  }
  const pupils = takers.map(({ pupil }) => pupil);
  batch.events.forEach((event, i) => foldOne(pupils, { ...event, seq: first + i }, onTrouble));
  const last = batch.events.at(-1)?.seq ?? batch.after;
  for (const { marks } of takers) marks.set(batch.producer, last);
}

/** Milliseconds until its next publication; null where it has nothing to say. */
export function publicationIn({ pupil, publishedAt, tookMs }: Owned, clock: Clock): number | null {
  if (pupil.broken || pupil.head === pupil.saved) return null;
  const gapMs = Math.max(pupil.dirty ? changedMs : unchangedMs, tookMs * restFactor);
  return Math.max(0, publishedAt + gapMs - clock.monotonic());
}

/** False: the lease is lost. Rejects where Redis is gone. */
export async function publish(
  owned: Owned,
  session: RedisSession,
  board: StateBoard,
  local: LocalStates,
  clock: Clock,
  keep: boolean,
): Promise<boolean> {
  const { pupil, token, history } = owned;
  const began = clock.monotonic();
  const n = pupil.head;
  const about = { learner: pupil.name, history, n, entry: owned.entry, marks: Object.fromEntries(owned.marks) };
  const due = keep || began - owned.keptAt >= keepMs;
  if (pupil.dirty || due) {
    const packed = packState(about, pupil.learner.save());
    // Nothing that follows waits for anything else before the state is on its way.
    pupil.dirty = false;
    if (packed.sum === owned.sum) {
      if (!(await board.save(session, pupil.name, token, { head: packed.head, bytes: null }))) return false;
    } else if (!(await board.save(session, pupil.name, token, packed))) return false;
    owned.sum = packed.sum;
    if (due) {
      local.save(pupil.name, n, packed);
      owned.keptAt = began;
    }
  } else {
    const head = packHead({ ...about, sum: owned.sum });
    if (!(await board.save(session, pupil.name, token, { head, bytes: null }))) return false;
  }
  pupil.saved = n;
  owned.publishedAt = clock.monotonic();
  owned.tookMs = owned.publishedAt - began;
  return true;
}
