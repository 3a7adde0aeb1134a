import { expect, test } from 'vitest';
import { sampleCaller, sampleCompletion, sampleRecord, sampleReward } from '../helpers/store-samples.ts';
import { temporaryStore } from '../helpers/store-temporary.ts';

test('what a policy noted comes back with each observation, at once and from the log; no note stays none', async () => {
  const { store } = await temporaryStore();
  const note = [3_000_000_000, 0.125, 0, 1];
  store.decision(sampleRecord('noted', { decision: { note } }));
  store.decision(sampleRecord('plain'));
  store.completion(sampleCompletion('noted'));
  const receipt = await store.reward(sampleReward('noted'), sampleCaller);
  await store.reward(sampleReward('noted', { source: 'usage', quantity: 'cost', value: 0.001 }), null);
  await store.reward(sampleReward('plain'), sampleCaller);
  expect(receipt).toMatchObject({ type: 'accepted', observation: { note } });
  expect((await store.observations(0, 10)).map((observation) => observation.note)).toEqual([note, note, undefined]);
});
