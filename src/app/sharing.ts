import type { Config } from '../config/config.ts';
import { isLoopback } from '../core/hosts.ts';
import type { Clock } from '../core/clock.ts';
import { newId } from '../core/ids.ts';
import type { Target } from '../core/candidate.ts';
import type { OutcomeStore } from '../core/outcome.ts';
import { readProducer } from '../learning/producer.ts';
import type { Budgets } from '../limits/budgets.ts';
import { queueKeys } from '../queue/keys.ts';
import { openRedisLink, type RedisSession } from '../queue/redis.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { createSharedBudgets } from './shared-budgets.ts';
import type { Conversations } from './conversations.ts';
import { createSharedCooldowns } from './shared-cooldowns.ts';
import { createSharedSessions } from './shared-sessions.ts';

export interface Sharing {
  /** Resolves when limits are shared, or it is known that they cannot be now. */
  readonly begun: Promise<void>;
  close(): Promise<void>;
}

export interface SharingContext {
  readonly budgets: Budgets;
  readonly upstream: Upstream;
  readonly conversations: Conversations;
  readonly store: OutcomeStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** As the configuration is now. */
  readonly targets: () => readonly Target[];
}

/** A queue that several gateways share. */
type SharedQueue = Exclude<Config['queue'], { readonly type: 'embedded' }>;

const roundMs = 250;
const startMs = 3_000;

/** On machines of their own, gateways mean different servers by the same loopback name. */
const isShared = (target: Target): boolean =>
  URL.canParse(target.baseUrl) && !isLoopback(new URL(target.baseUrl).hostname);

/** Limits, cooldowns and conversations of all gateways on one Redis. What else they come to share begins here. */
export function beginSharing(queue: SharedQueue, context: SharingContext): Sharing {
  const { budgets, upstream, conversations, store, clock, logger, targets } = context;
  const keys = queueKeys(queue.prefix);
  // Learning tells of the same Redis.
  const link = openRedisLink({ url: queue.url, channel: keys.channel, onTrouble: () => {} });
  let gateway = newId('gateway_');
  let identified = false;
  const limits = createSharedBudgets(budgets, keys, () => gateway);
  const me = newId('process_');
  const sessions = createSharedSessions(conversations, keys, me, clock);
  const cooldowns = createSharedCooldowns(
    upstream,
    keys,
    me,
    (id) => targets().some((target) => target.id === id && isShared(target)),
    clock,
  );
  let current: RedisSession | null = null;
  let closed = false;
  let timer: NodeJS.Timeout | null = null;
  const lives = (session: RedisSession): boolean => current === session && !closed;

  const round = async (session: RedisSession): Promise<void> => {
    try {
      if (!identified) {
        gateway = (await readProducer(store, () => newId('gateway_'))).id;
        identified = true;
      }
      await limits.round(session);
      await cooldowns.round(session);
    } catch (error) {
      if (lives(session)) logger.warn({ cause: error }, 'Limits and cooldowns are not shared for now.');
    }
  };

  const loop = async (session: RedisSession): Promise<void> => {
    while (lives(session)) {
      await round(session);
      await new Promise<void>((next) => (timer = setTimeout(next, roundMs).unref()));
    }
  };

  const begin = async (session: RedisSession): Promise<void> => {
    await cooldowns.begin(session).catch(() => undefined);
    await sessions.begin(session).catch(() => undefined);
    await round(session);
    void loop(session);
  };

  link.onMessage((text) => {
    cooldowns.hear(text);
    sessions.hear(text);
  });
  let first: Promise<void> = Promise.resolve();
  link.onSession((session) => {
    current = session;
    if (session === null) {
      limits.alone();
      sessions.alone();
    } else first = begin(session);
  });
  return {
    begun: link.settled(startMs).then(() => first),
    async close() {
      const session = current;
      closed = true;
      if (timer !== null) clearTimeout(timer);
      await first;
      await sessions.flush().catch(() => undefined);
      // Gives back what was not spent. The loop ends with its timer.
      if (session !== null && link.state.type === 'ready') await limits.giveBack(session).catch(() => undefined);
      await link.close();
    },
  };
}
