import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { PointsmanError } from '../../src/core/errors.ts';
import type { Learner, Observation } from '../../src/core/learner.ts';
import type { OutcomeStore } from '../../src/core/outcome.ts';
import { seededRandom } from '../../src/core/random.ts';
import { encodeState } from '../../src/core/state-codec.ts';
import { createLearning, type Learning, type LearningOptions } from '../../src/learning/learning.ts';
import type { LearningQueue } from '../../src/learning/queue.ts';
import { sampleCaller, sampleCompletion, sampleRecord, sampleReward } from '../helpers/store-samples.ts';
import { lastSeq, settled, sharedStore } from '../helpers/store-temporary.ts';

const shared = sharedStore();

/** Its state depends on the order and on every bit of what it saw, and it remembers what that was. */
function sensitiveLearner(version = 1): Learner & { readonly seen: number[] } {
  let seen: number[] = [];
  let sums = new Float64Array(3);
  return {
    get seen() {
      return seen;
    },
    update(observation) {
      seen.push(observation.seq);
      const term = observation.value * observation.weight + (observation.embedding?.[0] ?? 0);
      sums[0] = (sums[0] ?? 0) * 0.9 + term;
      sums[1] = Math.sin((sums[1] ?? 0) + term + (observation.propensity ?? 0));
      sums[2] = (sums[2] ?? 0) + term / 3;
    },
    save: () => ({ version, data: { seen: [...seen] }, arrays: { sums: sums.slice() } }),
    load(state) {
      if (state.version !== version)
        throw new PointsmanError('invalid_data', `version ${state.version}, not ${version}`);
      const { seen: list } = state.data;
      seen = Array.isArray(list) ? list.map(Number) : [];
      sums = Float64Array.from(state.arrays['sums'] ?? []);
    },
  };
}

let nextName = 0;
/** A route, and a learner's name, that no other test has. */
const fresh = (): string => `r${nextName++}`;

let nextDecision = 0;
/** A decision of this route in the store, and a reward for it. */
function ask(route: string, value = 1) {
  const id = `dec_${nextDecision++}`;
  const embedding = Float32Array.of(Math.sin(nextDecision), 0);
  shared.store.decision(sampleRecord(id, { decision: { route, embedding } }));
  return sampleReward(id, { value });
}

interface Setup extends Partial<LearningOptions> {
  readonly version?: number;
  readonly name?: string;
}

async function begin(route: string, setup: Setup = {}) {
  const { version = 1, name = route, ...options } = setup;
  const troubles: string[] = [];
  const learner = sensitiveLearner(version);
  const learning = createLearning({
    store: shared.store,
    clock: systemClock,
    onTrouble: (message) => void troubles.push(message),
    ...options,
  });
  learning.register(name, learner, (subject) => subject.route === route && subject.quantity === 'quality');
  await learning.start();
  return { learning, learner, troubles };
}

/** What one uninterrupted fold over the log gives. */
async function wholeFold(route: string): Promise<Buffer> {
  const learner = sensitiveLearner();
  for (const observation of await shared.store.observations(0, 1_000_000)) {
    if (observation.route === route && observation.quantity === 'quality') learner.update(observation);
  }
  return encodeState(learner.save());
}

const bytes = (learner: Learner): Buffer => encodeState(learner.save());

