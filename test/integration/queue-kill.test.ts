import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assembleRouting } from '../../src/app/routing.ts';
import { defaultYaml } from '../../src/config/default-config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { systemClock } from '../../src/core/clock.ts';
import { encodeState } from '../../src/core/state-codec.ts';
import { foldOne, newPupil, type Pupil } from '../../src/learning/fold.ts';
import { openStore } from '../../src/outcomes/store.ts';
import { queueKeys } from '../../src/queue/keys.ts';
import { createOrderedLog, type LogEntry } from '../../src/queue/ordered-log.ts';
import { createStateBoard } from '../../src/queue/state-board.ts';
import { spawnGateway, type GatewayProcess } from '../helpers/gateway-process.ts';
import { spawnLearner, type LearnProcess } from '../helpers/learn-process.ts';
import { startRedis, withoutRedis, type RedisProcess } from '../helpers/redis-process.ts';
import { wholeLog, withSession } from '../helpers/whole-log.ts';
import { ask, giveFeedback } from '../helpers/running-gateway.ts';

/** How often each of gateway, learner and Redis is killed. `npm run soak:queue` does it 20 times. */
const kills = Number(process.env['QUEUE_KILLS'] ?? 3);
const gatewayCount = 3;
const learnerCount = 2;

let folder: string;
let redis: RedisProcess;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pointsman-queue-kill-'));
  if (!withoutRedis) redis = await startRedis(['--appendfsync', 'everysec']);
});
afterAll(async () => {
  await redis?.close();
  await rm(folder, { recursive: true, force: true });
});

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
const configOf = (host: number): string => join(folder, `host-${host}`, 'pointsman.yaml');
const databaseOf = (host: number): string => join(folder, `host-${host}`, 'pointsman.db');

async function startGateway(host: number): Promise<GatewayProcess> {
  return spawnGateway(['--config', configOf(host)], { environment: { REDIS_URL: redis.url } });
}

const startLearner = (host: number): Promise<LearnProcess> =>
  spawnLearner(['--config', configOf(0), '--states', join(folder, `learned-${host}`), '--report', '0'], {
    REDIS_URL: redis.url,
  });

/** Asks and scores through one host for as long as the test runs; what was acknowledged is what counts. */
async function load(host: number, urlOf: () => string, over: () => boolean, acknowledged: string[]): Promise<void> {
  for (let i = 0; !over(); i++) {
    try {
      const prompt = `host ${host} asks question ${i} about ${['code', 'history', 'sums'][i % 3]}`;
      const messages = [{ role: 'user', content: prompt }];
      const { headers } = await ask(urlOf(), { model: 'auto', messages, max_tokens: 1 });
      const decision = headers.get('x-pointsman-decision') ?? '';
      // A client that saw no answer sends the same again; what counts was answered.
      for (let sent = 0; sent < 2; sent++) {
        const { status } = await giveFeedback(urlOf(), decision, (i % 7) / 6);
        if (status === 200 && sent === 0) acknowledged.push(decision);
      }
    } catch {
      await pause(20);
    }
  }
}

/** What one process makes of the log. */
async function foldAll(entries: readonly LogEntry[]): Promise<ReadonlyMap<string, string>> {
  const routing = await assembleRouting(
    loadConfig(configOf(0), { environment: { REDIS_URL: redis.url } }),
    () => undefined,
  );
  const pupils: Pupil[] = [];
  routing.teach({ register: (...about) => void pupils.push(newPupil(...about)) });
  let n = 0;
  for (const { batch } of entries) {
    for (const event of batch?.events ?? []) foldOne(pupils, { ...event, seq: ++n }, (message) => expect.fail(message));
  }
  return new Map(pupils.map(({ name, learner }) => [name, encodeState(learner.save()).toString('base64')]));
}

