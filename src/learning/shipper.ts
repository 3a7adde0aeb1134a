import { messageOf } from '../core/errors.ts';
import type { OutcomeStore } from '../core/outcome.ts';
import { createSender, type Sender } from '../queue/courier.ts';
import { lastOf, type EventBatch } from '../queue/event-batch.ts';
import type { QueueKeys } from '../queue/keys.ts';
import type { OrderedLog } from '../queue/ordered-log.ts';
import type { RedisLink, RedisSession } from '../queue/redis.ts';
import { readProducer, writeProducer, type Producer } from './producer.ts';
import { createWake } from './wake.ts';

export interface ShipperOptions {
  readonly store: OutcomeStore;
  readonly link: RedisLink;
  readonly keys: QueueKeys;
  readonly log: OrderedLog;
  /** Unguessable, for a database that has no name yet. */
  readonly newId: () => string;
  readonly onTrouble: (message: string) => void;
}

/**
 * Brings the rewards of this gateway's database into the ordered log, in order, one batch at a time. The database is the
 * spool: what is in the log is found out by asking Redis, so nothing here has to be remembered or can be forgotten.
 */
export interface Shipper {
  /** A reward was committed. */
  committed(seq: number): void;
  /** Learns who the database is. Rejects where it cannot be used; it is tried again with the next session. */
  identify(): Promise<Producer>;
  /** Null until the database could be asked. */
  readonly producer: Producer | null;
  /** The last `seq` known to be in the log. */
  readonly shipped: number;
  /** The last `seq` known to be in the database. */
  readonly known: number;
  /** Facts that arrived since this began. */
  readonly delivered: number;
  /** Batches that could not be sent. */
  readonly refused: number;
  close(): Promise<void>;
}

const batchEvents = 256;
const idleMs = 5_000;
const firstAskMs = 250;
const lastAskMs = 4_000;
const retryMs = 1_000;

export function createShipper({ store, link, keys, log, newId, onTrouble }: ShipperOptions): Shipper {
  /** Something was committed. */
  const news = createWake();
  /** The batch on its way has arrived. */
  const arrival = createWake();
  let producer: Producer | null = null;
  let generation = 0;
  let current: RedisSession | null = null;
  let running: Promise<void> = Promise.resolve();
  let shipped = 0;
  let known = 0;
  /** The first reward that has a number which was used before, or may have: the database was put back in time. */
  let firstCommitted = Infinity;
  /** What Redis had when this session began; nothing committed since then can have a smaller number. */
  let found = 0;
  let delivered = 0;
  let refused = 0;
  let closed = false;
  let told = '';

  const lives = (session: RedisSession): boolean => current === session && !closed;

  const say = (message: string): void => {
    if (message !== told) onTrouble(message);
    told = message;
  };

  const identify = async (): Promise<Producer> => {
    producer = await readProducer(store, newId);
    return producer;
  };

  /** What Redis has of this database. Becomes another producer where Redis has events that this database never had. */
  const findMark = async (session: RedisSession, who: Producer): Promise<number> => {
    const mark = await log.mark(session, who.id);
    if (mark === null) return who.start;
    const [row] = await store.observations(mark.seq - 1, 1);
    const same = row?.seq === mark.seq ? row.decision === mark.decision : firstCommitted > mark.seq;
    if (same) return mark.seq;
    const start = Number.isFinite(firstCommitted) ? Math.min(firstCommitted - 1, mark.seq) : mark.seq;
    producer = await writeProducer(store, { id: newId(), start }, ++generation);
    onTrouble(
      `The outcome database is not the one whose rewards up to ${mark.seq} are learned from (was a backup put back?): ` +
        `it counts as a new one from reward ${start + 1} on.`,
    );
    return start;
  };

  const ship = async (session: RedisSession): Promise<void> => {
    found = await findMark(session, await identify());
    shipped = found;
    const sender = createSender(session, keys);
    try {
      while (lives(session)) {
        if (firstCommitted <= found) {
          found = await findMark(session, await identify());
          shipped = found;
          firstCommitted = Infinity;
        }
        const { id, start } = await identify();
        // A late notice moves `shipped` on while the rows are read: what they follow is what was asked for.
        const after = shipped;
        const events = await store.observations(after, batchEvents);
        if (events.length === 0) await news.sleep(idleMs);
        else await bring(session, sender, { producer: id, start, after, events });
        told = '';
      }
    } finally {
      await sender.close();
    }
  };

  /** Sends one batch until it has arrived, or Redis turns out to miss something before it. */
  const bring = async (session: RedisSession, sender: Sender, batch: EventBatch): Promise<void> => {
    known = Math.max(known, lastOf(batch));
    for (let askMs = firstAskMs; lives(session); askMs = Math.min(lastAskMs, askMs * 2)) {
      await sender.send(batch, askMs > firstAskMs);
      await arrival.sleep(askMs);
      // The notice may have been lost, and Redis may have come back with less than it had.
      if (shipped === batch.after) shipped = (await log.mark(session, batch.producer))?.seq ?? batch.start;
      if (shipped === batch.after) continue;
      delivered += batch.events.filter(({ seq }) => seq <= shipped).length;
      return;
    }
  };

  const keepShipping = async (session: RedisSession): Promise<void> => {
    while (lives(session)) {
      try {
        await ship(session);
      } catch (error) {
        if (!lives(session)) return;
        refused++;
        say(`Rewards are not sent for now: ${messageOf(error)}`);
        await arrival.sleep(retryMs);
      }
    }
  };

  const wakeAll = (): void => {
    news.nudge();
    arrival.nudge();
  };

  link.onMessage((text) => {
    const [kind, id, seq] = text.split(' ');
    if (kind !== 'appended' || id !== producer?.id) return;
    shipped = Math.max(shipped, Number(seq));
    arrival.nudge();
  });
  link.onSession((session) => {
    current = session;
    wakeAll();
    if (session !== null) running = running.then(() => keepShipping(session));
  });

  return {
    identify,
    committed(seq) {
      if (current === null || seq <= found) firstCommitted = Math.min(firstCommitted, seq);
      known = Math.max(known, seq);
      news.nudge();
    },
    get producer() {
      return producer;
    },
    get shipped() {
      return shipped;
    },
    get known() {
      return known;
    },
    get delivered() {
      return delivered;
    },
    get refused() {
      return refused;
    },
    async close() {
      closed = true;
      current = null;
      wakeAll();
      await running;
    },
  };
}
