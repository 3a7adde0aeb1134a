import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSharedBudgets } from '../../src/app/shared-budgets.ts';
import { createSharedCooldowns } from '../../src/app/shared-cooldowns.ts';
import { manualClock } from '../../src/core/clock.ts';
import { seededRandom } from '../../src/core/random.ts';
import { createBudgets } from '../../src/limits/budgets.ts';
import { queueKeys } from '../../src/queue/keys.ts';
import { openRedisLink, type RedisLink, type RedisSession } from '../../src/queue/redis.ts';
import { createUpstream } from '../../src/upstream/upstream.ts';
import { startRedis, withoutRedis, type RedisProcess } from '../helpers/redis-process.ts';

let redis: RedisProcess;
let link: RedisLink;
let session: RedisSession;
const heard: ((text: string) => void)[] = [];
const keys = queueKeys('sharing');

beforeAll(async () => {
  if (withoutRedis) return;
  redis = await startRedis();
  link = openRedisLink({ url: redis.url, channel: keys.channel, onTrouble: () => {} });
  link.onMessage((text) => {
    for (const hear of heard) hear(text);
  });
  await link.settled(5_000);
  if (link.state.type !== 'ready') throw new Error(link.state.reason);
  session = link.state.session;
});
afterAll(async () => {
  await link?.close();
  await redis?.close();
});

const day = 86_400_000;

describe.skipIf(withoutRedis)('a daily limit that three gateways share', () => {
  function gateway(name: string, route: string, clock = manualClock(day)) {
    const budgets = createBudgets({ clock, limits: { perRoute: new Map([[route, 1]]), perKey: new Map() } });
    const shared = createSharedBudgets(budgets, keys, () => name);
    let spent = 0;
    return {
      budgets,
      shared,
      clock,
      get spent() {
        return spent;
      },
      /** False: refused. */
      spend(usd: number): boolean {
        try {
          budgets.reserve(route, null, usd).settle(usd);
          spent += usd;
          return true;
        } catch {
          return false;
        }
      },
    };
  }

  it('is spent to its end and never passed, however unevenly they spend', async () => {
    const all = ['a', 'b', 'c'].map((name) => gateway(name, 'uneven'));
    const random = seededRandom('spending');
    for (const each of all) await each.shared.round(session);
    for (let round = 0; round < 120; round++) {
      for (const [i, each] of all.entries()) {
        for (let n = random.integer(1 + i * 4); n > 0; n--) each.spend(0.004);
        await each.shared.round(session);
      }
    }
    const total = all.reduce((sum, { spent }) => sum + spent, 0);
    expect(total).toBeLessThanOrEqual(1 + 1e-9);
    expect(total).toBeGreaterThan(0.97);
    expect(() => all[0]?.budgets.reserve('uneven', null, 0.2)).toThrow(/may spend/);
  });

  it('divides what was left when Redis goes', async () => {
    const all = ['a', 'b'].map((name) => gateway(name, 'alone'));
    for (const each of all) await each.shared.round(session);
    for (const each of all) await each.shared.round(session);
    for (const each of all) each.shared.alone();
    for (const each of all) while (each.spend(0.01));
    const total = all.reduce((sum, { spent }) => sum + spent, 0);
    expect(total).toBeGreaterThan(0.9);
    expect(total).toBeLessThanOrEqual(1 + 1e-9);
    // Both tell what they spent, and nobody gets more.
    for (let round = 0; round < 14; round++) for (const each of all) await each.shared.round(session);
    expect(all.map((each) => each.spend(0.05))).toEqual([false, false]);
  });

  it('comes back from a gateway that ends, and begins anew at midnight', async () => {
    const [a, b] = ['a', 'b'].map((name) => gateway(name, 'ends'));
    await a?.shared.round(session);
    for (let i = 0; i < 40; i++) {
      await b?.shared.round(session);
      b?.spend(0.05);
    }
    expect(b?.spent).toBeLessThan(1);
    await a?.shared.giveBack(session);
    for (let i = 0; i < 40; i++) {
      await b?.shared.round(session);
      b?.spend(0.01);
    }
    expect(b?.spent).toBeGreaterThan(0.98);
    b?.clock.advance(day);
    await b?.shared.round(session);
    expect(b?.spend(0.01)).toBe(true);
  });
});

describe.skipIf(withoutRedis)('a target that rests', () => {
  it('rests at every gateway, also one that begins later, until one of them is answered', async () => {
    const clock = manualClock(1_000);
    const gateway = (name: string) => {
      const upstream = createUpstream({ backends: new Map(), clock, random: seededRandom(name) });
      const shared = createSharedCooldowns(upstream, keys, name, (target) => target !== 'model@127.0.0.1', clock);
      heard.push((text) => shared.hear(text));
      const resting = () => upstream.health.snapshot().map(({ target }) => target);
      return { upstream, shared, resting };
    };
    const [a, b] = [gateway('a'), gateway('b')];
    for (const each of [a, b]) await each.shared.begin(session);
    a.upstream.keepOut('model@api.test', 60_000);
    a.upstream.keepOut('model@127.0.0.1', 60_000);
    await a.shared.round(session);
    await seen(() => b.resting().length > 0);
    expect(b.resting()).toEqual(['model@api.test']);
    // What was heard is not told on.
    const before = await session.call('HGETALL', keys.cooldowns);
    await b.shared.round(session);
    expect(await session.call('HGETALL', keys.cooldowns)).toEqual(before);

    const late = gateway('late');
    await late.shared.begin(session);
    expect(late.resting()).toEqual(['model@api.test']);

    b.upstream.letIn('model@api.test');
    await b.shared.round(session);
    await seen(() => a.resting().length === 1 && late.resting().length === 0);
    expect(a.resting()).toEqual(['model@127.0.0.1']);
    expect(await session.call('HGETALL', keys.cooldowns)).toEqual([]);
  });
});

async function seen(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 500) throw new Error('was never seen');
    await new Promise((next) => setTimeout(next, 10));
  }
}
