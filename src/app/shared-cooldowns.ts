import type { Clock } from '../core/clock.ts';
import { readCooldowns, readNotice, tellCooldown } from '../queue/cooldowns.ts';
import type { QueueKeys } from '../queue/keys.ts';
import type { RedisSession } from '../queue/redis.ts';
import type { Upstream } from '../upstream/upstream.ts';

/** Tells other gateways which targets rest, and lets those rest that others tell of. Nothing of it is on a request's way. */
export interface SharedCooldowns {
  /** A session begins: what others told before. */
  begin(session: RedisSession): Promise<void>;
  /** Tells what has changed here. */
  round(session: RedisSession): Promise<void>;
  hear(text: string): void;
}

/** A cooldown that ends sooner is over before everybody has heard of it. */
const leastMs = 250;

/**
 * @param shared a target that every gateway reaches at the same place.
 */
export function createSharedCooldowns(
  upstream: Pick<Upstream, 'health' | 'keepOut' | 'letIn'>,
  keys: QueueKeys,
  me: string,
  shared: (target: string) => boolean,
  clock: Clock,
): SharedCooldowns {
  /** By target: when a cooldown that others told of ends (monotonic). Told back to them it would never end. */
  const heard = new Map<string, number>();
  /** By target: when a cooldown that was told ends (monotonic). */
  const told = new Map<string, number>();

  const rest = (target: string, ms: number): void => {
    if (!shared(target)) return;
    heard.set(target, clock.monotonic() + ms);
    upstream.keepOut(target, ms);
  };

  return {
    async begin(session) {
      told.clear();
      for (const [target, ms] of await readCooldowns(session, keys)) rest(target, ms);
    },
    async round(session) {
      const now = clock.monotonic();
      const cooling = new Map(
        upstream.health
          .snapshot()
          .flatMap(({ target, coolingMs, state }) => (state === 'closed' ? [] : [[target, coolingMs]])),
      );
      for (const [target, ms] of cooling) {
        const until = now + ms;
        const known = Math.max(heard.get(target) ?? 0, told.get(target) ?? 0);
        if (!shared(target) || ms < leastMs || until <= known + leastMs) continue;
        told.set(target, until);
        await tellCooldown(session, keys, { type: 'cool', by: me, target, ms });
      }
      for (const [target, until] of [...told, ...heard]) {
        if (cooling.has(target)) continue;
        told.delete(target);
        heard.delete(target);
        // It answered before its time was over.
        if (until > now) await tellCooldown(session, keys, { type: 'lift', by: me, target });
      }
    },
    hear(text) {
      const notice = readNotice(text);
      if (notice === null || notice.by === me) return;
      switch (notice.type) {
        case 'cool':
          rest(notice.target, notice.ms);
          return;
        case 'lift':
          heard.delete(notice.target);
          told.delete(notice.target);
          upstream.letIn(notice.target);
          return;
        default:
          notice satisfies never;
      }
    },
  };
}
