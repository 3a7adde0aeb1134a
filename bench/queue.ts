/**
 * How many outcomes a second one learner process takes off the queue, orders, folds and publishes, on one core, BullMQ
 * included: `npx tsx bench/queue.ts [outcomes]`. Three gateways' worth of batches are sent through a real Redis while the
 * learner runs; what is measured is its CPU time, so a busy machine changes it little. Embeddings have 512 dimensions.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { assembleRouting } from '../src/app/routing.ts';
import { parseConfig } from '../src/config/load.ts';
import { defaultYaml } from '../src/config/default-config.ts';
import { systemClock } from '../src/core/clock.ts';
import type { Observation } from '../src/core/learner.ts';
import { seededRandom } from '../src/core/random.ts';
import { createOwner } from '../src/learning/owner.ts';
import { createSender } from '../src/queue/courier.ts';
import { queueKeys } from '../src/queue/keys.ts';
import { createOrderedLog } from '../src/queue/ordered-log.ts';
import { openRedisLink } from '../src/queue/redis.ts';
import { startRedis } from '../test/helpers/redis-process.ts';

const prefix = 'bench';
const quality = process.env['BENCH_QUALITY'] ?? 'knn';
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

interface Progress {
  /** Outcomes folded by every learner. */
  readonly head: number;
  readonly cpuUs: number;
}

async function learner(url: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'pointsman-bench-'));
  const yaml = defaultYaml().replace('quality: knn', `quality: ${quality}`);
  const routing = await assembleRouting(parseConfig(yaml, null, { environment: {} }), () => undefined);
  const owner = createOwner({
    clock: systemClock,
    redis: { url, prefix },
    keepEvents: 1_000_000,
    folder,
    onTrouble: console.error,
  });
  routing.teach(owner);
  owner.start();
  await pause(1_500);
  const before = process.cpuUsage();
  process.on('message', () => {
    const { user, system } = process.cpuUsage(before);
    process.send?.({ head: owner.health().head, cpuUs: user + system } satisfies Progress);
  });
  process.on('disconnect', () => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(0);
  });
  process.send?.('ready');
}

function outcomes(count: number, after: number): Observation[] {
  const random = seededRandom(after);
  return Array.from({ length: count }, (_, i) => ({
    seq: after + i + 1,
    decision: `dec_${after + i}`,
    route: 'auto',
    model: ['small', 'medium', 'large'][i % 3] ?? '',
    quantity: i % 2 === 0 ? 'quality' : 'cost',
    value: random.next(),
    weight: 1,
    propensity: 0.5,
    promptTokens: 50,
    embedding: Float32Array.from({ length: 512 }, () => (random.next() < 0.2 ? random.next() - 0.5 : 0)),
  }));
}

async function main(total: number): Promise<void> {
  const redis = await startRedis(['--appendfsync', 'everysec']);
  const keys = queueKeys(prefix);
  const child = fork(fileURLToPath(import.meta.url), ['--learner', redis.url], { execArgv: process.execArgv });
  await once(child, 'message');
  const link = openRedisLink({ url: redis.url, channel: keys.channel, onTrouble: console.error });
  await link.settled(5_000);
  if (link.state.type !== 'ready') throw new Error(link.state.reason);
  const { session } = link.state;
  const log = createOrderedLog(keys);
  const sender = createSender(session, keys);
  const started = performance.now();
  const size = 256;
  await Promise.all(
    ['a', 'b', 'c'].map(async (producer) => {
      for (let after = 0; after < total / 3; after += size) {
        const events = outcomes(size, after);
        await sender.send({ producer, start: 0, after, events }, false);
        while (((await log.mark(session, producer))?.seq ?? 0) < after + size) await pause(2);
      }
    }),
  );
  const length = Math.ceil(total / 3 / size) * size * 3;
  const ask = (): Promise<Progress> =>
    new Promise((resolve) => {
      child.once('message', (answer: Progress) => resolve(answer));
      child.send('?');
    });
  let answer = await ask();
  while (answer.head < length) {
    await pause(10);
    answer = await ask();
  }
  const seconds = (performance.now() - started) / 1000;
  const perCore = Math.round(length / (answer.cpuUs / 1e6));
  console.log(`${cpus()[0]?.model ?? ''}, Node ${process.version}, quality: ${quality}, cost: mean`);
  console.log(
    `${length} outcomes: ${perCore} a second of the learner's CPU time; ${Math.round(length / seconds)} a second by the clock, sender and Redis on the same machine`,
  );
  child.disconnect();
  await link.close();
  await redis.close();
}

if (process.argv[2] === '--learner') await learner(process.argv[3] ?? '');
else await main(Number(process.argv[2] ?? 30_000));
