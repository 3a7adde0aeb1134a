import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { Learner } from '../../src/core/learner.ts';
import { createLearning } from '../../src/learning/learning.ts';
import { sampleCaller, sampleRecord, sampleReward } from '../helpers/store-samples.ts';
import { temporaryDirectory, temporaryStore } from '../helpers/store-temporary.ts';

function counter(): Learner & { readonly sum: number } {
  let sum = 0;
  return {
    get sum() {
      return sum;
    },
    update({ value }) {
      sum = sum / 2 + value;
    },
    save: () => ({ version: 1, data: { sum }, arrays: {} }),
    load({ data }) {
      sum = Number(data['sum']);
    },
  };
}

it('starts without a database, and learns once there is one, what came before the start included', async () => {
  const home = temporaryDirectory();
  // Taken, for now, by something that is no directory.
  const blocked = join(home, 'place');
  writeFileSync(blocked, '');
  const { store } = await temporaryStore({ path: join(blocked, 'outcomes.db') });
  const learner = counter();
  const troubles: string[] = [];
  const learning = createLearning({ store, clock: systemClock, onTrouble: (message) => void troubles.push(message) });
  learning.register('sum', learner, () => true);
  await learning.start();
  expect(learning.health()).toMatchObject({ started: false, seq: 0 });
  expect(troubles).toEqual([expect.stringMatching(/cannot start/)]);
  store.decision(sampleRecord('c'));
  await expect(learning.accept(sampleReward('c'), sampleCaller)).rejects.toMatchObject({ code: 'storage_unavailable' });

  rmSync(blocked);
  await vi.waitFor(() => expect(store.health().available).toBe(true), { timeout: 15_000 });
  expect(await learning.accept(sampleReward('c', { value: 4 }), sampleCaller)).toMatchObject({ type: 'accepted' });
  await vi.waitFor(() => expect(learning.health()).toMatchObject({ started: true, lag: 0 }), { timeout: 15_000 });
  store.decision(sampleRecord('d'));
  await learning.accept(sampleReward('d', { value: 1 }), sampleCaller);
  expect(learner.sum).toBe(3);
  expect(troubles).toHaveLength(1);
  await learning.close();
});

it('goes on learning where the database was removed while it ran', async () => {
  const { store, path, events } = await temporaryStore();
  const learner = counter();
  const troubles: string[] = [];
  const onTrouble = (message: string): void => void troubles.push(message);
  const learning = createLearning({ store, clock: systemClock, onTrouble });
  learning.register('sum', learner, () => true);
  await learning.start();
  for (const id of ['a', 'b', 'c']) {
    store.decision(sampleRecord(id));
    await learning.accept(sampleReward(id, { value: 0 }), sampleCaller);
  }
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });

  store.decision(sampleRecord('d'));
  expect(await learning.accept(sampleReward('d', { value: 4 }), sampleCaller)).toMatchObject({
    type: 'accepted',
    seq: 4,
  });
  store.decision(sampleRecord('e'));
  await learning.accept(sampleReward('e', { value: 1 }), sampleCaller);
  await vi.waitFor(() => expect(learning.health()).toMatchObject({ seq: 5, lag: 0 }), { timeout: 15_000 });
  expect(learner.sum).toBe(3);
  expect(events.map(({ type }) => type)).toEqual(['replaced']);
  await learning.close();
  expect(troubles).toEqual([]);

  // What was learned since is found by whoever starts on the new file: a snapshot and the log behind it.
  const next = counter();
  const again = createLearning({ store, clock: systemClock, onTrouble });
  again.register('sum', next, () => true);
  await again.start();
  expect(next.sum).toBe(3);
  expect(again.health()).toMatchObject({ seq: 5, lag: 0 });
  await again.close();
});

it('goes on behind its own head where an older database was put in the place of its own', async () => {
  const { store, path } = await temporaryStore();
  const older = await temporaryStore();
  older.store.decision(sampleRecord('old'));
  await older.store.reward(sampleReward('old'), sampleCaller);
  await older.store.close();
  for (const id of ['a', 'b', 'c']) {
    store.decision(sampleRecord(id));
    await store.reward(sampleReward(id), sampleCaller);
  }
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
  renameSync(older.path, path);
  expect(await store.reward(sampleReward('old', { key: 'second' }), sampleCaller)).toMatchObject({ seq: 4 });
});