describe.skipIf(withoutRedis)('gateways, learners and Redis that are killed in turn under load', () => {
  it(
    `lose no acknowledged feedback and count none twice, ${kills} kills each`,
    { timeout: 60_000 + kills * 30_000 },
    async () => {
      for (let host = 0; host < gatewayCount; host++) {
        await mkdir(join(folder, `host-${host}`));
        const yaml = `${defaultYaml().replaceAll(/base_latency_ms: \d+/g, 'base_latency_ms: 1')}queue: { type: bullmq, url: "\${REDIS_URL}" }\n`;
        await writeFile(configOf(host), yaml);
      }
      const gateways = await Promise.all(Array.from({ length: gatewayCount }, (_, host) => startGateway(host)));
      const learners = await Promise.all(Array.from({ length: learnerCount }, (_, host) => startLearner(host)));

      let over = false;
      const acknowledged: string[] = [];
      const loads = gateways.map((_, host) =>
        load(
          host,
          () => gateways[host]?.url ?? '',
          () => over,
          acknowledged,
        ),
      );
      const killGateway = async (host: number): Promise<void> => {
        await gateways[host]?.kill('SIGKILL');
        gateways[host] = await startGateway(host);
      };
      const killLearner = async (host: number): Promise<void> => {
        await learners[host]?.kill('SIGKILL');
        learners[host] = await startLearner(host);
      };
      const killRedis = async (round: number): Promise<void> => {
        await redis.kill('SIGKILL');
        // Long enough to be noticed in every second round.
        await pause(round % 2 === 0 ? 0 : 700);
        await redis.start();
      };
      for (let round = 0; round < kills; round++) {
        const back = [killGateway(round % gatewayCount)];
        await pause(300);
        back.push(killLearner(round % learnerCount));
        await pause(300);
        back.push(killRedis(round));
        await Promise.all(back);
        await pause(500);
      }
      over = true;
      await Promise.all(loads);

      // Measurements are written with a delay.
      await pause(200);
      // Ends when every learner's published state holds every reward of every database.
      const keys = queueKeys('pointsman');
      const names = [...(await foldAll([])).keys()];
      const board = createStateBoard(keys);
      const log = createOrderedLog(keys);
      const last = await Promise.all(
        gateways.map(async (_, host) => {
          const store = await openStore({ path: databaseOf(host), clock: systemClock });
          const identity = await store.loadSnapshot('queue/producer');
          const seq = (await store.observations(0, 1_000_000)).at(-1)?.seq ?? 0;
          await store.close();
          const producer = identity?.state.data['id'];
          return { producer: typeof producer === 'string' ? producer : '', seq };
        }),
      );
      await withSession(redis.url, async (session) => {
        for (const end = Date.now() + 45_000; ;) {
          const heads = await Promise.all(names.map((name) => board.head(session, name)));
          if (heads.every((head) => last.every(({ producer, seq }) => head?.marks[producer] === seq))) break;
          if (Date.now() > end) {
            expect.fail(
              `never caught up: ${JSON.stringify({ heads, last, learners: learners.map(({ log: said }) => said) })}`,
            );
          }
          await pause(100);
        }
      });
      // Time for the gateways to take the last states over; they keep them when they end.
      await pause(1_500);
      for (const gateway of gateways) expect(await gateway.kill('SIGTERM')).toBe(0);
      for (const learner of learners) expect(await learner.kill('SIGTERM')).toBe(0);

      const entries = await withSession(redis.url, (session) => wholeLog(log, session));
      const scores = new Map<string, number>();
      const places = new Map<string, string>();
      const twice: string[] = [];
      let events = 0;
      for (const { n, batch } of entries) {
        for (const { seq, decision, quantity } of batch?.events ?? []) {
          events++;
          const id = `${batch?.producer} ${seq}`;
          const place = `${id} in the batch after ${batch?.after} up to event ${n}: ${quantity} of ${decision}`;
          const before = places.get(id);
          if (before !== undefined) twice.push(`${before}; ${place}`);
          places.set(id, place);
          if (quantity === 'quality') scores.set(decision, (scores.get(decision) ?? 0) + 1);
        }
      }
      console.info(`${acknowledged.length} acknowledged scores, ${events} events in ${entries.length} batches`);
      expect(twice).toEqual([]);
      expect(acknowledged.length).toBeGreaterThan(20);
      expect(acknowledged.filter((decision) => scores.get(decision) !== 1)).toEqual([]);

      const expected = await foldAll(entries);
      for (let host = 0; host < gatewayCount; host++) {
        const store = await openStore({ path: databaseOf(host), clock: systemClock });
        for (const [name, state] of expected) {
          const kept = await store.loadSnapshot(name);
          expect(
            kept === null ? null : encodeState(kept.state).toString('base64') === state,
            `${name} on host ${host}`,
          ).toBe(true);
        }
        await store.close();
      }
    },
  );
});
