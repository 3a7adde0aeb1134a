import { hash32 } from '../core/random.ts';
import type { QueueKeys } from './keys.ts';
import type { RedisSession } from './redis.ts';
import { listOf, numberOf, optional, textOf } from './reply.ts';

/**
 * Who may write the state of a learner: one process, for as long as it renews its lease. Each acquisition makes a new
 * token, and a write is refused unless its token is the newest: a process that slept through its lease harms nobody.
 */
export interface Leases {
  /** The token; null: another process has it. */
  acquire(session: RedisSession, learner: string): Promise<string | null>;
  /** False: it is lost. */
  renew(session: RedisSession, learner: string): Promise<boolean>;
  release(session: RedisSession, learner: string): Promise<void>;
  /** Says that this process lives and cares for these learners; returns the processes that live. */
  beat(session: RedisSession, learners: readonly string[]): Promise<readonly string[]>;
  /** Learners that some process has cared for in the last week. */
  learners(session: RedisSession): Promise<readonly string[]>;
  /** Says that this process is gone. */
  leave(session: RedisSession): Promise<void>;
}

export const leaseMs = 5_000;
const aliveSeconds = 5;
const learnerSeconds = 7 * 86_400;

const acquireScript = `
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return false end
local before = redis.call('HGET', KEYS[2], ARGV[3]) or '0'
local token = string.format('%.0f', tonumber(string.match(before, '^%d+')) + 1) .. ' ' .. ARGV[4]
redis.call('HSET', KEYS[2], ARGV[3], token)
return token`;

const renewScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

const releaseScript = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`;

const beatScript = `
local now = tonumber(redis.call('TIME')[1])
redis.call('ZADD', KEYS[1], now, ARGV[1])
for i = 4, #ARGV do redis.call('ZADD', KEYS[2], now, ARGV[i]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - tonumber(ARGV[3]))
return redis.call('ZRANGE', KEYS[1], 0, -1)`;

/** @param nonce makes a token that no other acquisition can have, also where Redis lost its last second. */
export function createLeases(keys: QueueKeys, member: string, nonce: () => string): Leases {
  return {
    acquire: async (session, learner) =>
      optional(
        await session.run(acquireScript, [keys.lease(learner), keys.fences], [member, leaseMs, learner, nonce()]),
        textOf,
      ),
    renew: async (session, learner) =>
      numberOf(await session.run(renewScript, [keys.lease(learner)], [member, leaseMs])) === 1,
    async release(session, learner) {
      await session.run(releaseScript, [keys.lease(learner)], [member]);
    },
    beat: async (session, learners) =>
      listOf(
        await session.run(
          beatScript,
          [keys.members, keys.learners],
          [member, aliveSeconds, learnerSeconds, ...learners],
        ),
      ).map((each) => textOf(each)),
    learners: async (session) => listOf(await session.call('ZRANGE', keys.learners, 0, -1)).map((each) => textOf(each)),
    async leave(session) {
      await session.call('ZREM', keys.members, member);
    },
  };
}

/** Which of the living processes should own a learner: all agree without asking, and few change when one comes or goes. */
export function preferred(members: readonly string[], learner: string): string | null {
  let best: string | null = null;
  let most = -1;
  for (const member of members) {
    const score = hash32(`${learner}\0${member}`);
    if (score > most || (score === most && best !== null && member < best)) {
      best = member;
      most = score;
    }
  }
  return best;
}
