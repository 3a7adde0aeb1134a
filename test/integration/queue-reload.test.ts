import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp, type App } from '../../src/app.ts';
import { assembleRouting } from '../../src/app/routing.ts';
import { loadConfig } from '../../src/config/load.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createOwner } from '../../src/learning/owner.ts';
import { collectLogger } from '../helpers/collect-logger.ts';
import { startRedis, withoutRedis, type RedisProcess } from '../helpers/redis-process.ts';
import { ask, giveFeedback } from '../helpers/running-gateway.ts';
import { temporaryDirectory } from '../helpers/store-temporary.ts';

let redis: RedisProcess;
beforeAll(async () => {
  if (!withoutRedis) redis = await startRedis();
});
afterAll(() => redis?.close());

const yaml = (prefix: string, more = ''): string => `models:
  - { id: a, backend: simulated, price: { input: 1, output: 1 }, options: { skills: {} } }
  - { id: b, backend: simulated, price: { input: 1, output: 1 }, options: { skills: {} } }
routes: { auto: { policy: { type: epsilon-greedy, epsilon: 0.2 }, estimators: { quality: tally } } }
estimators: { tally: { type: beta-mean } }
queue: { type: bullmq, url: "${redis.url}", prefix: ${prefix} }
${more}`;

/** A gateway over a file, and a learner beside it that begins when it is told to. */
async function start(prefix: string) {
  const folder = await mkdtemp(join(tmpdir(), 'pointsman-queue-reload-'));
  const file = join(folder, 'pointsman.yaml');
  const reread = () => loadConfig(file, { environment: { POINTSMAN_PORT: '0' }, workingDirectory: folder });
  await writeFile(file, yaml(prefix));
  const { logger, lines } = collectLogger();
  const app: App = await buildApp(reread(), { logger, reread });
  const url = await app.server.listen({ host: '127.0.0.1', port: 0 });
  const closing: (() => Promise<void>)[] = [];
  const metrics = async (): Promise<(name: string) => number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return (name) => Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? NaN);
  };
  return {
    app,
    url,
    lines,
    metrics,
    async become(next: string) {
      await writeFile(file, next);
      await app.reload();
    },
    async learner() {
      const routing = await assembleRouting(reread(), () => undefined);
      const owner = createOwner({
        clock: systemClock,
        redis: { url: redis.url, prefix },
        keepEvents: 10_000,
        folder: temporaryDirectory(),
        onTrouble: () => undefined,
      });
      routing.teach(owner);
      owner.start();
      closing.push(() => owner.close());
    },
    /** Acknowledged when it resolves. */
    async feedback(times: number) {
      for (let i = 0; i < times; i++) {
        const { headers } = await ask(url, {
          model: 'auto',
          messages: [{ role: 'user', content: `${i}` }],
          max_tokens: 1,
        });
        const { status } = await giveFeedback(url, headers.get('x-pointsman-decision') ?? '', 1);
        expect(status).toBe(200);
      }
    },
    /** Scores in the state that serves. */
    taught(): number {
      const slot = app.router.routes.get('auto')?.estimators.quality;
      return Array.from(slot?.estimator.save().arrays['sums'] ?? []).reduce((sum, each) => sum + each, 0);
    },
    async close() {
      await app.close();
      for (const end of closing) await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`never came: ${what}`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

describe.skipIf(withoutRedis)('a reload with the distributed queue', () => {
  it('loses no feedback and counts none twice, before, between and after', async () => {
    const gateway = await start('reloaded');
    await gateway.feedback(5);
    await gateway.learner();
    // Feedback comes in all the while that one reading gives way to the next, and to the next.
    const during = gateway.feedback(10);
    await gateway.become(yaml('reloaded', 'aliases: { "gpt-*": auto }\n'));
    await gateway.become(yaml('reloaded', 'aliases: { "gpt-4*": auto }\n'));
    await during;
    await gateway.feedback(5);
    await until(() => gateway.taught() >= 20, 'all twenty');
    await until(() => gateway.app.learning.health().lag === 0, 'nothing waits');
    expect(gateway.taught()).toBe(20);
    expect(gateway.lines.filter((line) => /"level":(40|50)|warn|error/i.test(line))).toEqual([]);
    const read = await gateway.metrics();
    expect(read('pointsman_queue_spooled')).toBe(0);
    expect(read('pointsman_queue_lag_seconds')).toBe(0);
    expect(read('pointsman_queue_refused_total')).toBe(0);
    expect(read('pointsman_learner_state_version')).toBeGreaterThanOrEqual(20);
    await gateway.close();
  });

  it('is taken while Redis is gone; what waits is told, and delivered when it is back', async () => {
    const gateway = await start('gone');
    await gateway.feedback(3);
    await gateway.learner();
    await until(() => gateway.taught() === 3, 'three');
    await redis.kill('SIGKILL');
    await gateway.feedback(2);
    await gateway.become(yaml('gone', 'aliases: { "gpt-*": auto }\n'));
    expect((await ask(gateway.url, { model: 'gpt-x', messages: [{ role: 'user', content: 'hi' }] })).status).toBe(200);
    // Decided with what was known when Redis went.
    expect(gateway.taught()).toBe(3);
    await gateway.feedback(2);
    const waiting = await gateway.metrics();
    // Costs that the gateway measures wait too.
    expect(waiting('pointsman_queue_spooled')).toBeGreaterThanOrEqual(4);
    expect(waiting('pointsman_queue_depth')).toBe(0);
    expect(waiting('pointsman_queue_lag_seconds')).toBeGreaterThan(0);
    expect(waiting('pointsman_queue_delivered_total')).toBe(0);
    await redis.start();
    await until(() => gateway.taught() === 7, 'all seven');
    await until(() => gateway.app.learning.health().lag === 0, 'nothing waits');
    const after = await gateway.metrics();
    expect(after('pointsman_queue_spooled')).toBe(0);
    expect(after('pointsman_queue_delivered_total')).toBeGreaterThanOrEqual(4);
    await gateway.close();
  });
});
