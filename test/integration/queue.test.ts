import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultYaml } from '../../src/config/default-config.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Observation } from '../../src/core/learner.ts';
import type { OutcomeStore } from '../../src/core/outcome.ts';
import { encodeState } from '../../src/core/state-codec.ts';
import { createDistributedLearning } from '../../src/learning/distributed.ts';
import type { Learning } from '../../src/learning/learning.ts';
import { readProducer } from '../../src/learning/producer.ts';
import { createOwner, type Owner } from '../../src/learning/owner.ts';
import { queueKeys } from '../../src/queue/keys.ts';
import { createOrderedLog, type LogEntry } from '../../src/queue/ordered-log.ts';
import { listOf, textOf } from '../../src/queue/reply.ts';
import { packState } from '../../src/queue/learned-state.ts';
import { createStateBoard } from '../../src/queue/state-board.ts';
import { startOldRedis } from '../helpers/old-redis.ts';
import { startRedis, withoutRedis, type RedisProcess } from '../helpers/redis-process.ts';
import { ask, giveFeedback, startGateway } from '../helpers/running-gateway.ts';
import { sensitiveLearner } from '../helpers/sensitive-learner.ts';
import { sampleCaller, sampleRecord, sampleReward } from '../helpers/store-samples.ts';
import { wholeLog, withSession } from '../helpers/whole-log.ts';
import { temporaryDirectory, temporaryStore } from '../helpers/store-temporary.ts';

let redis: RedisProcess;
beforeAll(async () => {
  if (!withoutRedis) redis = await startRedis();
});
afterAll(() => redis?.close());

const routes = ['one', 'two'];
let worlds = 0;

/** Gateways and owners of their own corner of Redis. */
function world(url = redis.url) {
  const prefix = `test${worlds++}`;
  const keys = queueKeys(prefix);
  const troubles: string[] = [];
  const onTrouble = (message: string): void => void troubles.push(message);
  const settings = { url, prefix };
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
  return { prefix, keys, troubles, gateway, owner };
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
const readLog = (keys: ReturnType<typeof queueKeys>, url = redis.url): Promise<readonly LogEntry[]> =>
  withSession(url, (session) => wholeLog(createOrderedLog(keys), session));

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
    // Gateways follow the log themselves, so all may be known before the second estimator is claimed.
    const owned = (): readonly string[] => owners.flatMap((each) => each.health().owned).sort();
    await until(() => owned().length >= routes.length, 'every estimator has an owner');
    expect(owned()).toEqual(routes);
    expect(troubles).toEqual([]);
    await Promise.all([...owners, ...gateways.map(({ learning }) => learning)].map((each) => each.close()));
  });
});

const wholeOf = ({ learners }: { readonly learners: readonly { readonly seen: number }[] }): number =>
  learners.reduce((sum, { seen }) => sum + seen, 0);

describe.skipIf(withoutRedis)('a Redis that cannot be used', () => {
  const unusable = async (url: string, says: RegExp): Promise<void> => {
    const { gateway, troubles } = world(url);
    const { learning, feedback } = await gateway();
    await feedback('one', 1);
    expect(learning.health()).toMatchObject({ started: true, seq: 0, lag: 1 });
    expect(learning.health().trouble).toMatch(says);
    expect(troubles.filter((line) => says.test(line))).toHaveLength(1);
    expect(troubles.join()).not.toContain('s3cret');
    await learning.close();
  };

  it('for a wrong password is named once, without the password; feedback is taken and waits', async () => {
    const locked = await startRedis(['--requirepass', 'right']);
    await unusable(locked.url.replace('//', '//:s3cret@'), /refuses the user or password/);
    await unusable(locked.url, /wants a password/);
    await locked.close();
  });

  it('for its age is named once with its version', async () => {
    const old = await startOldRedis('5.0.14');
    await unusable(old.url, /its version is 5\.0\.14, and 6\.2 or newer is needed/);
    await old.close();
  });

  it('does not keep a gateway from serving, which /ready tells', async () => {
    const running = await startGateway(`${defaultYaml()}queue: { type: bullmq, url: "redis://:s3cret@127.0.0.1:1" }\n`);
    const { status, headers } = await ask(running.url, {
      model: 'auto',
      messages: [{ role: 'user', content: 'hi' }],
      max_tokens: 1,
    });
    expect(status).toBe(200);
    expect((await giveFeedback(running.url, headers.get('x-pointsman-decision') ?? '', 1)).status).toBe(200);
    const ready = await fetch(`${running.url}/ready`);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'ready', degraded: ['learning stands still; the log of the gateway says why'] },
    ]);
    const metrics = await (await fetch(`${running.url}/metrics`)).text();
    // The score, and what the gateway measured of the answer.
    expect(metrics).toMatch(/^pointsman_learner_lag\{learner="all"\} [1-4]$/m);
    expect(running.log.filter((line) => line.includes('ECONNREFUSED')).length).toBe(1);
    expect(running.log.join()).not.toContain('s3cret');
    await running.close();
  });

  it('because it is not there is named once', async () => {
    await unusable('redis://:s3cret@127.0.0.1:1', /ECONNREFUSED/);
  });
});

