import type { QueueKeys } from './keys.ts';
import type { RedisSession } from './redis.ts';
import { listOf, numberOf } from './reply.ts';

/** What one gateway may spend of a daily limit that several share. In US dollars. */
export interface Allotment {
  /** Held by this gateway, spent or not. */
  readonly mine: number;
  /** Held by all others. */
  readonly others: number;
  /** Gateways that hold some, this one included. */
  readonly holders: number;
}

export interface Claim {
  readonly gateway: string;
  /** E.g. `route:auto`. */
  readonly account: string;
  /** Start of the UTC day, in milliseconds since the epoch. */
  readonly day: number;
  readonly limit: number;
  /** Spent and reserved already: held in any case. */
  readonly floor: number;
  /** What it would like to hold; less than it has gives the rest back. */
  readonly want: number;
}

/** All gateways together never hold more than the limit, unless they have spent more. */
const claimScript = `
local held = redis.call('HGETALL', KEYS[1])
local others, holders = 0, 1
for i = 1, #held, 2 do
  if held[i] ~= ARGV[1] then
    others = others + tonumber(held[i + 1])
    holders = holders + 1
  end
end
local mine = math.max(tonumber(ARGV[2]), math.min(tonumber(ARGV[3]), tonumber(ARGV[4]) - others))
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.17g', mine))
redis.call('EXPIRE', KEYS[1], 172800)
return { string.format('%.17g', mine), string.format('%.17g', others), holders }`;

export async function claimAllotment(session: RedisSession, keys: QueueKeys, claim: Claim): Promise<Allotment> {
  const { gateway, account, day, limit, floor, want } = claim;
  const place = `${keys.spending(new Date(day).toISOString().slice(0, 10))}:${account}`;
  const [mine, others, holders] = listOf(
    await session.run(claimScript, [place], [gateway, String(floor), String(want), String(limit)]),
  );
  return { mine: numberOf(mine), others: numberOf(others), holders: numberOf(holders) };
}
