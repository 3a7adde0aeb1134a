import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Learner } from '../core/learner.ts';
import type { State } from '../core/state.ts';
import { createReceiver } from '../queue/courier.ts';
import { queueKeys } from '../queue/keys.ts';
import { createLeases, preferred } from '../queue/leases.ts';
import { createOrderedLog } from '../queue/ordered-log.ts';
import { openRedisLink, type RedisSession } from '../queue/redis.ts';
import { createStateBoard } from '../queue/state-board.ts';
import { newPupil, type Pupil, type Subject } from './fold.ts';
import { createLocalStates } from './local-states.ts';
import { foldEntry, publicationIn, publish, takeOver, type Owned } from './owned.ts';
import { createWake } from './wake.ts';

export interface OwnerOptions {
  readonly clock: Clock;
  readonly redis: { readonly url: string; readonly prefix: string };
  /** Events that stay in Redis although every state holds them: what a new learner begins with. */
  readonly keepEvents: number;
  /** Where copies of the states are kept. */
  readonly folder: string;
  readonly onTrouble?: (message: string) => void;
}

export interface OwnerHealth {
  readonly connected: boolean;
  /** Why not; null where it is. */
  readonly trouble: string | null;
  /** Learners whose state this process writes. */
  readonly owned: readonly string[];
  readonly broken: readonly string[];
  /** Events folded since the start, of one learner. */
  readonly folded: number;
  /** Number of the last event folded by all that are owned; 0 where none is. */
  readonly head: number;
}

/**
 * One of the processes that learn for all gateways. It takes batches off the queue into the ordered log, and folds the
 * log into the learners that it owns. Any number may run: each learner has one owner, and which one does not matter to
 * the state, because all of them fold the same events in the same order.
 */
export interface Owner {
  /** Before `start`. */
  register(name: string, learner: Learner, accepts: (subject: Subject) => boolean): void;
  start(): void;
  health(): OwnerHealth;
  /** Publishes what was learned and hands the learners over. */
  close(): Promise<void>;
}

const beatMs = 1_000;
const trimMs = 10_000;
/** Batches read at once. */
const pageEntries = 8;

