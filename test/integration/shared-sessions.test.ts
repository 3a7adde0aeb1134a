import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createConversations } from '../../src/app/conversations.ts';
import { createSharedSessions } from '../../src/app/shared-sessions.ts';
import { manualClock } from '../../src/core/clock.ts';
import { queueKeys } from '../../src/queue/keys.ts';
import { mostRemembered, readTurns, tellTurns } from '../../src/queue/turns.ts';
import { startRedis, withoutRedis, type RedisProcess } from '../helpers/redis-process.ts';
import { ask, startGateway, type RunningGateway } from '../helpers/running-gateway.ts';
import { withSession } from '../helpers/whole-log.ts';

let redis: RedisProcess;
const running: RunningGateway[] = [];
beforeAll(async () => {
  if (!withoutRedis) redis = await startRedis();
});
afterAll(() => redis?.close());
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close()));
});

const models = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const start = async (prefix: string): Promise<RunningGateway> => {
  const gateway = await startGateway(`models:
${models.map((id) => `  - { id: ${id}, backend: simulated, price: { input: 1, output: 1 }, options: { skills: {} } }`).join('\n')}
routes: { auto: { policy: random, session: { stay: true } } }
queue: { type: bullmq, url: "${redis.url}", prefix: ${prefix} }
`);
  running.push(gateway);
  return gateway;
};

/** Who answered, by conversation. */
async function turns(gateway: RunningGateway, names: readonly string[]): Promise<readonly (string | null)[]> {
  const answers = names.map((name) =>
    ask(
      gateway.url,
      { model: 'auto', messages: [{ role: 'user', content: `${name}?` }], max_tokens: 2 },
      {
        'x-pointsman-session': name,
      },
    ),
  );
  return (await Promise.all(answers)).map(({ headers }) => headers.get('x-pointsman-model'));
}
/** As `until`, but hears of it too: the answer of one turn is what the next begins with. */
const told = async (prefix: string, count: number): Promise<void> => {
  const keys = queueKeys(prefix);
  await withSession(redis.url, async (session) => {
    for (let tries = 0; (await readTurns(session, keys)).length < count; tries++) {
      if (tries > 500) throw new Error('turns were never told');
      await new Promise((next) => setTimeout(next, 10));
    }
  });
  // Redis has published before it answers; the other gateway's socket is read in the same turn of the loop.
  await new Promise((next) => setTimeout(next, 50));
};
const names = Array.from({ length: 12 }, (_, i) => `conversation ${i}`);

describe.skipIf(withoutRedis)('gateways on one Redis', () => {
  it('keep a conversation on its model, whichever of them is asked, also one that begins later', async () => {
    const [first, second] = [await start('turns'), await start('turns')];
    const chosen = await turns(first, names);
    expect(new Set(chosen).size).toBeGreaterThan(2);
    await told('turns', names.length);
    expect(await turns(second, names)).toEqual(chosen);
    const late = await start('turns');
    expect(await turns(late, names)).toEqual(chosen);
  });

  it('go on by themselves while it is gone, and tell each other when it is back', async () => {
    const [first, second] = [await start('outage'), await start('outage')];
    await redis.kill('SIGKILL');
    const chosen = await turns(first, names);
    expect(await turns(first, names)).toEqual(chosen);
    await redis.start();
    await told('outage', names.length);
    expect(await turns(second, names)).toEqual(chosen);
  });
});

describe.skipIf(withoutRedis)('turns in Redis', () => {
  it('are of the conversations that spoke last, each by its newest turn, with their ages', async () => {
    const keys = queueKeys('bounded');
    await withSession(redis.url, async (session) => {
      const turn = (id: number, ageMs: number) => ({ session: `s${id}`, model: 'm', tokens: 5, ageMs });
      for (let from = 0; from < mostRemembered; from += 500) {
        await tellTurns(
          session,
          keys,
          'me',
          Array.from({ length: 500 }, (_, i) => turn(from + i, 60_000)),
        );
      }
      await tellTurns(session, keys, 'me', [turn(-1, 90_000), turn(-2, 30_000), { ...turn(7, 70_000), model: 'late' }]);
      const known = await readTurns(session, keys);
      expect(known).toHaveLength(mostRemembered);
      const newest = known.at(-1);
      expect(newest?.session).toBe('s-2');
      expect(newest?.ageMs).toBeGreaterThanOrEqual(30_000);
      expect(newest?.ageMs).toBeLessThan(60_000);
      expect(known.some((each) => each.session === 's-1')).toBe(false);
      expect(known.find((each) => each.session === 's7')?.model ?? 'm').toBe('m');
    });
  });

  it('that nobody could have written are not believed', () => {
    const conversations = createConversations(manualClock(1));
    const heard: unknown[] = [];
    const shared = createSharedSessions(
      { ...conversations, heard: (...turn) => void heard.push(turn) },
      queueKeys('x'),
      'me',
      manualClock(1),
    );
    const texts = ['turns other {', 'turns other 3', 'turns other [3, [1, "m", 2, 3], ["s", "m", -1, 0], ["s", "m"]]'];
    for (const text of [...texts, 'turns me [["s","m",1,0]]', 'cool other 5 t', 'anything']) shared.hear(text);
    expect(heard).toEqual([]);
    shared.hear('turns other [["s","m",1,0]]');
    expect(heard).toEqual([['s', 'm', 1, 0]]);
  });
});
