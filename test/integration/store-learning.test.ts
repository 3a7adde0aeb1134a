import { rmSync, writeFileSync } from 'node:fs';
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
