import type { QueueKeys } from './keys.ts';
import type { RedisSession } from './redis.ts';
import { listOf, numberOf, textOf } from './reply.ts';

/** A turn of a conversation that some gateway answered. Times travel as ages, so clocks need not agree. */
export interface Turn {
  /** Tells nothing of who asks. */
  readonly session: string;
  readonly model: string;
  /** Of prompt and answer together. */
  readonly tokens: number;
  /** Milliseconds since it was answered. */
  readonly ageMs: number;
}

/** Conversations that Redis remembers for gateways that begin: those that spoke last. */
export const mostRemembered = 10_000;
/** In one call: what waited through an outage must not hold up what others say to Redis. */
export const mostTold = 500;
const forgottenMs = 86_400_000;

/** Turns of a conversation may arrive out of order: only a newer one replaces what is known. */
const tellScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, turn in ipairs(cjson.decode(ARGV[1])) do
  local at = now - turn[4]
  local known = redis.call('ZSCORE', KEYS[2], turn[1])
  if not known or tonumber(known) <= at then
    redis.call('HSET', KEYS[1], turn[1], cjson.encode({ turn[2], turn[3] }))
    redis.call('ZADD', KEYS[2], string.format('%.0f', at), turn[1])
  end
end
local over = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[2])
if over > 0 then
  for _, session in ipairs(redis.call('ZRANGE', KEYS[2], 0, over - 1)) do redis.call('HDEL', KEYS[1], session) end
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, over - 1)
end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
redis.call('PUBLISH', ARGV[4], 'turns ' .. ARGV[3] .. ' ' .. ARGV[1])
return 1`;

const readScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local all, turns = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES'), {}
for i = 1, #all, 2 do
  local told = redis.call('HGET', KEYS[1], all[i])
  if told then
    local turn = cjson.decode(told)
    for _, each in ipairs({ all[i], turn[1], tostring(turn[2]), string.format('%.0f', now - all[i + 1]) }) do
      turns[#turns + 1] = each
    end
  end
end
return turns`;

/** @param turns at most `mostTold`. */
export async function tellTurns(
  session: RedisSession,
  keys: QueueKeys,
  by: string,
  turns: readonly Turn[],
): Promise<void> {
  const packed = JSON.stringify(turns.map((turn) => [turn.session, turn.model, turn.tokens, Math.round(turn.ageMs)]));
  const { sessions, sessionTimes, channel } = keys;
  await session.run(tellScript, [sessions, sessionTimes], [packed, mostRemembered, by, channel, forgottenMs]);
}

/** Oldest first. */
export async function readTurns(session: RedisSession, keys: QueueKeys): Promise<readonly Turn[]> {
  const flat = listOf(await session.run(readScript, [keys.sessions, keys.sessionTimes], []));
  const turns: Turn[] = [];
  for (let i = 0; i < flat.length; i += 4) {
    turns.push({
      session: textOf(flat[i]),
      model: textOf(flat[i + 1]),
      tokens: numberOf(flat[i + 2]),
      ageMs: numberOf(flat[i + 3]),
    });
  }
  return turns;
}

/** Null where the message is about something else, or came from `me`. */
export function readTurnNotice(text: string, me: string): readonly Turn[] | null {
  const [, by, json = ''] = /^turns (\S+) ([\s\S]+)$/.exec(text) ?? [];
  if (by === undefined || by === me) return null;
  const told: unknown = parsed(json);
  if (!Array.isArray(told)) return null;
  return told.flatMap((turn: unknown) => {
    if (!Array.isArray(turn)) return [];
    const [session, model, tokens, ageMs] = turn.map((each: unknown) => each);
    const whole = typeof session === 'string' && typeof model === 'string';
    return whole && isAmount(tokens) && isAmount(ageMs) ? [{ session, model, tokens, ageMs }] : [];
  });
}

const isAmount = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value < Infinity;

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
