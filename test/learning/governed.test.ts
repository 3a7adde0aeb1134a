import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { Observation } from '../../src/core/learner.ts';
import { decodeState, encodeState } from '../../src/core/state-codec.ts';
import { governed, wordNote, type LearnerWord } from '../../src/learning/governed.ts';
import { createLearning } from '../../src/learning/learning.ts';
import { sensitiveLearner } from '../helpers/sensitive-learner.ts';
import { sampleCaller, sampleRecord, sampleReward } from '../helpers/store-samples.ts';
import { lastSeq, temporaryStore } from '../helpers/store-temporary.ts';

const words = '#learner/r/quality';
const fact = (seq: number, over: Partial<Observation> = {}): Observation => ({
  seq,
  decision: `dec_${seq}`,
  route: 'r',
  model: 'm',
  quantity: 'quality',
  value: seq / 10,
  weight: 1,
  propensity: 1,
  promptTokens: 1,
  embedding: null,
  ...over,
});
const say = (seq: number, word: Partial<LearnerWord> & Pick<LearnerWord, 'action'>): Observation =>
  fact(seq, { route: words, note: wordNote({ by: 'admin', to: 0, ...word }) });
const plain = (...seqs: readonly number[]): Buffer => {
  const learner = sensitiveLearner();
  for (const seq of seqs) learner.update(fact(seq));
  return encodeState(learner.save());
};
function begin(keepEvery = 1_000) {
  const inner = sensitiveLearner();
  const learner = governed(inner, { wordsFrom: words, keepEvery });
  return { learner, inner: () => encodeState(inner.save()) };
}

describe('a governed learner', () => {
  it('passes over what comes while it is frozen, for good', () => {
    const { learner, inner } = begin();
    for (const event of [fact(1), say(2, { action: 'freeze' }), fact(3), say(4, { action: 'resume' }), fact(5)])
      learner.update(event);
    expect(inner()).toEqual(plain(1, 5));
    expect(learner.standing).toMatchObject({
      frozenBy: [],
      seq: 5,
      folded: 2,
      last: { action: 'resume', obeyed: true },
    });
  });

  it('stays frozen by the configuration when an administrator resumes what he never froze', () => {
    const { learner, inner } = begin();
    for (const event of [say(1, { action: 'freeze', by: 'yaml' }), say(2, { action: 'resume' }), fact(3)])
      learner.update(event);
    expect(learner.standing.frozenBy).toEqual(['yaml']);
    expect(inner()).toEqual(plain());
  });

  it('goes back to what was kept and folds nothing of what came between again', () => {
    const { learner, inner } = begin();
    for (const event of [fact(1), say(2, { action: 'snapshot' }), fact(3), say(4, { action: 'reset', to: 2 }), fact(5)])
      learner.update(event);
    expect(inner()).toEqual(plain(1, 5));
    expect(learner.standing).toMatchObject({ folded: 2, snapshots: [{ seq: 2 }] });
    learner.update(say(6, { action: 'reset', to: 0 }));
    expect(inner()).toEqual(plain());
    expect(learner.standing.snapshots).toEqual([]);
  });

  it('keeps the last three unasked, and refuses to go back to one that is gone', () => {
    const { learner, inner } = begin(2);
    for (let seq = 1; seq <= 8; seq++) learner.update(fact(seq));
    expect(learner.standing.snapshots.map(({ seq }) => seq)).toEqual([4, 6, 8]);
    learner.update(say(9, { action: 'reset', to: 2 }));
    expect(learner.standing.last).toMatchObject({ action: 'reset', obeyed: false });
    expect(inner()).toEqual(plain(1, 2, 3, 4, 5, 6, 7, 8));
    learner.update(say(10, { action: 'reset', to: 6 }));
    expect(inner()).toEqual(plain(1, 2, 3, 4, 5, 6));
    expect(learner.standing.snapshots.map(({ seq }) => seq)).toEqual([4, 6]);
  });

  it('lets through what must always reach what it holds', () => {
    const inner = sensitiveLearner();
    const learner = governed(inner, { wordsFrom: words, always: ({ route }) => route === '#control/r' });
    for (const event of [say(1, { action: 'freeze' }), fact(2), fact(3, { route: '#control/r' })])
      learner.update(event);
    const word = sensitiveLearner();
    word.update(fact(3));
    expect(encodeState(inner.save())).toEqual(encodeState(word.save()));
  });

  it('takes over a state from before there was anything to be said', () => {
    const { learner, inner } = begin();
    learner.load(decodeState(plain(1, 2)));
    expect(inner()).toEqual(plain(1, 2));
  });

  it('refuses a state whose words are damaged and keeps what it knew', () => {
    const { learner, inner } = begin();
    learner.update(fact(1));
    learner.update(say(2, { action: 'snapshot' }));
    const state = learner.save();
    const { 'kept/2': _gone, ...arrays } = state.arrays;
    expect(() => learner.load({ ...state, arrays })).toThrow(/Remove the snapshot/);
    expect(inner()).toEqual(plain(1));
  });

  it('saved and loaded at any point, it ends in the same state to the bit', () => {
    const word = fc.record({
      action: fc.constantFrom('freeze', 'resume', 'reset', 'snapshot'),
      by: fc.constantFrom('admin', 'yaml'),
      back: fc.nat({ max: 4 }),
    });
    const step = fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: word });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat({ max: 40 }), (steps, cut) => {
        const whole = begin(3);
        let other = begin(3);
        steps.forEach((each, i) => {
          if (i === cut) {
            const state = decodeState(encodeState(other.learner.save()));
            other = begin(3);
            other.learner.load(state);
          }
          const to = whole.learner.standing.snapshots.at(-1 - (each?.back ?? 0))?.seq ?? 0;
          const event = each === null ? fact(i + 1) : say(i + 1, { ...each, to });
          whole.learner.update(event);
          other.learner.update(event);
        });
        expect(encodeState(other.learner.save())).toEqual(encodeState(whole.learner.save()));
        expect(other.learner.standing).toEqual(whole.learner.standing);
      }),
    );
  });
});