describe('the fold', () => {
  it('is the same, to the bit, however often and at whatever point the process ends and starts again', async () => {
    const step = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          type: fc.constant('reward' as const),
          value: fc.double({ noNaN: true, min: -2, max: 2 }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ type: fc.constant('elsewhere' as const) }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('crash' as const) }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('restart' as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 30 }),
        fc.integer({ min: 1, max: 7 }),
        async (steps, snapshotEvery) => {
          const route = fresh();
          let running = await begin(route, { snapshotEvery });
          for (const next of steps) {
            if (next.type === 'reward') await running.learning.accept(ask(route, next.value), sampleCaller);
            else if (next.type === 'elsewhere') await running.learning.accept(ask('another'), sampleCaller);
            else {
              if (next.type === 'restart') await running.learning.close();
              running = await begin(route, { snapshotEvery });
            }
          }
          expect(bytes(running.learner)).toEqual(await wholeFold(route));
          expect(running.troubles).toEqual([]);
          await running.learning.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  it('sees every observation once and in order, also when the queue loses, repeats and reorders', async () => {
    for (const seed of ['one', 'two', 'three']) {
      const route = fresh();
      const random = seededRandom(seed);
      let handle: (observation: Observation) => void = () => {};
      const late: Observation[] = [];
      const queue: LearningQueue = {
        publish(observation) {
          const draw = random.next();
          if (draw < 0.2) return;
          if (draw < 0.6) late.push(observation);
          else handle(observation);
          if (draw > 0.8) handle(observation);
          while (late.length > 3) for (const each of late.splice(random.integer(late.length), 1)) handle(each);
        },
        consume(handler) {
          handle = handler;
        },
        close: () => Promise.resolve(),
      };
      const { learning, learner } = await begin(route, { queue });
      await Promise.all(Array.from({ length: 80 }, (_, i) => learning.accept(ask(route, i / 7), sampleCaller)));
      // Whatever is still late or lost, the next one that arrives brings along.
      const last = await shared.store.reward(ask(route), sampleCaller);
      if (last.type === 'accepted') handle(last.observation);
      while (learning.health().lag > 0) await new Promise((next) => setTimeout(next, 2));
      expect(learner.seen).toHaveLength(81);
      expect(bytes(learner)).toEqual(await wholeFold(route));
      await learning.close();
    }
  });

  it('goes by the order of commits and by no clock: times that jump change nothing', async () => {
    const route = fresh();
    const { learning, learner } = await begin(route);
    const seqs: number[] = [];
    for (const [i, at] of [5_000, -1, 8e15, 0, 4_999].entries()) {
      const receipt = await learning.accept({ ...ask(route, i / 7), at }, sampleCaller);
      if (receipt.type === 'accepted') seqs.push(receipt.seq);
    }
    expect(seqs).toHaveLength(5);
    expect(learner.seen).toEqual(seqs);
    await learning.close();
    const again = await begin(route, { name: fresh() });
    expect(again.learner.seen).toEqual(seqs);
    expect(bytes(again.learner)).toEqual(await wholeFold(route));
  });

  it('is told of a preference exactly what the log tells later', async () => {
    const route = fresh();
    const [one, other, elsewhere] = [ask(route), ask(route), ask(fresh())];
    const told = (against: string) => ({ ...one, key: `pair:${against}`, quantity: 'preference' as const, against });
    const receipt = await shared.store.reward(told(other.decision), sampleCaller);
    if (receipt.type !== 'accepted') throw new Error(`it was ${receipt.type}`);
    expect(receipt.observation.against).toBe(receipt.observation.model);
    const [read] = await shared.store.observations(receipt.seq - 1, 1);
    expect(read).toStrictEqual(receipt.observation);
    // Nobody may compare with what was decided by another route, for another caller, or by nobody.
    expect((await shared.store.reward(told(elsewhere.decision), sampleCaller)).type).toBe('unknown');
    expect((await shared.store.reward(told('dec_nobody'), sampleCaller)).type).toBe('unknown');
    const stranger = { ...sampleCaller, key: 'another' };
    expect((await shared.store.reward(told(other.decision), stranger)).type).toBe('unknown');
  });

  it('is done when the reward is acknowledged', async () => {
    const route = fresh();
    const { learning, learner } = await begin(route);
    const receipts = await Promise.all(Array.from({ length: 50 }, () => learning.accept(ask(route), sampleCaller)));
    const seqs = receipts.map((receipt) => (receipt.type === 'accepted' ? receipt.seq : -1));
    expect(learner.seen).toEqual(seqs);
    expect(learning.health()).toMatchObject({ started: true, lag: 0, seq: seqs.at(-1), broken: [] });
    expect(learning.figures()).toMatchObject({ lag: 0, lagSeconds: 0, spooled: 0, depth: 0, refused: 0 });
    // What the log held before was folded too.
    expect(learning.figures().delivered).toBeGreaterThanOrEqual(50);
    expect([...learning.figures().versions.values()]).toEqual([seqs.at(-1)]);
  });

  it('takes no duplicate and nothing unknown', async () => {
    const route = fresh();
    const { learning, learner } = await begin(route);
    const reward = ask(route);
    const receipts = [
      await learning.accept(reward, sampleCaller),
      await learning.accept({ ...reward, value: 0 }, sampleCaller),
      await learning.accept(sampleReward('dec_unheard_of'), sampleCaller),
    ];
    expect(receipts.map(({ type }) => type)).toEqual(['accepted', 'duplicate', 'unknown']);
    expect(learner.seen).toHaveLength(1);
    // And neither tears a gap into the log, so the next one need not wait for it to be read.
    await learning.accept(ask(route), sampleCaller);
    expect(learner.seen).toHaveLength(2);
  });

  it('finds what was committed though its sender was told of a failure', async () => {
    const route = fresh();
    const { learning, learner } = await begin(route);
    const reward = ask(route);
    // The commit happened, its answer did not arrive.
    await shared.store.reward(reward, sampleCaller);
    expect(learner.seen).toEqual([]);
    expect(await learning.accept(reward, sampleCaller)).toMatchObject({ type: 'duplicate' });
    while (learning.health().lag > 0) await new Promise((next) => setTimeout(next, 2));
    expect(learner.seen).toHaveLength(1);
  });

  it('goes on where one learner fails, and never saves a state that is no fold', async () => {
    const route = fresh();
    const troubles: string[] = [];
    const onTrouble = (message: string) => void troubles.push(message);
    const learning = createLearning({ store: shared.store, clock: systemClock, snapshotEvery: 1, onTrouble });
    const good = sensitiveLearner();
    const bad: Learner = { ...sensitiveLearner(), update: () => expect.fail('no such model') };
    const accepts = (subject: { readonly route: string }) => subject.route === route;
    learning.register(`${route}_bad`, bad, accepts);
    learning.register(`${route}_good`, good, accepts);
    expect(() => learning.register(`${route}_good`, good, accepts)).toThrow(/already/);
    await learning.start();
    const before = await lastSeq(shared.store);
    for (let i = 0; i < 3; i++) {
      expect(await learning.accept(ask(route), sampleCaller)).toMatchObject({ type: 'accepted' });
    }
    await learning.close();
    expect(good.seen).toHaveLength(3);
    expect(learning.health().broken).toEqual([`${route}_bad`]);
    expect(troubles).toEqual([expect.stringMatching(/_bad failed at reward \d+.*no such model/)]);
    expect((await shared.store.loadSnapshot(`${route}_good`))?.seq).toBe(before + 3);
    expect((await shared.store.loadSnapshot(`${route}_bad`))?.seq ?? 0).toBeLessThanOrEqual(before);
  });
});

describe('snapshots', () => {
  const teach = async (learning: Learning, route: string, times: number): Promise<void> => {
    for (let i = 0; i < times; i++) await learning.accept(ask(route, i), sampleCaller);
  };

  it('spare the restart what they hold: only the rest of the log is read', async () => {
    const route = fresh();
    const first = await begin(route, { snapshotEvery: 5 });
    await teach(first.learning, route, 12);
    await first.learning.close();
    const asked: number[] = [];
    const store: OutcomeStore = {
      ...shared.store,
      observations(afterSeq, limit) {
        asked.push(afterSeq);
        return shared.store.observations(afterSeq, limit);
      },
    };
    const second = await begin(route, { store });
    expect(asked).toEqual([await lastSeq(shared.store)]);
    expect(bytes(second.learner)).toEqual(bytes(first.learner));
  });

  it('that a learner refuses are passed over for the one before, then for the whole log, aloud', async () => {
    const route = fresh();
    const first = await begin(route, { snapshotEvery: 4 });
    await teach(first.learning, route, 9);
    await first.learning.close();
    const seq = (await shared.store.loadSnapshot(route))?.seq ?? 0;
    // The newest is from another version.
    await shared.store.saveSnapshot(route, { seq, state: sensitiveLearner(2).save() });
    const second = await begin(route);
    expect(second.troubles).toEqual([expect.stringMatching(/not used: version 2, not 1/)]);
    expect(bytes(second.learner)).toEqual(await wholeFold(route));
    // All are from another version.
    const third = await begin(route, { version: 7 });
    expect(third.troubles).toHaveLength(2);
    expect(third.learner.seen).toEqual(second.learner.seen);
  });

  it('of a learner that traffic passes by move on all the same', async () => {
    const route = fresh();
    const { learning } = await begin(route, { snapshotEvery: 1 });
    await teach(learning, 'busy', 45);
    await learning.close();
    const snapshot = await shared.store.loadSnapshot(route);
    expect(snapshot?.seq).toBeGreaterThan((await lastSeq(shared.store)) - 20);
  });

  it('that cannot be saved are tried again at the end', async () => {
    const route = fresh();
    let failures = 1;
    const store: OutcomeStore = {
      ...shared.store,
      saveSnapshot: (learner, snapshot) =>
        failures-- > 0
          ? Promise.reject(new PointsmanError('storage_unavailable', 'locked'))
          : shared.store.saveSnapshot(learner, snapshot),
    };
    const { learning, troubles, learner } = await begin(route, { store, snapshotEvery: 3 });
    await teach(learning, route, 3);
    await learning.close();
    expect(troubles).toEqual([expect.stringMatching(/not saved: locked/)]);
    expect((await shared.store.loadSnapshot(route))?.state).toEqual(learner.save());
  });
});

describe('what the gateway measures itself', () => {
  it('reaches the learners that want it as rewards of source usage, and no log grows for nobody', async () => {
    const { store } = shared;
    const route = fresh();
    const seen: Observation[] = [];
    const learner: Learner = { ...sensitiveLearner(), update: (observation) => void seen.push(observation) };
    const learning = createLearning({ store, clock: systemClock });
    learning.register(`${route}_cost`, learner, (subject) => subject.route === route && subject.quantity === 'cost');
    await learning.start();
    const before = await lastSeq(store);
    const serve = (id: string, of: string, change = {}) => {
      store.decision(sampleRecord(id, { decision: { route: of } }));
      const completion = { ...sampleCompletion(id), ...change };
      store.completion(completion);
      learning.measured(completion, of);
    };
    serve(`${route}_a`, route);
    serve(`${route}_b`, 'elsewhere');
    const aborted = sampleCompletion('x').attempts.map((attempt) => ({
      ...attempt,
      endReason: 'client_closed' as const,
    }));
    serve(`${route}_c`, route, { attempts: aborted });
    serve(`${route}_d`, route, { servedModel: null, attempts: [] });
    await settled(store);
    await store.reward(ask(route), sampleCaller);
    const log = (await store.observations(before, 100)).filter(({ quantity }) => quantity !== 'quality');
    expect(log).toMatchObject([{ decision: `${route}_a`, quantity: 'cost', value: 0.002, model: 'vendor/model-2' }]);
    expect(seen).toEqual(log);
  });
});
