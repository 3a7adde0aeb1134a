import { Agent } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { seededRandom, type Random } from '../../src/core/random.ts';
import { completion, hello, startFakeUpstream, status, streamEvents, type Answer } from './fake-upstream.ts';
import type { FakeUpstream } from './fake-upstream.ts';
import { closesAfter, cutAt, delayed, gzipped, rateLimited, stallsAfter, wrongType } from './faults.ts';
import { askOnce, type Outcome } from './judged-client.ts';
import { startGateway } from './running-gateway.ts';

export interface ChaosOptions {
  readonly clients: number;
  readonly durationMs: number;
  /** Decides the faults, their order and lengths, and what clients do. */
  readonly seed: string;
  /** Every five seconds or so. */
  readonly onProgress?: (done: number, counts: Counts) => void;
}

export interface Counts {
  requests: number;
  /** Answered whole. */
  whole: number;
  /** The client left on purpose. */
  left: number;
  /** Refused before a byte while some target was well from their first moment to their last. */
  refusedThoughOneLived: number;
  /** Refused before a byte while no target was well all the time. */
  refusedWhileNoneLived: number;
  /** Streams that broke after their first byte: with one error event, and without. */
  errorEvents: number;
  silentCuts: number;
  /** No end before the last of all deadlines. */
  hung: number;
  /** Neither an answer nor an error of the promised shape, or a status 500. */
  broken: number;
}

export interface ChaosResult {
  readonly counts: Counts;
  /** By kind of fault: how many times a target had it. */
  readonly faults: Readonly<Record<string, number>>;
  /** Share of requests that got a first byte, of those that did not leave and had a living target, in [0, 1]. */
  readonly successShare: number;
  readonly longestMs: number;
  readonly unhandled: number;
  /** Upstream calls that still ran when every client was through. */
  readonly leakedCalls: number;
  /** After collection, warmed up and at the end. */
  readonly heapBeforeBytes: number;
  readonly heapAfterBytes: number;
  readonly samples: readonly string[];
}

const deadlines = { connect_ms: 2_000, first_token_ms: 3_000, idle_ms: 3_000, total_ms: 8_000 };
/** Longest pause of a client between two requests: without one the machine and not the gateway is what is measured. */
const mostPauseMs = 1_000;
/** A whole answer has only its total deadline, and each of four calls may use it up; pauses between them are short. */
const lastDeadlineMs = 4 * deadlines.total_ms + 4_000;

interface Place {
  readonly fake: FakeUpstream;
  /** Milliseconds since when it is well; null: it is not. */
  wellSince: number | null;
  /** What it has, or had last. */
  illness: string;
}

/** What a target can come down with. `well`: requests that it takes are answered, if slowly. */
const illnesses: readonly { readonly name: string; readonly answer: (random: Random) => Answer }[] = [
  { name: 'slow', answer: (random) => delayed(400 + random.integer(3_000)) },
  { name: 'cut', answer: (random) => (reply, request) => cutAt(random.integer(1_200))(reply, request) },
  { name: 'limited', answer: () => rateLimited(1) },
  { name: 'limited, not saying how long', answer: () => rateLimited(null) },
  { name: 'stalls', answer: () => stallsAfter(2) },
  { name: 'fails', answer: () => status(500, '{"error":{"message":"out of memory"}}') },
  { name: 'login page', answer: () => wrongType },
  { name: 'gzip', answer: () => gzipped },
];