it('a reset in a real log holds after a restart, with the snapshots of the database and without them', async () => {
  const { store } = await temporaryStore();
  const open = async (name: string) => {
    const { learner, inner } = begin();
    const learning = createLearning({ store, clock: systemClock, snapshotEvery: 2 });
    learning.register(name, learner, ({ route }) => route === 'r' || route === words);
    await learning.start();
    return { learning, learner, inner };
  };
  let number = 0;
  const tell = async (learning: Awaited<ReturnType<typeof open>>['learning'], word?: LearnerWord) => {
    const id = `dec_g${number++}`;
    const decision = word === undefined ? { route: 'r' } : { route: words, note: wordNote(word) };
    store.decision(sampleRecord(id, { decision }));
    await learning.accept(sampleReward(id, { value: number / 7 }), sampleCaller);
    return await lastSeq(store);
  };
  const first = await open('once');
  for (let i = 0; i < 3; i++) await tell(first.learning);
  const kept = await tell(first.learning, { action: 'snapshot', by: 'admin', to: 0 });
  const wanted = first.inner();
  for (let i = 0; i < 5; i++) await tell(first.learning);
  expect(first.inner()).not.toEqual(wanted);
  await tell(first.learning, { action: 'reset', by: 'admin', to: kept });
  await tell(first.learning, { action: 'freeze', by: 'admin', to: 0 });
  await tell(first.learning);
  expect(first.inner()).toEqual(wanted);
  await first.learning.close();

  for (const name of ['once', 'folds the whole log']) {
    const again = await open(name);
    expect(again.inner()).toEqual(wanted);
    expect(again.learner.standing).toEqual(first.learner.standing);
    await again.learning.close();
  }
});