describe.skipIf(withoutRedis)('when Redis goes and comes back', () => {
  it('rows wait in the database and arrive once, states stay in use, and what Redis lost comes again', async () => {
    const own = await startRedis();
    const { keys, gateway, owner } = world(own.url);
    const first = owner();
    const asked = await gateway();
    for (let i = 0; i < 10; i++) await asked.feedback('one', i / 10);
    await until(() => asked.learning.health().lag === 0 && wholeOf(asked) === 10, 'the first ten');

    await own.kill('SIGKILL');
    for (let i = 0; i < 10; i++) await asked.feedback('two', i / 10);
    expect(wholeOf(asked)).toBe(10);
    expect(asked.learning.health().lag).toBe(10);
    await own.start();
    await until(() => asked.learning.health().lag === 0 && wholeOf(asked) === 20, 'the next ten');

    // Redis forgets everything: the databases still have it. The state in use never knows less than before.
    await withSession(own.url, async (session) => void (await session.call('FLUSHALL')));
    await own.kill('SIGTERM');
    await own.start();
    await asked.feedback('one', 0.5);
    let least = Infinity;
    await until(() => {
      least = Math.min(least, wholeOf(asked));
      return asked.learning.health().lag === 0 && wholeOf(asked) === 21;
    }, 'everything again');
    expect(least).toBeGreaterThanOrEqual(20);
    expect(statesOf(asked.learners)).toEqual(foldAll(await readLog(keys, own.url)));
    await Promise.all([first.close(), asked.learning.close()]);
    await own.close();
  });

  it('a gateway that starts without it decides with the state it had', async () => {
    const own = await startRedis();
    const { gateway, owner } = world(own.url);
    const teacher = owner();
    const before = await gateway();
    await before.feedback('one', 0.7);
    await until(() => wholeOf(before) === 1, 'the fact');
    await before.learning.close();
    await before.store.close();
    await teacher.close();
    await own.close();
    const after = await gateway(before.file);
    expect(statesOf(after.learners)).toEqual(statesOf(before.learners));
    await after.learning.close();
  });

  it('a database put back from a backup counts as a new one from its first new reward on', async () => {
    const { gateway, owner, troubles } = world();
    const teacher = owner();
    const before = await gateway();
    for (let i = 0; i < 3; i++) await before.feedback('one', 0.1);
    await before.learning.close();
    await before.store.close();
    const backup = `${before.file}.backup`;
    copyFileSync(before.file, backup);
    const between = await gateway(before.file);
    for (let i = 0; i < 3; i++) await between.feedback('one', 0.2);
    await until(() => wholeOf(between) === 6, 'six facts');
    await between.learning.close();
    await between.store.close();

    const restored = await gateway(backup);
    await restored.feedback('two', 0.3);
    await until(() => wholeOf(restored) === 7, 'the seventh');
    expect(troubles.filter((line) => line.includes('was a backup put back?'))).toHaveLength(1);
    await Promise.all([teacher.close(), restored.learning.close()]);
  });
});

