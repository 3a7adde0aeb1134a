import type { Clock } from '../core/clock.ts';
import { newId } from '../core/ids.ts';
import type { OutcomeStore } from '../core/outcome.ts';
import { queueKeys } from '../queue/keys.ts';
import { createOrderedLog } from '../queue/ordered-log.ts';
import { openRedisLink } from '../queue/redis.ts';
import { createStateBoard } from '../queue/state-board.ts';
import { newPupil, type Pupil } from './fold.ts';
import { createFollower } from './follower.ts';
import type { Learning } from './learning.ts';
import { createForeignFeedback } from './foreign-feedback.ts';
import { LagClock } from './queue-figures.ts';
import { createMeasured } from './measured.ts';
import { restore } from './restore.ts';
import { createShipper } from './shipper.ts';

export interface DistributedOptions {
  readonly store: OutcomeStore;
  readonly clock: Clock;
  readonly redis: { readonly url: string; readonly prefix: string };
  readonly measuredPerSecond?: number;
  /** Told once per change of fortune. */
  readonly onTrouble?: (message: string) => void;
}

/** Longest that a start waits for Redis: a gateway that cannot reach it serves with what its database holds. */
const startMs = 3_000;

/**
 * The gateway's side of learning on many hosts: facts are committed here, folded by the owners (`createOwner`, the
 * command `pointsman learn`), and come back as states. Without Redis requests are decided with the last state and facts
 * wait in the database.
 */
export function createDistributedLearning(options: DistributedOptions): Learning {
  const { store, clock, redis, onTrouble = () => {} } = options;
  const pupils: Pupil[] = [];
  const lagClock = new LagClock(clock);
  const committed = (seq: number): void => {
    lagClock.committed(seq);
    shipper.committed(seq);
  };
  const keys = queueKeys(redis.prefix);
  const link = openRedisLink({ url: redis.url, channel: keys.channel, onTrouble });
  const shipper = createShipper({
    store,
    link,
    keys,
    log: createOrderedLog(keys),
    newId: () => newId('gateway_'),
    onTrouble,
  });
  const follower = createFollower({
    store,
    link,
    board: createStateBoard(keys),
    clock,
    pupils,
    producer: () => shipper.producer,
    onTrouble,
  });
  const foreign = createForeignFeedback({
    store,
    link,
    channel: keys.channel,
    newId: () => newId(''),
    committed: (seq) => committed(seq),
  });
  let started = false;

  const accept: Learning['accept'] = async (reward, caller) => {
    const receipt = await store.reward(reward, caller);
    if (receipt.type === 'accepted') committed(receipt.seq);
    if (receipt.type === 'unknown' && caller !== null && link.state.type === 'ready')
      return foreign.ask(reward, caller);
    return receipt;
  };

  return {
    accept,
    register(name, learner, accepts) {
      if (pupils.some((pupil) => pupil.name === name))
        throw new Error(`A learner named ${name} is registered already.`);
      pupils.push(newPupil(name, learner, accepts));
    },
    async start() {
      try {
        await shipper.identify();
        await Promise.all(pupils.map((pupil) => restore(store, pupil, onTrouble)));
      } catch {
        // The store tells of its own trouble; Redis may still have the states.
      }
      started = true;
      const caughtUp = follower.caughtUp();
      await link.settled(startMs);
      if (link.state.type === 'ready')
        await Promise.race([caughtUp, new Promise((end) => setTimeout(end, startMs).unref())]);
    },
    measured: createMeasured(pupils, accept, options),
    health: () => ({
      started,
      seq: shipper.shipped,
      lag: Math.max(0, shipper.known - Math.min(follower.confirmed, shipper.known)),
      broken: [],
      trouble: link.state.type === 'ready' ? null : link.state.reason,
    }),
    handOver: () => follower.keepAll(),
    figures() {
      const { known, shipped, delivered } = shipper;
      const confirmed = Math.min(follower.confirmed, known);
      const spooled = Math.max(0, known - shipped);
      const lag = Math.max(0, known - confirmed);
      return {
        lag,
        lagSeconds: lagClock.seconds(confirmed, known),
        spooled: Math.min(lag, spooled),
        depth: Math.max(0, lag - spooled),
        delivered,
        refused: shipper.refused + follower.refused,
        versions: follower.versions,
      };
    },
    async close() {
      await Promise.all([shipper.close(), follower.close()]);
      await link.close();
    },
  };
}
