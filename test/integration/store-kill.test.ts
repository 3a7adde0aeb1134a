import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { seededRandom } from '../../src/core/random.ts';
import { openDatabase } from '../../src/outcomes/database.ts';
import { openStore } from '../../src/outcomes/store.ts';
import { temporaryDirectory } from '../helpers/store-temporary.ts';

interface Told {
  readonly decided: Map<string, number>;
  /** Decision to the seq of its reward. */
  readonly acknowledged: Map<string, number>;
  /** When the signal was sent. */
  readonly killedAt: number;
}

/** Lets the child work for `workMs` from its first word on, kills it with SIGKILL, and returns all that it said. */
function killAfter(path: string, round: number, workMs: number): Promise<Told> {
  const script = join(import.meta.dirname, '..', 'helpers', 'store-child.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, path, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  let killedAt = 0;
  return new Promise((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (said === '') {
        setTimeout(() => {
          killedAt = Date.now();
          child.kill('SIGKILL');
        }, workMs);
      }
      said += text;
    });
    child.on('error', reject);
    child.on('close', () => {
      const told = { decided: new Map<string, number>(), acknowledged: new Map<string, number>(), killedAt };
      // The last line may have been cut by the kill.
      for (const line of said.slice(0, said.lastIndexOf('\n')).split('\n')) {
        const { decided, at, acknowledged, seq } = JSON.parse(line) as Record<string, string & number>;
        if (decided !== undefined) told.decided.set(decided, at ?? 0);
        if (acknowledged !== undefined) {
          // Both answers to the same reward name the same row.
          expect(told.acknowledged.get(acknowledged) ?? seq).toBe(seq);
          told.acknowledged.set(acknowledged, seq ?? 0);
        }
      }
      if (killedAt === 0) reject(new Error('The child ended before it was killed.'));
      else resolve(told);
    });
  });
}

it('survives kill -9 at 20 random moments: no acknowledged reward lost or doubled, no old decision gone', async () => {
  const path = join(temporaryDirectory(), 'outcomes.db');
  const random = seededRandom('kill');
  const acknowledged = new Map<string, number>();
  /** Age of the oldest missing decision when the kill came, a round each; 0 where none is missing. */
  const missingMs: number[] = [];
  for (let round = 0; round < 20; round++) {
    const told = await killAfter(path, round, 20 + random.next() * 480);
    for (const [id, seq] of told.acknowledged) acknowledged.set(id, seq);

    const database = openDatabase({ path, busyTimeoutMs: 1000, maxPages: null });
    expect(database.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    const ids = database.prepare<[], { id: string }>('SELECT id FROM decisions').all();
    const rewards = database
      .prepare<[], { id: string; seq: number }>('SELECT decision_id AS id, seq FROM rewards_readable')
      .all();
    const torn = database
      .prepare<[], { n: number }>(
        'SELECT count(*) AS n FROM rewards WHERE decision_number NOT IN (SELECT number FROM decisions)',
      )
      .get();
    database.close();

    const present = new Set(ids.map(({ id }) => id));
    const ages = [...told.decided].filter(([id]) => !present.has(id)).map(([, at]) => told.killedAt - at);
    missingMs.push(Math.max(0, ...ages));
    const stored = new Map(rewards.map(({ id, seq }) => [id, seq]));
    // One row a reward, and each acknowledged one under the very seq that was told.
    expect(stored.size).toBe(rewards.length);
    for (const [id, seq] of acknowledged) expect(stored.get(id)).toBe(seq);
    expect(torn).toEqual({ n: 0 });
  }
  expect(acknowledged.size).toBeGreaterThan(100);
  // A machine that stops all threads for a while is no defect; more than two such rounds of 20 are, and so is a second.
  expect(missingMs.filter((age) => age > 100).length).toBeLessThanOrEqual(2);
  expect(Math.max(...missingMs)).toBeLessThan(1000);

  // And it goes on: the next process opens it and serves the whole log.
  const store = await openStore({ path, clock: systemClock });
  const log = await store.observations(0, 1_000_000);
  expect(log.length).toBeGreaterThanOrEqual(acknowledged.size);
  await store.close();
  console.log(`oldest missing decision, ms before the kill: ${missingMs.join(' ')}; ${acknowledged.size} acknowledged`);
}, 180_000);
