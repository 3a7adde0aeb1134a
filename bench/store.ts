/**
 * What one request costs the outcome store, main thread and worker together: `npx tsx bench/store.ts [requests]`.
 * CPU time of the whole process, so a busy machine changes it little; the database is a real file in the temp folder.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { systemClock } from '../src/core/clock.ts';
import { newId } from '../src/core/ids.ts';
import { openStore } from '../src/outcomes/store.ts';
import { sampleCompletion, sampleDecision, sampleQuery } from '../test/helpers/store-samples.ts';

const requests = Number(process.argv[2] ?? 100_000);
/** A tick sleeps 1 ms: some thousands of requests a second, so batches are as large as under load. */
const perTick = 8;

async function measure(name: string, dimensions: number, late: boolean): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'pointsman-bench-'));
  const path = join(directory, 'outcomes.db');
  const store = await openStore({ path, clock: systemClock, embedder: 'bench', maxPending: Infinity });
  const template = sampleDecision(
    '',
    { embedding: dimensions === 0 ? null : new Float32Array(dimensions).fill(0.1) },
    11,
  );
  const run = async (count: number): Promise<number> => {
    let onMain = 0;
    let running: string[] = [];
    for (let done = 0; done < count; done += perTick) {
      const start = performance.now();
      const started: string[] = [];
      for (let i = 0; i < perTick; i++) {
        const id = newId('dec_');
        store.decision({ at: Date.now(), query: sampleQuery({ id }), decision: { ...template, id } });
        if (late) started.push(id);
        else store.completion(sampleCompletion(id));
      }
      if (late && done % 8000 === 0) {
        for (const id of running) store.completion(sampleCompletion(id));
        running = [];
      }
      running.push(...started);
      onMain += performance.now() - start;
      await new Promise((next) => setTimeout(next, 1));
    }
    for (const id of running) store.completion(sampleCompletion(id));
    while (store.health().pending > 0) await new Promise((next) => setTimeout(next, 5));
    return onMain;
  };
  await run(Math.min(20_000, requests));
  const idle = await idleCost(requests);
  const before = process.cpuUsage();
  const onMain = await run(requests);
  const used = process.cpuUsage(before);
  const total = (used.user + used.system) / requests - idle;
  const { lost } = store.health();
  await store.close();
  const bytes = statSync(path).size / (requests + Math.min(20_000, requests));
  console.log(
    `${name.padEnd(44)} ${total.toFixed(1)} us CPU a request (${((onMain * 1000) / requests).toFixed(1)} us in calls), ` +
      `${bytes.toFixed(0)} bytes a row, lost ${lost}`,
  );
  rmSync(directory, { recursive: true, force: true });
}

/** CPU of the pacing itself, which is no work of the store. */
async function idleCost(count: number): Promise<number> {
  const before = process.cpuUsage();
  for (let done = 0; done < count; done += perTick) {
    await new Promise((next) => setTimeout(next, 1));
  }
  const used = process.cpuUsage(before);
  return (used.user + used.system) / count;
}

await measure('11 candidates, no embedding', 0, false);
await measure('11 candidates, no embedding, ends later', 0, true);
await measure('11 candidates, 512 floats', 512, false);
