import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { encodeState } from '../../src/core/state-codec.ts';
import { createDistributedLearning } from '../../src/learning/distributed.ts';
import type { Learning } from '../../src/learning/learning.ts';
import { createOwner, type Owner } from '../../src/learning/owner.ts';
import { queueKeys } from '../../src/queue/keys.ts';
import { createOrderedLog, type LogEntry } from '../../src/queue/ordered-log.ts';
import { openRedisLink } from '../../src/queue/redis.ts';
import { startRedis, withoutRedis, type RedisProcess } from '../helpers/redis-process.ts';
import { sensitiveLearner } from '../helpers/sensitive-learner.ts';
import { sampleCaller, sampleRecord, sampleReward } from '../helpers/store-samples.ts';
import { temporaryDirectory, temporaryStore } from '../helpers/store-temporary.ts';

let redis: RedisProcess;
beforeAll(async () => {
  if (!withoutRedis) redis = await startRedis();
});
afterAll(() => redis?.close());

const routes = ['one', 'two'];
let worlds = 0;

/** Gateways and owners of their own corner of Redis. */
function world() {
  const prefix = `test${worlds++}`;
  const keys = queueKeys(prefix);
  const troubles: string[] = [];
  const onTrouble = (message: string): void => void troubles.push(message);
  const settings = { url: redis.url, prefix };
  let decisions = 0;

  const gateway = async (path?: string) => {
    const { store, path: file } = await temporaryStore(path === undefined ? {} : { path });
    const learning = createDistributedLearning({ store, clock: systemClock, redis: settings, onTrouble });
    const learners = routes.map((route) => teach(learning, route));
    await learning.start();
    return {
      learning,
      learners,
      store,
      file,
      /** Acknowledged when it resolves. */
      feedback: async (route: string, value: number) => {
        const id = `dec_${prefix}_${decisions++}`;
        store.decision(
          sampleRecord(id, { decision: { route, embedding: Float32Array.of(Math.sin(decisions), 0, 0, 1) } }),
        );
        await learning.accept(sampleReward(id, { value }), sampleCaller);
        return id;
      },
    };
  };
  const owner = (folder = temporaryDirectory()): Owner => {
    const made = createOwner({ clock: systemClock, redis: settings, keepEvents: 1_000_000, folder, onTrouble });
    for (const route of routes) teach(made, route);
    made.start();
    return made;
  };
  return { keys, troubles, gateway, owner };
}

function teach(school: Pick<Learning, 'register'>, route: string) {
  const learner = sensitiveLearner();
  school.register(route, learner, (fact) => fact.route === route);
  return learner;
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 20_000; !(await condition());) {
    if (Date.now() > end) throw new Error(`never came: ${what}`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

/** The whole log, as Redis has it. */
async function readLog(prefix: ReturnType<typeof queueKeys>): Promise<readonly LogEntry[]> {
  const link = openRedisLink({ url: redis.url, channel: 'none', onTrouble: () => {} });
  await link.settled(5_000);
  if (link.state.type !== 'ready') throw new Error(link.state.reason);
  const entries = await createOrderedLog(prefix).read(link.state.session, 0, 100_000);
  await link.close();
  return entries;
}

/** What one process makes of it, by route. */
function foldAll(entries: readonly LogEntry[]): readonly Buffer[] {
  return routes.map((route) => {
    const learner = sensitiveLearner();
    let n = 0;
    for (const { batch } of entries) {
      for (const event of batch?.events ?? []) {
        n++;
        if (event.route === route) learner.update({ ...event, seq: n });
      }
    }
    return encodeState(learner.save());
  });
}

const statesOf = (learners: readonly ReturnType<typeof sensitiveLearner>[]): readonly Buffer[] =>
  learners.map((learner) => encodeState(learner.save()));

describe.skipIf(withoutRedis)('three gateways and two learners on one Redis', () => {
  it('end in the same state, to the bit, as one process that folds the same events', async () => {
    const { keys, gateway, owner, troubles } = world();
    const owners = [owner(), owner()];
    const gateways = await Promise.all([gateway(), gateway(), gateway()]);
    const sent = await Promise.all(
      gateways.flatMap((each, g) =>
        Array.from({ length: 200 }, (_, i) => each.feedback(routes[(g + i) % 2] ?? '', Math.cos(i * (g + 1)))),
      ),
    );
    await until(
      () =>
        gateways.every(
          ({ learning, learners }) =>
            learning.health().lag === 0 && learners.reduce((sum, { seen }) => sum + seen, 0) === sent.length,
        ),
      'every gateway knows everything',
    );
    const entries = await readLog(keys);
    const inLog = entries.flatMap(({ batch }) => batch?.events.map(({ decision }) => decision) ?? []);
    expect([...inLog].sort()).toEqual([...sent].sort());
    for (const { learners } of gateways) expect(statesOf(learners)).toEqual(foldAll(entries));
    expect(owners.flatMap((each) => each.health().owned).sort()).toEqual(routes);
    expect(troubles).toEqual([]);
    await Promise.all([...owners, ...gateways.map(({ learning }) => learning)].map((each) => each.close()));
  });
});
