import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { openDatabase } from '../../src/outcomes/database.ts';
import { spawnGateway } from '../helpers/gateway-process.ts';
import { ask, giveFeedback } from '../helpers/running-gateway.ts';

const rounds = 20;
const clients = 8;

it(`kill -9 at ${rounds} random moments under load loses and doubles no acknowledged feedback`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pointsman-kill-'));
  await writeFile(
    join(folder, 'pointsman.yaml'),
    `models:
  - { id: a, backend: simulated, price: { input: 1, output: 1 }, options: { skills: {} } }
  - { id: b, backend: simulated, price: { input: 1, output: 1 }, options: { skills: {} } }
routes: { auto: { policy: random, estimators: { quality: mean, cost: mean } } }
`,
  );
  const random = seededRandom('kill');
  const acknowledged = new Map<string, number>();
  /** Answered this long before its kill, so it has to be on disk. */
  const settled = new Set<string>();
  try {
    for (let round = 0; round < rounds; round++) {
      const gateway = await spawnGateway(['--config', join(folder, 'pointsman.yaml')]);
      const load = { on: true };
      const answered: { id: string; at: number }[] = [];
      const client = async (): Promise<void> => {
        while (load.on) {
          try {
            const { headers } = await ask(gateway.url, {
              model: 'auto',
              max_tokens: 2,
              messages: [{ role: 'user', content: `question ${random.next()}` }],
            });
            const id = headers.get('x-pointsman-decision') ?? '';
            answered.push({ id, at: performance.now() });
            if (random.next() < 0.7) continue;
            const receipt = await giveFeedback(gateway.url, id, 0.5);
            if (receipt.status === 200) acknowledged.set(id, ((await receipt.json()) as { seq: number }).seq);
          } catch {
            // The gateway died under this request.
          }
        }
      };
      const clientsDone = Promise.all(Array.from({ length: clients }, client));
      await new Promise((done) => setTimeout(done, 400 + 400 * random.next()));
      const killedAt = performance.now();
      await gateway.kill('SIGKILL');
      load.on = false;
      await clientsDone;
      // Rows are written within 100 ms; a shared machine can hold a thread back, so the test allows it three times that.
      for (const { id, at } of answered) if (at < killedAt - 300) settled.add(id);
    }
    const database = openDatabase({ path: join(folder, 'pointsman.db'), busyTimeoutMs: 2000, maxPages: null });
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    const rewards = database
      .prepare<[], { id: string; seq: number }>(
        `SELECT d.id, r.seq FROM rewards r JOIN decisions d ON d.number = r.decision_number WHERE r.source = 'api'`,
      )
      .all();
    const decisions = new Set(
      database
        .prepare<[], { id: string }>('SELECT id FROM decisions')
        .all()
        .map(({ id }) => id),
    );
    database.close();
    expect(acknowledged.size).toBeGreaterThan(rounds);
    expect(settled.size).toBeGreaterThan(rounds);
    const stored = new Map(rewards.map(({ id, seq }) => [id, seq]));
    expect(stored.size).toBe(rewards.length);
    for (const [id, seq] of acknowledged) expect(stored.get(id)).toBe(seq);
    for (const id of settled) expect(decisions.has(id)).toBe(true);

    // What was learned is read back without complaint.
    const last = await spawnGateway(['--config', join(folder, 'pointsman.yaml')]);
    expect((await fetch(`${last.url}/ready`)).status).toBe(200);
    expect(await last.kill('SIGTERM')).toBe(0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 300_000);
