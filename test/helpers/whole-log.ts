import type { LogEntry, OrderedLog } from '../../src/queue/ordered-log.ts';
import { openRedisLink, type RedisSession } from '../../src/queue/redis.ts';

/** Every batch that Redis still has. */
export async function wholeLog(log: OrderedLog, session: RedisSession): Promise<readonly LogEntry[]> {
  const all: LogEntry[] = [];
  for (;;) {
    const page = await log.read(session, all.at(-1)?.entry ?? 0, 100);
    if (page.length === 0) return all;
    all.push(...page);
  }
}

/** A look into Redis that ends with `work`. */
export async function withSession<T>(url: string, work: (session: RedisSession) => Promise<T>): Promise<T> {
  const link = openRedisLink({ url, channel: 'none', onTrouble: () => {} });
  await link.settled(5_000);
  if (link.state.type !== 'ready') throw new Error(link.state.reason);
  try {
    return await work(link.state.session);
  } finally {
    await link.close();
  }
}
