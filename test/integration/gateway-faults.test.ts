import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/outcomes/database.ts';
import {
  chunkEvent,
  doneEvent,
  hello,
  roleEvent,
  startFakeUpstream,
  stopEvent,
  usageEvent,
  type FakeUpstream,
} from '../helpers/fake-upstream.ts';
import { ask, giveFeedback, startGateway, type RunningGateway } from '../helpers/running-gateway.ts';

const times = 1000;
const atOnce = 50;

let fake: FakeUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  fake = await startFakeUpstream();
  // Two targets on one server: with a single failing one the breaker would rightly refuse most of these requests.
  gateway = await startGateway(`
models:
  - id: only
    price: { input: 1, output: 1 }
    targets: [{ id: a, base_url: "${fake.baseUrl}" }]
routes: { auto: { policy: static, estimators: { quality: mean, cost: mean } } }
`);
});
afterEach(() => fake.always(hello));
afterAll(async () => {
  await gateway.close();
  await fake.close();
});

async function inParallel<T>(run: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < times) results.push(await run(next++));
    }),
  );
  return results;
}

interface Leaver {
  readonly stream: boolean;
  /** Leaves at the first byte of its answer, or once this has resolved. */
  readonly when: 'first byte' | Promise<unknown>;
  readonly text?: string;
}

/** A client on a socket of its own that leaves; resolves when it has. */
function leave({ stream, when, text = 'hi' }: Leaver): Promise<void> {
  return new Promise((resolve) => {
    const body = JSON.stringify({ model: 'auto', stream, messages: [{ role: 'user', content: text }] });
    const call = request(
      `${gateway.url}/v1/chat/completions`,
      { method: 'POST', agent: false, headers: { 'content-type': 'application/json' } },
      (response) => {
        response.on('error', () => undefined);
        response.once('data', () => {
          if (when === 'first byte') call.destroy();
        });
      },
    );
    call.on('error', () => undefined);
    call.on('close', () => resolve());
    call.end(body);
    if (when !== 'first byte') void when.then(() => call.destroy());
  });
}

describe('clients that leave', () => {
  it(`are seen by the upstream in ${times} of ${times}: before the first token and after, streamed and not`, async () => {
    const before = fake.requests.length;
    // Who leaves waits until its request has reached the upstream: else there would be nothing to see.
    const arrivals = new Map<string, () => void>();
    fake.always(async (reply, asked) => {
      const text = /client \d+/.exec(asked.raw.toString())?.[0] ?? '';
      arrivals.get(text)?.();
      if (asked.json()['stream'] !== true) return reply.hang();
      reply.head(200, { 'content-type': 'text/event-stream' });
      await reply.write(roleEvent);
      // Half of the streams never reach a token: their clients leave while the gateway still holds the stream back.
      if (fake.requests.length % 4 === 1) return reply.hang();
      while (!reply.gone) {
        await reply.write(chunkEvent({ content: 'x' }));
        await reply.wait(5);
      }
    });
    await inParallel((index) => {
      const text = `client ${index}`;
      const arrived = new Promise<void>((resolve) => arrivals.set(text, resolve));
      // Some time later, so that streams have come to their first tokens.
      const when = arrived.then(() => new Promise((resolve) => setTimeout(resolve, index % 40)));
      return leave({ stream: index % 4 !== 2, when, text });
    });
    const calls = fake.requests.slice(before);
    expect(calls.length).toBe(times);
    const ends = await Promise.all(calls.map(({ ended }) => ended));
    expect(ends.filter((end) => end === 'gone').length).toBe(times);
  });

  it('after the first token too', async () => {
    const before = fake.requests.length;
    fake.always(async (reply) => {
      reply.head(200, { 'content-type': 'text/event-stream' });
      while (!reply.gone) {
        await reply.write(chunkEvent({ content: 'x' }));
        await reply.wait(5);
      }
    });
    await inParallel(() => leave({ stream: true, when: 'first byte' }));
    const ends = await Promise.all(fake.requests.slice(before).map(({ ended }) => ended));
    expect(ends.filter((end) => end === 'gone').length).toBe(times);
  });
});

describe('upstreams that die in the middle of a stream', () => {
  it(`end in one error event and never in [DONE], ${times} of ${times}`, async () => {
    const events = [
      roleEvent,
      chunkEvent({ content: 'Hello' }),
      chunkEvent({ content: ' world' }),
      stopEvent,
      usageEvent(),
      doneEvent,
    ];
    const bytes = Buffer.from(events.join(''));
    // Anywhere from right behind the first token to inside the finish_reason; later there is nothing left to miss.
    const first = Buffer.byteLength(events.slice(0, 2).join(''));
    const last = Buffer.byteLength(events.slice(0, 3).join('')) + stopEvent.length - 2;
    let count = 0;
    fake.always(async (reply) => {
      const end = first + (count++ % (last - first));
      reply.head(200, { 'content-type': 'text/event-stream' });
      await reply.write(bytes.subarray(0, end));
      await reply.wait(1);
      reply.cut(count % 2 === 0 ? 'reset' : 'finish');
    });
    const answers = await inParallel(async () => {
      // The breaker opens on so many cuts; while it cools an answer says when to come back. Those are asked again.
      for (;;) {
        const answer = await ask(gateway.url, {
          model: 'auto',
          stream: true,
          messages: [{ role: 'user', content: 'hi' }],
        });
        if (answer.status === 200) return answer;
        expect(answer.status).toBe(503);
        await new Promise((done) => setTimeout(done, 20));
      }
    });
    const wrong = answers.filter(({ text }) => {
      const data = text.split('\n\n').filter(Boolean);
      const errors = data.filter((event) => event.startsWith('data: {"error":'));
      return text.includes('[DONE]') || errors.length !== 1 || data.at(-1) !== errors[0] || !text.endsWith('\n\n');
    });
    expect(wrong.slice(0, 3)).toEqual([]);
    expect(answers.length).toBe(times);
  });
});

describe('a database that is locked', () => {
  it('costs no chat; feedback answers 503 with a time to come back, and works again afterwards', async () => {
    const own = await startGateway(`
models: [{ id: small, backend: simulated, price: { input: 1, output: 1 }, options: { skills: {} } }]
routes: { auto: { policy: static, estimators: { quality: mean, cost: mean } } }
`);
    const chat = () => ask(own.url, { model: 'auto', max_tokens: 2, messages: [{ role: 'user', content: 'hi' }] });
    const decision = (await chat()).headers.get('x-pointsman-decision') ?? '';
    const other = openDatabase({ path: join(own.folder, 'outcomes.db'), busyTimeoutMs: 2000, maxPages: null });
    other.exec('BEGIN EXCLUSIVE');
    try {
      const answers = await Promise.all(Array.from({ length: 50 }, chat));
      expect(answers.every(({ status }) => status === 200)).toBe(true);
      const refused = await giveFeedback(own.url, decision, 1);
      expect(refused.status).toBe(503);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await refused.json()).toMatchObject({ error: { code: 'storage_unavailable' } });
      expect(await (await fetch(`${own.url}/metrics`)).text()).toMatch(/pointsman_store_available 0/);
    } finally {
      other.exec('COMMIT');
      other.close();
    }
    await expect.poll(async () => (await giveFeedback(own.url, decision, 1)).status, { timeout: 10_000 }).toBe(200);
    expect(own.log.filter((line) => /database/.test(line)).length).toBeLessThan(6);
    await own.close();
  });
});
