import { decodeBatch, encodeBatch, lastOf, type EventBatch } from './event-batch.ts';
import type { QueueKeys } from './keys.ts';
import type { RedisSession } from './redis.ts';
import { bytesOf, listOf, numberOf, optional, textOf } from './reply.ts';

/**
 * The one order in which all events of all gateways are applied. A batch is appended only directly behind the last event
 * of its producer, in one script, so that however often and by whomever a batch is delivered, each event stands in the log
 * exactly once.
 *
 * The log and the marks of the producers are one hash, written with one command: Redis 7.0 that is killed while it
 * writes its append-only file can come back with half of a script's commands, and a batch without its mark would be
 * appended a second time.
 */
export interface OrderedLog {
  /** Appends what is not there yet. `gap`: something before it is missing; its producer will send that. */
  append(session: RedisSession, batch: EventBatch): Promise<'appended' | 'known' | 'gap'>;
  /** What follows the batch at `after`, in order, at most `limit` batches. Begins later where the log does. */
  read(session: RedisSession, after: number, limit: number): Promise<readonly LogEntry[]>;
  /** How many batches were ever appended. */
  length(session: RedisSession): Promise<number>;
  /** The last event of a producer that was appended; null: none ever. */
  mark(session: RedisSession, producer: string): Promise<ProducerMark | null>;
  /** Names the history that the log belongs to; founds it where Redis is empty. `id` is taken then. */
  history(session: RedisSession, id: string): Promise<string>;
  /** Forgets batches up to `needless`, but none of the last `keepEvents` events. */
  trim(session: RedisSession, needless: number, keepEvents: number): Promise<void>;
}

export interface LogEntry {
  /** Its place: 1 is the first batch ever. */
  readonly entry: number;
  /** Number of its last event; the first one has `n - events.length + 1`. */
  readonly n: number;
  /** Null: its bytes cannot be read, so everybody passes it over. */
  readonly batch: EventBatch | null;
}

export interface ProducerMark {
  readonly seq: number;
  readonly decision: string;
}

/** A single write: see above. */
const appendScript = `
local field = 'p:' .. ARGV[1]
local log = redis.call('HMGET', KEYS[1], field, 'entries', 'events')
if (log[1] or ARGV[2]) ~= ARGV[3] then return log[1] or ARGV[2] end
local entry = string.format('%.0f', tonumber(log[2] or '0') + 1)
local n = string.format('%.0f', tonumber(log[3] or '0') + tonumber(ARGV[5]))
redis.call('HSET', KEYS[1], 'entries', entry, 'events', n, field, ARGV[4], 'd:' .. ARGV[1], ARGV[6],
  'n:' .. entry, n, 'b:' .. entry, ARGV[7])
redis.call('PUBLISH', ARGV[8], 'appended ' .. ARGV[1] .. ' ' .. ARGV[4])
return false`;

/** Batches forgotten with one command. */
const trimEntries = 1_000;

export function createOrderedLog(keys: QueueKeys): OrderedLog {
  const tryAppend = async (session: RedisSession, batch: EventBatch): Promise<number | null> => {
    const { producer, start, after, events } = batch;
    const decision = events.at(-1)?.decision ?? '';
    const reply = await session.run(
      appendScript,
      [keys.log],
      [producer, start, after, lastOf(batch), events.length, decision, encodeBatch(batch), keys.channel],
    );
    return optional(reply, numberOf);
  };

  const field = async (session: RedisSession, name: string): Promise<number> =>
    optional(await session.call('HGET', keys.log, name), numberOf) ?? 0;

  const readFrom = async (session: RedisSession, after: number, limit: number): Promise<readonly LogEntry[]> => {
    const places = Array.from({ length: limit }, (_, i) => after + i + 1);
    const names = places.flatMap((entry) => [`n:${entry}`, `b:${entry}`]);
    const values = listOf(await session.call('HMGET', keys.log, ...names));
    return places.flatMap((entry, i) => {
      const n = optional(values[i * 2], numberOf);
      const bytes = optional(values[i * 2 + 1], bytesOf);
      return n === null || bytes === null ? [] : [{ entry, n, batch: readable(bytes) }];
    });
  };

  return {
    async append(session, batch) {
      for (let rest = batch; ;) {
        const mark = await tryAppend(session, rest);
        if (mark === null) return 'appended';
        if (mark < rest.after) return 'gap';
        const events = rest.events.filter(({ seq }) => seq > mark);
        if (events.length === 0) return 'known';
        // It was cut differently when it was sent before.
        rest = { ...rest, after: mark, events };
      }
    },
    async read(session, after, limit) {
      const entries = await readFrom(session, after, limit);
      if (entries.length > 0) return entries;
      const [forgotten, length] = [await field(session, 'forgotten'), await field(session, 'entries')];
      for (let from = Math.max(after, forgotten); from < length; from += limit) {
        const found = await readFrom(session, from, limit);
        if (found.length > 0) return found;
      }
      return [];
    },
    length: (session) => field(session, 'entries'),
    async mark(session, producer) {
      const [seq, decision] = listOf(await session.call('HMGET', keys.log, `p:${producer}`, `d:${producer}`));
      const number = optional(seq, numberOf);
      return number === null ? null : { seq: number, decision: optional(decision, textOf) ?? '' };
    },
    async history(session, id) {
      await session.call('SET', keys.history, id, 'NX');
      return textOf(await session.call('GET', keys.history));
    },
    async trim(session, needless, keepEvents) {
      const enough = (await field(session, 'events')) - keepEvents;
      const forgotten = await field(session, 'forgotten');
      let last = forgotten;
      let open = Math.min(needless, forgotten + trimEntries) + 1;
      // The last batch that is older than what is kept.
      while (open - last > 1) {
        const middle = Math.floor((open + last) / 2);
        if ((await field(session, `n:${middle}`)) <= enough) last = middle;
        else open = middle;
      }
      if (last === forgotten) return;
      const gone = Array.from({ length: last - forgotten }, (_, i) => forgotten + i + 1);
      await session.call('HSET', keys.log, 'forgotten', last);
      await session.call('HDEL', keys.log, ...gone.flatMap((entry) => [`n:${entry}`, `b:${entry}`]));
    },
  };
}

function readable(bytes: Buffer): EventBatch | null {
  try {
    return decodeBatch(bytes);
  } catch {
    return null;
  }
}