describe.skipIf(withoutRedis)('feedback that reaches another gateway than the one that decided', () => {
  it('is taken there once, from its own caller only, and unknown where nobody decided', async () => {
    const { gateway, owner } = world();
    const teacher = owner();
    const [decider, other] = await Promise.all([gateway(), gateway()]);
    const id = 'dec_foreign';
    decider.store.decision(sampleRecord(id, { decision: { route: 'one' } }));
    const stranger = { tenant: 'somebody', key: 'else' };
    expect((await other.learning.accept(sampleReward(id), stranger)).type).toBe('unknown');
    expect(await other.learning.accept(sampleReward(id), sampleCaller)).toMatchObject({ type: 'accepted', seq: 1 });
    expect(await other.learning.accept(sampleReward(id), sampleCaller)).toEqual({ type: 'duplicate', seq: 1 });
    expect((await other.learning.accept(sampleReward('dec_none'), sampleCaller)).type).toBe('unknown');
    await until(() => wholeOf(decider) === 1 && wholeOf(other) === 1, 'the one fact');
    await Promise.all([teacher.close(), decider.learning.close(), other.learning.close()]);
  });
});

describe.skipIf(withoutRedis)('learners', () => {
  it('take over what another one had, from its states, and from copies where Redis holds damaged ones', async () => {
    const { keys, gateway, owner, troubles } = world();
    const folder = temporaryDirectory();
    const first = owner(folder);
    const asked = await gateway();
    for (let i = 0; i < 5; i++) await asked.feedback('one', 0.3);
    await until(() => wholeOf(asked) === 5, 'five facts');
    await first.close();
    await withSession(redis.url, async (session) => {
      await session.call('HSET', keys.state('one'), 'bytes', 'damaged', 'old_bytes', 'damaged');
      // Without the batches the state can come from nowhere but the copy.
      const fields = listOf(await session.call('HKEYS', keys.log)).map((field) => textOf(field));
      await session.call('HDEL', keys.log, ...fields.filter((field) => field.startsWith('b:')));
    });
    const second = owner(folder);
    await asked.feedback('one', 0.4);
    await until(() => wholeOf(asked) === 6, 'six facts');
    expect(troubles.some((line) => line.includes('the states of one in Redis is not used'))).toBe(true);
    await Promise.all([second.close(), asked.learning.close()]);
  });

  it('divide the estimators, and a sleeper that lost its lease can write nothing', async () => {
    const { keys, owner } = world();
    const owners = [owner(), owner(), owner()];
    await until(
      () =>
        owners
          .flatMap((each) => each.health().owned)
          .sort()
          .join() === routes.join(),
      'one owner each',
    );
    await withSession(redis.url, async (session) => {
      const board = createStateBoard(keys);
      const packed = packState(
        { learner: 'one', history: 'x', n: 99, entry: 9, marks: {} },
        { version: 1, data: {}, arrays: {} },
      );
      expect(await board.save(session, 'one', '0 stale', packed)).toBe(false);
      expect((await board.head(session, 'one'))?.n ?? 0).toBe(0);
    });
    await Promise.all(owners.map((each) => each.close()));
  });

  it('append a batch once, however it is cut and repeated, and never behind a gap', async () => {
    const { keys } = world();
    const log = createOrderedLog(keys);
    const events = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => observation(from + i));
    await withSession(redis.url, async (session) => {
      const batch = (after: number, to: number) => ({ producer: 'p', start: 0, after, events: events(after + 1, to) });
      expect(await log.append(session, batch(3, 5))).toBe('gap');
      expect(await log.append(session, batch(0, 3))).toBe('appended');
      expect(await log.append(session, batch(0, 3))).toBe('known');
      expect(await log.append(session, batch(0, 5))).toBe('appended');
      expect(await log.append(session, batch(2, 4))).toBe('known');
      // Redis forgot this producer: what it began after tells a gap from a beginning.
      expect(await log.append(session, { ...batch(7, 8), producer: 'q', start: 5 })).toBe('gap');
      expect(await log.append(session, { ...batch(5, 8), producer: 'q', start: 5 })).toBe('appended');
      const entries = await log.read(session, 0, 10);
      expect(entries.map(({ entry, n, batch: each }) => [entry, n, each?.events.map(({ seq }) => seq)])).toEqual([
        [1, 3, [1, 2, 3]],
        [2, 5, [4, 5]],
        [3, 8, [6, 7, 8]],
      ]);
      // Of five events that stay the first one has a batch of three to itself and its neighbours.
      await log.trim(session, 3, 5);
      expect((await log.read(session, 0, 10)).map(({ entry }) => entry)).toEqual([2, 3]);
      await log.trim(session, 2, 0);
      expect((await log.read(session, 0, 10)).map(({ entry }) => entry)).toEqual([3]);
      expect(await log.append(session, batch(0, 5))).toBe('known');
    });
  });
});

