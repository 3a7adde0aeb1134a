import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { OutcomeStore } from '../core/outcome.ts';
import type { RedisLink, RedisSession } from '../queue/redis.ts';
import type { StateHead } from '../queue/learned-state.ts';
import type { StateBoard } from '../queue/state-board.ts';
import type { Pupil } from './fold.ts';
import type { Producer } from './producer.ts';
import { createWake } from './wake.ts';

export interface FollowerOptions {
  readonly store: OutcomeStore;
  readonly link: RedisLink;
  readonly board: StateBoard;
  readonly clock: Clock;
  readonly pupils: readonly Pupil[];
  /** This gateway's database; null while it is not known. */
  readonly producer: () => Producer | null;
  readonly onTrouble: (message: string) => void;
}

/**
 * Takes over what the owners publish. A state is taken only where it knows at least as much of this gateway's own facts
 * as the one in use, so learning from the beginning (Redis was emptied) is not seen before it has caught up.
 */
export interface Follower {
  /** Resolves when everything that is published now is taken over, or Redis is gone. */
  caughtUp(): Promise<void>;
  /** The last `seq` of this gateway that every learner's state holds. */
  readonly confirmed: number;
  /** By learner: the number of the last event in its state. */
  readonly versions: ReadonlyMap<string, number>;
  /** States that could not be used since this began. */
  readonly refused: number;
  /** Keeps what was taken over in the database, now and not when it is due. */
  keepAll(): Promise<void>;
  /** As `keepAll`, and ends. */
  close(): Promise<void>;
}

interface Followed {
  readonly pupil: Pupil;
  /** Checksum of the state in use. */
  sum: string;
  /** The last `seq` of this gateway in it ... */
  mark: number;
  /** ... as this producer. */
  producer: string;
  /** Number of the last event in it, of all gateways. */
  n: number;
  /** Of the last one that was refused. */
  refused: string;
  kept: number;
}

const pollMs = 1_000;
/** How often the database keeps a state: what a gateway starts with when Redis is gone. */
const keepMs = 10_000;
/** A state is looked at again no sooner than this many times as long as taking it over took. */
const restFactor = 10;

export function createFollower(options: FollowerOptions): Follower {
  const { store, link, board, clock, pupils, producer, onTrouble } = options;
  const wake = createWake();
  const followed: Followed[] = [];
  let current: RedisSession | null = null;
  let running: Promise<void> = Promise.resolve();
  let caughtUp: (() => void)[] = [];
  let refused = 0;
  let closed = false;

  const lives = (session: RedisSession): boolean => current === session && !closed;

  const keep = async (each: Followed): Promise<void> => {
    const { pupil, mark } = each;
    each.kept = clock.monotonic();
    pupil.dirty = false;
    try {
      await store.saveSnapshot(pupil.name, { seq: mark, state: pupil.learner.save() });
      pupil.saved = mark;
    } catch (error) {
      pupil.dirty = true;
      onTrouble(`The state of ${pupil.name} was not kept in the database: ${messageOf(error)}`);
    }
  };

  const keepAll = async (): Promise<void> => {
    for (const each of followed) if (each.pupil.dirty) await keep(each);
  };

  const look = async (session: RedisSession, each: Followed): Promise<void> => {
    const { pupil } = each;
    const me = producer();
    if (me === null) return;
    if (me.id !== each.producer) {
      // What a former producer had taught under higher numbers is in the state, and none of the new one's facts are.
      if (each.producer !== '') each.mark = Math.min(each.mark, me.start);
      each.producer = me.id;
    }
    const markIn = (head: StateHead): number => head.marks[me.id] ?? me.start;
    const head = await board.head(session, pupil.name).catch(() => null);
    if (head?.sum !== each.sum || head === null) {
      const said: string[] = [];
      const found = await board.load(session, pupil.name, (message) => void said.push(message));
      if (said.join() !== each.refused) {
        refused += said.length;
        for (const message of said) onTrouble(message);
      }
      each.refused = said.join();
      if (found === null || found.head.sum === each.sum) return;
      const mark = markIn(found.head);
      if (mark < each.mark) return;
      try {
        pupil.learner.load(found.state);
      } catch (error) {
        if (each.refused !== found.head.sum) {
          refused++;
          onTrouble(`The state of ${pupil.name} is not used: ${messageOf(error)}`);
        }
        each.refused = found.head.sum;
        return;
      }
      each.sum = found.head.sum;
      each.mark = mark;
      each.n = found.head.n;
      pupil.dirty = true;
    } else {
      // The same state, of more events that changed nothing in it.
      each.mark = Math.max(each.mark, markIn(head));
      each.n = head.n;
    }
    pupil.head = each.mark;
  };

  const follow = async (session: RedisSession): Promise<void> => {
    while (lives(session)) {
      const began = clock.monotonic();
      try {
        for (const each of followed) await look(session, each);
        for (const done of caughtUp) done();
        caughtUp = [];
        const due = followed.filter(({ pupil, kept }) => pupil.dirty && clock.monotonic() - kept >= keepMs);
        for (const each of due) await keep(each);
      } catch (error) {
        if (!lives(session)) break;
        onTrouble(`Learned states cannot be read from Redis now: ${messageOf(error)}`);
      }
      const tookMs = clock.monotonic() - began;
      await wake.sleep(pollMs);
      if (tookMs > pollMs / restFactor) await new Promise((next) => setTimeout(next, tookMs * restFactor - pollMs));
    }
    for (const done of caughtUp) done();
    caughtUp = [];
  };

  link.onMessage((text) => {
    if (text.startsWith('state ')) wake.nudge();
  });

  return {
    caughtUp() {
      for (const pupil of pupils) {
        if (followed.some((each) => each.pupil === pupil)) continue;
        followed.push({ pupil, sum: '', mark: pupil.head, n: 0, producer: '', refused: '', kept: clock.monotonic() });
      }
      const reached = new Promise<void>((resolve) => void caughtUp.push(resolve));
      link.onSession((session) => {
        current = session;
        wake.nudge();
        if (session !== null) running = running.then(() => follow(session));
      });
      return reached;
    },
    get confirmed() {
      return followed.reduce((least, { mark }) => Math.min(least, mark), Infinity);
    },
    get versions() {
      return new Map(followed.map(({ pupil, n }) => [pupil.name, n]));
    },
    get refused() {
      return refused;
    },
    keepAll,
    async close() {
      closed = true;
      current = null;
      wake.nudge();
      await running;
      await keepAll();
    },
  };
}