/**
 * Three targets of two models behind one gateway. One target after the other is killed, slowed, cut, rate-limited and
 * worse at random; never all three at once. Clients ask again and again, half of them streamed; some leave.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const places: Place[] = await Promise.all(
    Array.from({ length: 3 }, async () => ({
      fake: await startFakeUpstream(wellAnswer, { remember: 0 }),
      wellSince: 0,
      illness: 'none',
    })),
  );
  const [a, b, c] = places.map(({ fake }) => fake.baseUrl);
  const gateway = await startGateway(`
models:
  - id: one
    price: { input: 1, output: 1 }
    timeouts: ${JSON.stringify(deadlines)}
    targets: [{ id: a, base_url: "${a}" }, { id: b, base_url: "${b}" }]
  - id: two
    price: { input: 2, output: 2 }
    timeouts: ${JSON.stringify(deadlines)}
    targets: [{ id: c, base_url: "${c}" }]
routes: { auto: { policy: static, estimators: { quality: mean, cost: mean } } }
`);
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const counts: Counts = {
    requests: 0,
    whole: 0,
    left: 0,
    refusedThoughOneLived: 0,
    refusedWhileNoneLived: 0,
    errorEvents: 0,
    silentCuts: 0,
    hung: 0,
    broken: 0,
  };
  const faults: Record<string, number> = {};
  const samples: string[] = [];
  let unhandled = 0;
  const onUnhandled = (): void => void unhandled++;
  process.on('unhandledRejection', onUnhandled);
  let longestMs = 0;
  const state = { over: false };
  const startedAt = performance.now();

  const client = async (index: number, until: () => boolean): Promise<void> => {
    const own = seededRandom(`${options.seed}:${index}`);
    while (!until()) {
      await pause(own.integer(mostPauseMs));
      const began = performance.now();
      const leavesAfterMs = own.next() < 0.05 ? own.integer(200) : null;
      const answer = await askOnce(gateway.url, agent, {
        stream: own.next() < 0.5,
        leavesAfterMs,
        hungAfterMs: lastDeadlineMs,
      });
      longestMs = Math.max(longestMs, performance.now() - began);
      const lived = places.some(({ wellSince }) => wellSince !== null && wellSince <= began);
      count(counts, answer.outcome, lived);
      if (answer.outcome !== 'whole' && answer.outcome !== 'left' && samples.length < 40) {
        if (lived || answer.outcome !== 'error before a byte') {
          const at = places.map(
            ({ wellSince, illness }) =>
              `${illness} ${wellSince === null ? 'now' : Math.round(performance.now() - wellSince)}`,
          );
          samples.push(`${answer.outcome}: [${at.join(', ')}] ${answer.text}`);
        }
      }
    }
  };

  const afflict = async (index: number): Promise<void> => {
    const own = seededRandom(`${options.seed}:fault:${index}`);
    const place = places[index];
    if (place === undefined) return;
    await pause(own.integer(800));
    while (!state.over) {
      // At least one of the three is well, and has been for a while, so that there is a way to succeed.
      const others = places.filter((other) => other !== place);
      const mayFall = others.some(({ wellSince }) => wellSince !== null && performance.now() - wellSince > 500);
      if (!mayFall) {
        await pause(50);
        continue;
      }
      place.wellSince = null;
      const killed = own.next() < 0.3;
      const illness = illnesses[own.integer(illnesses.length)];
      const name = killed ? 'killed' : (illness?.name ?? '');
      place.illness = name;
      faults[name] = (faults[name] ?? 0) + 1;
      if (killed) await place.fake.kill();
      else if (illness) place.fake.always(illness.answer(own));
      await pause(300 + own.integer(1_500));
      if (killed) await place.fake.revive();
      place.fake.always(wellAnswer);
      // Whoever told us to wait is not asked before.
      place.wellSince = performance.now() + (name === 'limited' ? 1_000 : 0);
      await pause(500 + own.integer(2_500));
    }
  };

  const warm = { until: performance.now() + Math.min(4_000, options.durationMs / 5) };
  try {
    const clients = (until: () => boolean): Promise<void[]> =>
      Promise.all(Array.from({ length: options.clients }, (_, index) => client(index, until)));
    // The warm-up sees every fault too, so that what each allocates once is there before the heap is weighed.
    const afflicted = places.map((_, index) => afflict(index));
    await clients(() => performance.now() > warm.until);
    const heapBeforeBytes = await weigh();
    const progress = setInterval(() => {
      options.onProgress?.(Math.min(1, (performance.now() - startedAt) / options.durationMs), counts);
    }, 5_000);
    await clients(() => performance.now() - startedAt > options.durationMs);
    clearInterval(progress);
    state.over = true;
    await Promise.all(afflicted);
    // A client that left is told to the upstream at once; that takes a turn or two.
    for (let i = 0; i < 100 && places.some(({ fake }) => fake.running > 0); i++) await pause(20);
    const leakedCalls = places.reduce((sum, { fake }) => sum + fake.running, 0);
    while (gateway.app.store.health().pending > 0) await pause(20);
    const heapAfterBytes = await weigh();
    const tried = counts.requests - counts.left - counts.refusedWhileNoneLived;
    return {
      counts,
      faults,
      successShare: tried === 0 ? 0 : 1 - counts.refusedThoughOneLived / tried,
      longestMs,
      unhandled,
      leakedCalls,
      heapBeforeBytes,
      heapAfterBytes,
      samples,
    };
  } finally {
    state.over = true;
    process.off('unhandledRejection', onUnhandled);
    agent.destroy();
    await gateway.close();
    await Promise.all(places.map(({ fake }) => fake.close()));
  }
}

const tokens = Array.from({ length: 8 }, (_, index) => `word${index} `);

/** A good answer; one in ten on a connection that dies behind it. */
const wellAnswer: Answer = (() => {
  let turn = 0;
  return async (reply, request) => {
    turn++;
    if (turn % 10 === 0) return closesAfter(turn % 3)(reply, request);
    if (turn % 3 === 0) return hello(reply, request);
    const stream = request.json()['stream'] === true;
    reply.head(200, { 'content-type': stream ? 'text/event-stream' : 'application/json' });
    for (const piece of stream ? streamEvents(tokens) : [completion(tokens.join(''))]) {
      await reply.wait(2);
      if (reply.gone) return;
      await reply.write(piece);
    }
    reply.end();
  };
})();

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function count(counts: Counts, outcome: Outcome, lived: boolean): void {
  counts.requests++;
  switch (outcome) {
    case 'whole':
      counts.whole++;
      return;
    case 'left':
      counts.left++;
      return;
    case 'error before a byte':
      if (lived) counts.refusedThoughOneLived++;
      else counts.refusedWhileNoneLived++;
      return;
    case 'error event':
      counts.errorEvents++;
      return;
    case 'silent cut':
      counts.silentCuts++;
      return;
    case 'hung':
      counts.hung++;
      return;
    case 'broken':
      counts.broken++;
      return;
    default:
      outcome satisfies never;
  }
}

/** Bytes of the heap that are in use once everything else is collected. */
async function weigh(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('no collector');
  let least = Infinity;
  for (let i = 0; i < 4; i++) {
    await pause(100);
    collect();
    least = Math.min(least, process.memoryUsage().heapUsed);
  }
  return least;
}
