import type { RedisSession } from './redis.ts';
import { bytesOf, listOf, numberOf, optional, textOf } from './reply.ts';
import { decodeBatch, encodeBatch, lastOf, type EventBatch } from './event-batch.ts';
import type { QueueKeys } from './keys.ts';

/**
 * The one order in which all events of all gateways are applied: a Redis stream. A batch is appended only directly
 * behind the last event of its producer, in one script, so that however often and by whomever a batch is delivered,
 * each event stands in the log exactly once.
 */
export interface OrderedLog {
  /** Appends what is not there yet. `gap`: something before it is missing; its producer will send that. */
  append(session: RedisSession, batch: EventBatch): Promise<'appended' | 'known' | 'gap'>;
  /** Batches behind the event number `after`, in order, at most `limit`. */
  read(session: RedisSession, after: number, limit: number): Promise<readonly LogEntry[]>;
  /** How many events were ever appended. */
  length(session: RedisSession): Promise<number>;
  /** The last event of a producer that was appended; null: none ever. */
  mark(session: RedisSession, producer: string): Promise<ProducerMark | null>;
  /** Names the history that the log belongs to; founds it where Redis is empty. `id` is taken then. */
  history(session: RedisSession, id: string): Promise<string>;
  /** Forgets batches up to the event number `before`. */
  trim(session: RedisSession, before: number): Promise<void>;
}

export interface LogEntry {
  /** Number of its last event; the first one has `n - events.length + 1`. */
  readonly n: number;
  /** Null: its bytes cannot be read, so everybody passes it over. */
  readonly batch: EventBatch | null;
}

export interface ProducerMark {
  readonly seq: number;
  readonly decision: string;
}

const appendScript = `
local field = 'p:' .. ARGV[1]
local mark = redis.call('HGET', KEYS[1], field)
if (mark or ARGV[2]) ~= ARGV[3] then return mark or ARGV[2] end
local n = tonumber(redis.call('HGET', KEYS[1], 'n') or '0') + tonumber(ARGV[5])
local id = string.format('%.0f', n)
redis.call('XADD', KEYS[2], id .. '-0', 'b', ARGV[7])
redis.call('HSET', KEYS[1], 'n', id, field, ARGV[4], 'd:' .. ARGV[1], ARGV[6])
redis.call('PUBLISH', ARGV[8], 'appended ' .. ARGV[1] .. ' ' .. ARGV[4])
return false`;

export function createOrderedLog(keys: QueueKeys): OrderedLog {
  const tryAppend = async (session: RedisSession, batch: EventBatch): Promise<number | null> => {
    const { producer, start, after, events } = batch;
    const decision = events.at(-1)?.decision ?? '';
    const reply = await session.run(
      appendScript,
      [keys.marks, keys.log],
      [producer, start, after, lastOf(batch), events.length, decision, encodeBatch(batch), keys.channel],
    );
    return optional(reply, numberOf);
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
      const entries = listOf(await session.call('XRANGE', keys.log, `(${after}-0`, '+', 'COUNT', limit));
      return entries.map((entry) => {
        const [id, fields] = listOf(entry);
        return { n: Number(textOf(id).split('-')[0]), batch: readable(bytesOf(listOf(fields)[1])) };
      });
    },
    length: async (session) => optional(await session.call('HGET', keys.marks, 'n'), numberOf) ?? 0,
    async mark(session, producer) {
      const [seq, decision] = listOf(await session.call('HMGET', keys.marks, `p:${producer}`, `d:${producer}`));
      const number = optional(seq, numberOf);
      return number === null ? null : { seq: number, decision: optional(decision, textOf) ?? '' };
    },
    async history(session, id) {
      await session.call('SET', keys.history, id, 'NX');
      return textOf(await session.call('GET', keys.history));
    },
    async trim(session, before) {
      if (before > 0) await session.call('XTRIM', keys.log, 'MINID', `${before + 1}-0`);
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
