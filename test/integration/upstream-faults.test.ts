import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  chunkEvent,
  completion,
  doneEvent,
  roleEvent,
  startFakeUpstream,
  stopEvent,
  type Answer,
  type FakeUpstream,
} from '../helpers/fake-upstream.ts';
import { createRig, modelOf, targetOf, type Rig, type Served } from '../upstream/fixtures.ts';

const times = 1000;
const atOnce = 50;

let fake: FakeUpstream;
let rig: Rig;
beforeAll(async () => {
  fake = await startFakeUpstream();
  // The breaker would keep calls away from an upstream that fails a thousand times; here every one must reach it.
  rig = createRig({ failuresToOpen: Infinity, maxAttempts: 1 });
});
afterAll(async () => {
  await rig.close();
  await fake.close();
});

const models = (): readonly [ReturnType<typeof modelOf>] => [modelOf('m', [targetOf('m@1', fake.baseUrl)])];

async function inParallel(one: (index: number) => Promise<Served>): Promise<readonly Served[]> {
  const served: Served[] = [];
  let index = 0;
  const worker = async (): Promise<void> => {
    while (index < times) served.push(await one(index++));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return served;
}

describe('a thousand clients that leave', () => {
  it('are each seen by the upstream: half before the first token, half after; a quarter not streamed', async () => {
    const before = fake.requests.length;
    const patient: Answer = async (reply, request) => {
      if (request.json()['stream'] !== true || request.json()['silent'] === true) return reply.hang();
      reply.head(200, { 'content-type': 'text/event-stream' });
      await reply.write(roleEvent);
      for (;;) {
        if (reply.gone) return;
        await reply.write(chunkEvent({ content: 'x' }));
        await reply.wait(5);
      }
    };
    fake.always(patient);
    const served = await inParallel(async (index) => {
      const client = new AbortController();
      const streams = index % 4 !== 0;
      const early = index % 2 === 0;
      // Early leavers go at any moment from before the connection stands to when tokens flow elsewhere.
      if (early) setTimeout(() => client.abort(), 1 + (index % 37));
      return rig.send(models(), {
        stream: streams,
        signal: client.signal,
        ...(early ? {} : { onCommit: () => setTimeout(() => client.abort(), index % 23) }),
      });
    });
    expect(served).toHaveLength(times);
    for (const { carried } of served) {
      expect(carried).toMatchObject({ aborted: true, failure: null, attempts: [{ endReason: 'client_closed' }] });
    }
    const reached = fake.requests.slice(before);
    const ends = await Promise.all(reached.map(({ ended }) => ended));
    expect(ends.filter((end) => end !== 'gone')).toEqual([]);
    expect(served.filter(({ commit }) => commit !== null).length).toBeGreaterThanOrEqual(times / 2);
    // Only those that left before a connection stood may never have arrived.
    expect(reached.length).toBeGreaterThan(times * 0.9);
  });
});

describe('a thousand upstreams that die in mid-answer', () => {
  it('are each a failure, never a clean end and never a [DONE]', async () => {
    const whole = [
      roleEvent,
      ...Array.from({ length: 20 }, (_, i) => chunkEvent({ content: `token ${i} é🙂` })),
      stopEvent,
      doneEvent,
    ].join('');
    const bytes = Buffer.from(whole);
    const end = bytes.indexOf(stopEvent);
    const first = Buffer.byteLength(roleEvent);
    let next = 0;
    fake.always(async (reply) => {
      const index = next++;
      // Anywhere from inside the first event to just before the finish: at an event's end as well as within one.
      const cutAt = 1 + Math.floor(((end - 2) * index) / times);
      reply.head(200, { 'content-type': 'text/event-stream', ...(index % 3 === 0 ? { connection: 'close' } : {}) });
      await reply.write(bytes.subarray(0, cutAt));
      if (index % 2 === 0) await reply.wait(2);
      reply.cut(index % 4 < 2 ? 'reset' : 'finish');
    });
    const served = await inParallel(() => rig.send(models(), { stream: true }));
    expect(served).toHaveLength(times);
    for (const { carried, commit, text } of served) {
      expect(carried.failure).not.toBeNull();
      expect(carried.aborted).toBe(false);
      expect(text).not.toContain('[DONE]');
      expect(whole.startsWith(text)).toBe(true);
      if (commit) expect(carried.failure).toMatchObject({ kind: 'cut', error: { code: 'upstream_cut' } });
      expect(carried.attempts).toHaveLength(1);
    }
    expect(served.filter(({ commit }) => commit === null).length).toBeGreaterThan((times * first) / end / 2);
  });

  it('are each a failure where the answer is whole, too', async () => {
    const body = Buffer.from(completion('Hello world'));
    let next = 0;
    fake.always(async (reply) => {
      const index = next++;
      const how = [{ connection: 'close' }, { 'content-length': String(body.length) }, {}][index % 3] ?? {};
      reply.head(200, { 'content-type': 'application/json', ...how });
      await reply.write(body.subarray(0, Math.floor(((body.length - 1) * index) / times)));
      reply.cut(index % 2 === 0 ? 'reset' : 'finish');
    });
    const served = await inParallel(() => rig.send(models()));
    for (const { carried, commit } of served) {
      expect(commit).toBeNull();
      expect(carried.failure).not.toBeNull();
    }
  });
});