describe.skipIf(withoutRedis)('a batch whose arrival is told late', () => {
  it('is not sent again as what follows it', async () => {
    const { prefix, keys, gateway, owner } = world();
    const log = createOrderedLog(keys);
    const before = await gateway();
    for (let i = 0; i < 3; i++) await before.feedback('one', 0.5);
    const producer = (await readProducer(before.store, () => '')).id;
    const rows = await before.store.observations(0, 10);
    await before.learning.close();
    await before.store.close();

    // The rows are read, and before they are told somebody else has brought the same ones.
    let told = false;
    const { store } = await temporaryStore({ path: before.file });
    const slow: OutcomeStore = {
      ...store,
      async observations(afterSeq, limit) {
        const page = await store.observations(afterSeq, limit);
        if (!told && page.length === 3) {
          told = true;
          await withSession(redis.url, (session) =>
            log.append(session, { producer, start: 0, after: 0, events: rows }),
          );
          await until(() => learning.health().seq === 3, 'the notice');
        }
        return page;
      },
    };
    const learning = createDistributedLearning({ store: slow, clock: systemClock, redis: { url: redis.url, prefix } });
    const learner = teach(learning, 'one');
    await learning.start();
    await until(() => told, 'the first page');
    const teacher = owner();
    await until(() => learner.seen === 3, 'three facts');
    await until(() => learning.health().lag === 0, 'that is all');
    const entries = await readLog(keys);
    expect(entries.map(({ batch }) => batch?.events.map(({ seq }) => seq))).toEqual([[1, 2, 3]]);
    await Promise.all([teacher.close(), learning.close()]);
  });
});

describe.skipIf(withoutRedis)('a Redis that was killed in the middle of writing down an append', () => {
  it('has the batch with its mark or neither, also when it is killed once more', async () => {
    const own = await startRedis(['--appendfsync', 'always']);
    const log = createOrderedLog(world(own.url).keys);
    const batch = (producer: string, after: number) => ({
      producer,
      start: 0,
      after,
      events: [observation(after + 1)],
    });
    const append = (producer: string, after: number) =>
      withSession(own.url, (session) => log.append(session, batch(producer, after)));
    await append('p', 0);
    const before = statSync(own.appendOnlyFile).size;
    await append('p', 1);
    await own.kill('SIGKILL');
    const written = readFileSync(own.appendOnlyFile);
    for (let share = 1; share <= 6; share++) {
      const cut = before + Math.floor(((written.length - before) * share) / 6);
      writeFileSync(own.appendOnlyFile, written.subarray(0, cut));
      await own.start();
      expect(await append('q', 0)).toBe('appended');
      await own.kill('SIGKILL');
      await own.start();
      expect(await append('p', 1)).toBe(cut === written.length ? 'known' : 'appended');
      const entries = await withSession(own.url, (session) => wholeLog(log, session));
      const events = entries.map(({ batch: each }) => `${each?.producer} ${each?.events[0]?.seq}`);
      expect([...events].sort()).toEqual(['p 1', 'p 2', 'q 1']);
      await own.kill('SIGKILL');
    }
    await own.close();
  });
});

const observation = (seq: number): Observation => ({
  seq,
  decision: `dec_${seq}`,
  route: 'one',
  model: 'm',
  quantity: 'quality',
  value: 0.5,
  weight: 1,
  propensity: null,
  promptTokens: 3,
  embedding: null,
});
