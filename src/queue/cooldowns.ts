import type { QueueKeys } from './keys.ts';
import type { RedisSession } from './redis.ts';
import { listOf, numberOf, textOf } from './reply.ts';

/** Cooldowns that gateways tell each other of. Times travel as what is left, so clocks need not agree. */
export type CooldownNotice =
  | { readonly type: 'cool'; readonly by: string; readonly target: string; readonly ms: number }
  | { readonly type: 'lift'; readonly by: string; readonly target: string };

const coolScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[2], string.format('%.0f', now + tonumber(ARGV[3])))
redis.call('PUBLISH', ARGV[4], 'cool ' .. ARGV[1] .. ' ' .. ARGV[3] .. ' ' .. ARGV[2])
return 1`;

const liftScript = `
redis.call('HDEL', KEYS[1], ARGV[2])
redis.call('PUBLISH', ARGV[3], 'lift ' .. ARGV[1] .. ' 0 ' .. ARGV[2])
return 1`;

/** What is left of each; those that are over are forgotten. */
const readScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local all, left = redis.call('HGETALL', KEYS[1]), {}
for i = 1, #all, 2 do
  local ms = tonumber(all[i + 1]) - now
  if ms <= 0 then redis.call('HDEL', KEYS[1], all[i])
  else
    left[#left + 1] = all[i]
    left[#left + 1] = ms
  end
end
return left`;

export async function tellCooldown(session: RedisSession, keys: QueueKeys, notice: CooldownNotice): Promise<void> {
  const { by, target } = notice;
  switch (notice.type) {
    case 'cool':
      await session.run(coolScript, [keys.cooldowns], [by, target, Math.ceil(notice.ms), keys.channel]);
      return;
    case 'lift':
      await session.run(liftScript, [keys.cooldowns], [by, target, keys.channel]);
      return;
    default:
      notice satisfies never;
  }
}

/** Milliseconds left by target. */
export async function readCooldowns(session: RedisSession, keys: QueueKeys): Promise<ReadonlyMap<string, number>> {
  const flat = listOf(await session.run(readScript, [keys.cooldowns], []));
  const left = new Map<string, number>();
  for (let i = 0; i < flat.length; i += 2) left.set(textOf(flat[i]), numberOf(flat[i + 1]));
  return left;
}

/** Null where the message is about something else. */
export function readNotice(text: string): CooldownNotice | null {
  const [, type, by = '', ms, target = ''] = /^(cool|lift) (\S+) (\d+) ([\s\S]+)$/.exec(text) ?? [];
  if (type === 'cool') return { type, by, target, ms: Number(ms) };
  return type === 'lift' ? { type, by, target } : null;
}
