import type { Config } from '../../config/config.ts';
import { openRedisLink } from '../../queue/redis.ts';
import { failed, ok, type Finding } from './finding.ts';

const limitMs = 5_000;

/** Redis, where the queue is shared through one. */
export async function examineQueue({ queue, locate }: Config): Promise<readonly Finding[]> {
  if (queue.type !== 'bullmq') return [];
  const what = `Redis ${queue.address}`;
  const link = openRedisLink({ url: queue.url, channel: `${queue.prefix}:doctor`, onTrouble: () => undefined });
  try {
    await link.settled(limitMs);
    const { state } = link;
    return state.type === 'ready'
      ? [ok(what, 'answers')]
      : [failed(what, state.reason, `Start it, or see queue.url (${locate('queue.url')}).`)];
  } finally {
    await link.close();
  }
}
