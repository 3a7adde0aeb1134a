/**
 * A process that is to be killed: `store-child.ts PATH ROUND`. Under load it decides, completes and rewards, and tells
 * on stdout, a JSON line each: `{decided, at}` once a decision was handed to the store, `{acknowledged, seq}` once a
 * reward was acknowledged. It writes synchronously, so what it told is never behind what it did.
 */
import { writeSync } from 'node:fs';
import { systemClock } from '../../src/core/clock.ts';
import { openStore } from '../../src/outcomes/store.ts';
import { sampleCaller, sampleCompletion, sampleRecord, sampleReward } from './store-samples.ts';

const [path = '', round = ''] = process.argv.slice(2);
const store = await openStore({ path, clock: systemClock });
const tell = (line: object): void => void writeSync(1, `${JSON.stringify(line)}\n`);

async function feedback(id: string): Promise<void> {
  // A client that saw no answer sends the same again.
  const [first, second] = await Promise.all([
    store.reward(sampleReward(id), sampleCaller),
    store.reward(sampleReward(id), sampleCaller),
  ]);
  for (const receipt of [first, second]) if (receipt.type !== 'unknown') tell({ acknowledged: id, seq: receipt.seq });
}

const running: Promise<void>[] = [];
for (let i = 0; ; i++) {
  const id = `dec_${round}_${i}`;
  store.decision(sampleRecord(id));
  tell({ decided: id, at: Date.now() });
  // Every fourth request streams on until the end of the process.
  if (i % 4 !== 0) store.completion(sampleCompletion(id));
  // Rewards flush what waits. In odd rounds nothing but the store's own timer does.
  if (Number(round) % 2 === 0 && i % 3 === 0) running.push(feedback(id));
  if (i % 10 === 9) await new Promise((next) => setTimeout(next, 2));
  if (running.length >= 200) await Promise.all(running.splice(0));
}