export function createOwner(options: OwnerOptions): Owner {
  const { clock, redis, keepEvents, folder, onTrouble = () => {} } = options;
  const keys = queueKeys(redis.prefix);
  const me = newId('learn_');
  const log = createOrderedLog(keys);
  const board = createStateBoard(keys);
  const leases = createLeases(keys, me, () => newId(''));
  const local = createLocalStates(folder);
  const wake = createWake();
  const pupils: Pupil[] = [];
  const untaught = new Map<Pupil, State>();
  const link = openRedisLink({ url: redis.url, channel: keys.channel, onTrouble });
  let owned: Owned[] = [];
  let current: RedisSession | null = null;
  let running: Promise<void> = Promise.resolve();
  let closed = false;
  let folded = 0;

  const lives = (session: RedisSession): boolean => current === session && !closed;

  const take = async (session: RedisSession, pupil: Pupil, history: string): Promise<void> => {
    const token = await leases.acquire(session, pupil.name);
    if (token === null) return;
    const fresh = untaught.get(pupil);
    if (fresh !== undefined) pupil.learner.load(fresh);
    let whole = true;
    const damaged = (message: string): void => {
      whole = false;
      onTrouble(message);
    };
    let found = await board.load(session, pupil.name, damaged);
    if (found === null) {
      const copy = local.load(pupil.name, onTrouble);
      whole = false;
      if (copy?.head.history === history && copy.head.entry <= (await log.length(session))) found = copy;
    }
    try {
      owned.push(takeOver(pupil, token, history, found, whole, clock));
    } catch (error) {
      onTrouble(`The state of ${pupil.name} is not used, it learns anew: ${messageOf(error)}`);
      if (fresh !== undefined) pupil.learner.load(fresh);
      owned.push(takeOver(pupil, token, history, null, false, clock));
    }
  };

  const release = async (session: RedisSession, each: Owned): Promise<void> => {
    owned = owned.filter((other) => other !== each);
    if (each.pupil.broken || (await publish(each, session, board, local, clock, true))) {
      await leases.release(session, each.pupil.name);
    }
  };

  /** Renews what is held, hands over what others should have, takes what nobody has. */
  const tend = async (session: RedisSession, history: string): Promise<void> => {
    const members = await leases.beat(
      session,
      pupils.map(({ name }) => name),
    );
    for (const pupil of pupils) {
      const mine = owned.find((each) => each.pupil === pupil);
      const should = preferred(members, pupil.name) === me;
      if (mine === undefined) {
        if (should) await take(session, pupil, history);
      } else if (!should) await release(session, mine);
      else if (!(await leases.renew(session, pupil.name))) {
        owned = owned.filter((each) => each !== mine);
        onTrouble(`The lease of ${pupil.name} ran out; it is taken over again where nobody else has.`);
      }
    }
  };

  const foldPage = async (session: RedisSession): Promise<boolean> => {
    if (owned.length === 0) return false;
    const last = Math.min(...owned.map((each) => each.entry));
    const entries = await log.read(session, last, pageEntries);
    for (const entry of entries) {
      foldEntry(owned, entry, onTrouble);
      folded += entry.batch?.events.length ?? 0;
    }
    return entries.length > 0;
  };

  const publishDue = async (session: RedisSession): Promise<void> => {
    for (const each of owned) {
      if (publicationIn(each, clock) !== 0) continue;
      if (await publish(each, session, board, local, clock, false)) continue;
      owned = owned.filter((other) => other !== each);
      onTrouble(`${each.pupil.name} has another owner now; what was folded here in between is dropped.`);
    }
  };

  const trim = async (session: RedisSession): Promise<void> => {
    const needless = await board.needless(session, await leases.learners(session));
    await log.trim(session, needless, keepEvents);
  };

  const turn = async (session: RedisSession): Promise<void> => {
    const history = await log.history(session, newId(''));
    const receiver = createReceiver(
      session,
      keys,
      async (batch) => {
        await log.append(session, batch);
      },
      onTrouble,
    );
    let nextBeat = 0;
    let nextTrim = clock.monotonic() + trimMs;
    try {
      while (lives(session)) {
        if (clock.monotonic() >= nextBeat) {
          await tend(session, history);
          nextBeat = clock.monotonic() + beatMs;
        }
        const more = await foldPage(session);
        await publishDue(session);
        if (clock.monotonic() >= nextTrim) {
          await trim(session);
          nextTrim = clock.monotonic() + trimMs;
        }
        if (more) continue;
        const waits = owned.map((each) => publicationIn(each, clock) ?? beatMs);
        await wake.sleep(Math.min(nextBeat - clock.monotonic(), ...waits));
      }
      if (closed) {
        for (const each of owned) await release(session, each);
        await leases.leave(session);
      }
    } finally {
      // Redis may come back with less than it had: everything is loaded from it again.
      owned = [];
      await receiver.close();
    }
  };

  const run = async (session: RedisSession): Promise<void> => {
    while (lives(session)) {
      try {
        await turn(session);
      } catch (error) {
        if (!lives(session)) return;
        onTrouble(`Learning stops for a moment: ${messageOf(error)}`);
        await wake.sleep(beatMs);
      }
    }
  };

  return {
    register(name, learner, accepts) {
      if (pupils.some((pupil) => pupil.name === name))
        throw new Error(`A learner named ${name} is registered already.`);
      const pupil = newPupil(name, learner, accepts);
      pupils.push(pupil);
      untaught.set(pupil, learner.save());
    },
    start() {
      link.onMessage((text) => {
        if (text.startsWith('appended ')) wake.nudge();
      });
      link.onSession((session) => {
        current = session;
        wake.nudge();
        if (session !== null) running = running.then(() => run(session));
      });
    },
    health: () => ({
      connected: link.state.type === 'ready',
      trouble: link.state.type === 'ready' ? null : link.state.reason,
      owned: owned.map(({ pupil }) => pupil.name),
      broken: pupils.filter(({ broken }) => broken).map(({ name }) => name),
      folded,
      head: owned.length === 0 ? 0 : Math.min(...owned.map(({ pupil }) => pupil.head)),
    }),
    async close() {
      closed = true;
      wake.nudge();
      await running;
      await link.close();
    },
  };
}
