import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Model, Target } from '../../src/core/candidate.ts';
import {
  chunkEvent,
  completion,
  doneEvent,
  event,
  hello,
  roleEvent,
  startFakeUpstream,
  status,
  stopEvent,
  stream,
  streamEvents,
  type Answer,
  type FakeUpstream,
} from '../helpers/fake-upstream.ts';
import { createRig, modelOf, targetOf, timeouts, type Rig } from './fixtures.ts';

let fake: FakeUpstream;
let other: FakeUpstream;
let rig: Rig;
beforeEach(async () => {
  [fake, other] = await Promise.all([startFakeUpstream(), startFakeUpstream()]);
  rig = createRig();
});
afterEach(async () => {
  await rig.close();
  await Promise.all([fake.close(), other.close()]);
});

const one = (more: Partial<Target> = {}): Model => modelOf('m', [targetOf('m@1', fake.baseUrl, more)]);
/** The plan's model on `fake`, its fallback on `other`. */
const two = (more: Partial<Target> = {}): readonly [Model, Model] => [
  one(more),
  modelOf('n', [targetOf('n@1', other.baseUrl, more)]),
];
const reset: Answer = (reply) => reply.cut();
const hang: Answer = (reply) => reply.hang();
const pings: Answer = async (reply) => {
  reply.head(200, { 'content-type': 'text/event-stream' });
  while (!reply.gone) {
    await reply.write(': ping\n\n' + roleEvent + chunkEvent({ content: '' }));
    await reply.wait(10);
  }
};

describe('a call that goes well', () => {
  it('whole: committed with its length and cost', async () => {
    const { commit, text, carried, reported } = await rig.send([one()]);
    expect(text).toBe(completion('Hello world'));
    // 9 tokens in at $1, 2 out at $2 a million.
    expect(commit).toMatchObject({
      model: 'm',
      target: 'm@1',
      attempts: 1,
      costUsd: 13e-6,
      contentLength: text.length,
      simulated: false,
    });
    expect(carried).toMatchObject({ servedModel: 'm', fallback: false, costUsd: 13e-6, failure: null, aborted: false });
    expect(carried.attempts).toMatchObject([
      { model: 'm', target: 'm@1', status: 200, endReason: 'stop', usage: { inputTokens: 9 } },
    ]);
    expect(reported).toEqual([{ attempt: carried.attempts[0], failure: null }]);
  });

  it('streamed: cost is known at the end', async () => {
    const { commit, text, carried } = await rig.send([one()], { stream: true });
    expect(text).toBe(streamEvents(['Hello', ' world'], false).join(''));
    expect(commit).toMatchObject({ costUsd: null, contentLength: null });
    expect(carried.costUsd).toBeCloseTo(13e-6, 12);
    const [attempt] = carried.attempts;
    expect(attempt?.firstTokenAt).toBeGreaterThanOrEqual(attempt?.startedAt ?? Infinity);
    expect(attempt?.endedAt).toBeGreaterThanOrEqual(attempt?.firstTokenAt ?? Infinity);
  });

  it('leaves the usage chunk to clients that asked', async () => {
    expect((await rig.send([one()], { stream: true, includeUsage: true })).text).toContain('"total_tokens":11');
  });

  it('counts cached tokens at their price, and believes an upstream that tells the cost', async () => {
    const usage = { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 4 } };
    fake.next(
      status(200, completion('x', { usage })),
      status(200, completion('x', { usage: { ...usage, cost: 0.5 } })),
    );
    expect((await rig.send([one()])).carried.costUsd).toBeCloseTo(8.4e-6, 12);
    expect((await rig.send([one()])).carried.costUsd).toBe(0.5);
  });

  it('unknown usage or price is unknown cost, never zero', async () => {
    fake.next(status(200, completion('x', { usage: undefined })));
    expect((await rig.send([one()])).carried.costUsd).toBeNull();
    expect((await rig.send([modelOf('m', one().targets, { price: null })])).carried.costUsd).toBeNull();
  });

  it.each([
    ['length', 'length'],
    ['tool_calls', 'tool_calls'],
    ['content_filter', 'content_filter'],
    ['abort', 'other'],
  ])('finish_reason %s is end reason %s', async (finishReason, endReason) => {
    fake.next(stream([chunkEvent({ content: 'x' }), chunkEvent({}, finishReason), doneEvent]));
    expect((await rig.send([one()], { stream: true })).carried.attempts[0]?.endReason).toBe(endReason);
  });

  it('says that a model is simulated', async () => {
    expect((await rig.send([modelOf('m', one().targets, { simulated: true })])).commit?.simulated).toBe(true);
  });
});

describe('holding back', () => {
  it('commits a stream with its first real output, and loses nothing of what was held', async () => {
    const before = [roleEvent, chunkEvent({ content: '' })];
    const order: string[] = [];
    fake.next(async (reply) => {
      reply.head(200, { 'content-type': 'text/event-stream' });
      for (const piece of before) await reply.write(piece);
      await reply.wait(30);
      order.push('token');
      for (const piece of [chunkEvent({ content: 'x' }), stopEvent, doneEvent]) await reply.write(piece);
      reply.end();
    });
    const { text } = await rig.send([one()], { stream: true, onCommit: () => order.push('commit') });
    expect(order).toEqual(['token', 'commit']);
    expect(text).toBe([...before, chunkEvent({ content: 'x' }), stopEvent, doneEvent].join(''));
  });

  it('falls back when the error comes inside a 200 stream before any output', async () => {
    fake.next(stream([roleEvent, event({ error: { message: 'overloaded' } }), doneEvent]));
    const { text, carried, commit } = await rig.send(two(), { stream: true });
    expect(text).toBe(streamEvents(['Hello', ' world'], false).join(''));
    expect(commit).toMatchObject({ model: 'n', attempts: 2 });
    expect(carried).toMatchObject({ servedModel: 'n', fallback: true, failure: null });
    expect(carried.attempts.map(({ endReason }) => endReason)).toEqual(['failed', 'stop']);
  });

  it.each([
    ['events', { holdEvents: 4, holdBytes: 1e9 }],
    ['bytes', { holdEvents: 1e9, holdBytes: roleEvent.length * 4 }],
  ])('is bounded in %s', async (_, settings) => {
    await rig.close();
    rig = createRig(settings);
    let sent = 0;
    let sentAtCommit = 0;
    fake.next(async (reply) => {
      reply.head(200, { 'content-type': 'text/event-stream' });
      for (; sent < 30; sent++) {
        await reply.write(roleEvent);
        await reply.wait(2);
      }
      await reply.write(chunkEvent({ content: 'x' }) + stopEvent + doneEvent);
      reply.end();
    });
    const { text } = await rig.send([one()], { stream: true, onCommit: () => (sentAtCommit = sent) });
    expect(sentAtCommit).toBeLessThan(15);
    expect(text.split(roleEvent)).toHaveLength(31);
  });

  it('a stream that dies after its commit is a cut, never tried elsewhere', async () => {
    fake.next(async (reply) => {
      reply.head(200, { 'content-type': 'text/event-stream' });
      await reply.write(roleEvent + chunkEvent({ content: 'x' }));
      await reply.wait(5);
      reply.cut();
    });
    const { carried, text } = await rig.send(two(), { stream: true });
    expect(carried).toMatchObject({ servedModel: 'm', failure: { kind: 'cut', retryable: false }, aborted: false });
    expect(carried.attempts).toMatchObject([{ endReason: 'cut', costUsd: null }]);
    expect(text).not.toContain('[DONE]');
    expect(other.requests).toHaveLength(0);
  });

  it('garbage after the commit is a cut too', async () => {
    fake.next(stream([chunkEvent({ content: 'x' }), 'data: <html>\n\n']));
    expect((await rig.send([one()], { stream: true })).carried.failure).toMatchObject({ kind: 'cut' });
  });
});

describe('where a call goes next', () => {
  it('another target of the same model, then the next in the ranking', async () => {
    const model = modelOf('m', [targetOf('m@1', fake.baseUrl), targetOf('m@2', fake.baseUrl)]);
    fake.always(status(500, '{}'));
    const { carried } = await rig.send([model, modelOf('n', [targetOf('n@1', other.baseUrl)])]);
    expect(carried.attempts.map(({ target }) => target).sort()).toEqual(['m@1', 'm@2', 'n@1']);
    expect(carried.attempts.at(-1)?.target).toBe('n@1');
    expect(carried).toMatchObject({ servedModel: 'n', fallback: true });
  });

  it('at most two targets of a model', async () => {
    const model = modelOf(
      'm',
      [1, 2, 3, 4].map((i) => targetOf(`m@${i}`, fake.baseUrl)),
    );
    fake.always(status(500, '{}'));
    await rig.send([model]);
    expect(fake.requests).toHaveLength(2);
  });

  it('the same target once more where no answer began and there is no other', async () => {
    fake.next(reset);
    const { carried } = await rig.send([one()]);
    expect(carried).toMatchObject({ servedModel: 'm', fallback: false, failure: null });
    expect(carried.attempts.map(({ endReason }) => endReason)).toEqual(['failed', 'stop']);
    // The first request was sent and nobody knows what it cost.
    expect(carried.costUsd).toBeNull();
  });

  it('but only once for a request, and never after a status', async () => {
    fake.always(reset);
    other.always(reset);
    await rig.send(two());
    expect([fake.requests.length, other.requests.length]).toEqual([2, 1]);
    await rig.close();
    rig = createRig();
    fake.always(status(500, '{}'));
    await rig.send([one()]);
    expect(fake.requests).toHaveLength(3);
  });

  it('no further than maxAttempts', async () => {
    await rig.close();
    rig = createRig({ maxAttempts: 3 });
    fake.always(status(500, '{}'));
    const models = Array.from({ length: 6 }, (_, i) => modelOf(`m${i}`, [targetOf(`m${i}@1`, fake.baseUrl)]));
    const { carried } = await rig.send(models);
    expect(carried.attempts).toHaveLength(3);
    expect(carried.attempts.map(({ model }) => model)).toEqual(['m0', 'm1', 'm2']);
  });

  it('nowhere, when the client’s own request is wrong', async () => {
    const body = '{"error":{"message":"bad"}}';
    fake.next(status(400, body));
    const { carried } = await rig.send(two());
    expect(carried.failure).toMatchObject({ retryable: false, passThrough: { status: 400, body: Buffer.from(body) } });
    expect(other.requests).toHaveLength(0);
    expect(rig.upstream.health.snapshot()).toEqual([]);
  });

  it('around a target whose answer is no answer', async () => {
    fake.next(status(200, '<html>'));
    expect((await rig.send(two())).carried.servedModel).toBe('n');
  });

  it('to no target that the wishes forbid, in no attempt', async () => {
    const near = targetOf('m@near', fake.baseUrl, { local: true });
    const far = targetOf('m@far', other.baseUrl, { local: false });
    fake.always(status(500, '{}'));
    const models = [modelOf('m', [near, far]), modelOf('n', [{ ...far, id: 'n@far' }])];
    const { carried } = await rig.send(models, { query: { wishes: { localOnly: true } } });
    expect(carried.attempts.map(({ target }) => target)).toEqual(['m@near']);
    expect(other.requests).toHaveLength(0);
    const none = await rig.send(models, { query: { wishes: { region: 'mars' } } });
    expect(none.carried).toMatchObject({ attempts: [], failure: { error: { code: 'no_eligible_candidate' } } });
  });

  it('nowhere when the plan is to reject', async () => {
    const { carried } = await rig.send([one()], { plan: { type: 'reject', reason: 'too dear' } });
    expect(carried.failure?.error).toMatchObject({ code: 'no_eligible_candidate', message: 'too dear' });
    expect(fake.requests).toHaveLength(0);
  });

  it('on from a target whose backend nobody has', async () => {
    const { carried } = await rig.send(two({ backend: 'telepathy' }));
    expect(carried.failure?.error.message).toContain('backend');
    expect(carried.attempts).toHaveLength(2);
  });
});

describe('what the client is told at the end', () => {
  it('nothing can be reached: 503', async () => {
    await fake.close();
    const { carried } = await rig.send([one()]);
    expect(carried.failure).toMatchObject({ kind: 'connect', error: { code: 'no_healthy_target', status: 503 } });
    expect(carried.failure?.error.retryAfterMs).toBeGreaterThan(0);
    expect(carried.costUsd).toBe(0);
    fake = await startFakeUpstream();
  });

  it('all too slow: 504', async () => {
    fake.always(hang);
    other.always(hang);
    const slow = { timeouts: { ...timeouts, totalMs: 40 } };
    const { carried } = await rig.send(two(slow));
    expect(carried.failure).toMatchObject({ kind: 'timeout', error: { code: 'upstream_timeout', status: 504 } });
    expect(carried.attempts.map(({ endReason }) => endReason)).toEqual(['timeout', 'timeout']);
    expect(carried.costUsd).toBeNull();
  });

  it('all at their limit: 429 with the shortest of the upstreams’ delays', async () => {
    fake.next(status(429, '{}', { 'retry-after': '9' }));
    other.next(status(429, '{}', { 'retry-after': '5' }));
    const { carried } = await rig.send(two());
    expect(carried.failure?.error).toMatchObject({ code: 'rate_limited', status: 429 });
    expect(carried.failure?.error.retryAfterMs).toBeGreaterThan(4500);
    expect(carried.failure?.error.retryAfterMs).toBeLessThanOrEqual(5000);
    // Refused calls cost nothing, and that is known.
    expect(carried.costUsd).toBe(0);
  });

  it('our key is bad: 502 with its own code, never 401', async () => {
    fake.next(status(401, '{"error":{"message":"Incorrect API key"}}'));
    const { carried } = await rig.send([one()]);
    expect(carried.failure).toMatchObject({
      kind: 'credential',
      retryable: false,
      error: { code: 'upstream_credential', status: 502 },
    });
    expect(carried.failure).not.toHaveProperty('passThrough');
  });

  it('each failed in its own way: 502, and the message has them all', async () => {
    fake.next(status(500, '{"error":{"message":"first"}}'));
    other.next(status(200, '<html>'));
    const { carried } = await rig.send(two());
    expect(carried.failure?.error).toMatchObject({ code: 'upstream_failed', status: 502 });
    expect(carried.failure?.error.message).toMatch(/first.*not JSON/);
  });
});

describe('deadlines', () => {
  const times = (more: Partial<typeof timeouts>): Partial<Target> => ({ timeouts: { ...timeouts, ...more } });

  it('first token: pings, roles and empty deltas do not reset it', async () => {
    fake.next(pings);
    const { carried } = await rig.send([one(times({ firstTokenMs: 80 })), two()[1]], { stream: true });
    expect(carried).toMatchObject({ servedModel: 'n', failure: null });
    expect(carried.attempts[0]).toMatchObject({ endReason: 'timeout', firstTokenAt: null, status: 200 });
    await expect(fake.requests[0]?.ended).resolves.toBe('gone');
  });

  it('first token: also where no header comes', async () => {
    fake.next(hang);
    const { carried } = await rig.send([one(times({ firstTokenMs: 50 })), two()[1]], { stream: true });
    expect(carried.attempts[0]).toMatchObject({ endReason: 'timeout', status: null });
    await expect(fake.requests[0]?.ended).resolves.toBe('gone');
  });

  it('first token does not hold for whole answers', async () => {
    fake.next(async (reply, request) => {
      await reply.wait(100);
      await hello(reply, request);
    });
    expect((await rig.send([one(times({ firstTokenMs: 30 }))])).carried.failure).toBeNull();
  });

  it('idle: a stream that falls silent is cut off', async () => {
    fake.next(async (reply) => {
      reply.head(200, { 'content-type': 'text/event-stream' });
      await reply.write(chunkEvent({ content: 'x' }));
      await reply.hang();
    });
    const { carried } = await rig.send([one(times({ idleMs: 60 }))], { stream: true });
    expect(carried.failure).toMatchObject({ kind: 'timeout' });
    expect(carried.failure?.error.message).toContain('idle_ms');
    await expect(fake.requests[0]?.ended).resolves.toBe('gone');
  });

  it('idle: a steady stream may take longer than it', async () => {
    fake.next(stream(streamEvents(Array.from({ length: 16 }, (_, i) => `t${i}`)), 40));
    const { carried } = await rig.send([one(times({ idleMs: 500 }))], { stream: true });
    expect(carried.failure).toBeNull();
  });

  it('idle: a client that takes its time is not the upstream’s silence', async () => {
    let writes = 0;
    fake.next(stream(streamEvents(['a', 'b', 'c', 'd']), 5));
    const { carried } = await rig.send([one(times({ idleMs: 300 }))], {
      stream: true,
      onWrite(_, drain) {
        if (writes++ > 0) return true;
        setTimeout(drain, 700);
        return false;
      },
    });
    expect(carried.failure).toBeNull();
  });

  it('idle: counts again once the client goes on', async () => {
    fake.next(async (reply) => {
      reply.head(200, { 'content-type': 'text/event-stream' });
      await reply.write(chunkEvent({ content: 'x' }));
      await reply.hang();
    });
    const { carried } = await rig.send([one(times({ idleMs: 100 }))], {
      stream: true,
      onWrite(_, drain) {
        setTimeout(drain, 50);
        return false;
      },
    });
    expect(carried.failure?.error.message).toContain('idle_ms');
  });

  it('total: holds though tokens keep coming', async () => {
    fake.next(
      stream(
        Array.from({ length: 10_000 }, () => chunkEvent({ content: 'x' })),
        5,
      ),
    );
    const { carried } = await rig.send([one(times({ totalMs: 120 }))], { stream: true });
    expect(carried.failure?.error.message).toContain('total_ms');
    await expect(fake.requests[0]?.ended).resolves.toBe('gone');
  });
});

describe('the breaker at work', () => {
  beforeEach(async () => {
    await rig.close();
    rig = createRig({ failuresToOpen: 2, cooldownMs: 60_000 });
  });

  it('passes a cooling target over, and health says so', async () => {
    fake.always(status(500, '{}'));
    const models = two();
    await rig.send(models);
    expect(rig.upstream.health.isUp(models[0])).toBe(true);
    await rig.send(models);
    expect(rig.upstream.health.isUp(models[0])).toBe(false);
    expect(rig.upstream.health.isUp(models[1])).toBe(true);
    expect(rig.upstream.health.snapshot()).toMatchObject([{ target: 'm@1', state: 'open', failures: 2 }]);
    const { carried } = await rig.send(models);
    expect(carried.attempts.map(({ target }) => target)).toEqual(['n@1']);
    expect(fake.requests).toHaveLength(2);
  });

  it('counts failures in a row only', async () => {
    for (const answer of [status(500, '{}'), hello, status(500, '{}'), hello]) {
      fake.next(answer);
      await rig.send([one()]);
    }
    expect(fake.requests).toHaveLength(4);
    expect(rig.upstream.health.snapshot()).toEqual([]);
  });

  it('one failing target of two leaves the model up', async () => {
    const model = modelOf('m', [targetOf('m@bad', fake.baseUrl), targetOf('m@good', other.baseUrl)]);
    fake.always(status(500, '{}'));
    for (let i = 0; i < 20; i++) expect((await rig.send([model])).carried.failure).toBeNull();
    expect(fake.requests).toHaveLength(2);
    expect(rig.upstream.health.isUp(model)).toBe(true);
  });

  it('tries the soonest once when all are cooling, and takes it back when it answers', async () => {
    fake.next(status(500, '{}'), status(500, '{}'));
    await rig.send([one()]);
    await rig.send([one()]);
    expect(rig.upstream.health.isUp(one())).toBe(false);
    const { carried } = await rig.send([one()]);
    expect(carried).toMatchObject({ servedModel: 'm', failure: null });
    expect(rig.upstream.health.isUp(one())).toBe(true);
  });

  it('asks a cooling target once all others have failed: it may be back', async () => {
    const models = two();
    fake.always(status(500, '{}'));
    await rig.send(models);
    await rig.send(models);
    expect(rig.upstream.health.isUp(models[0])).toBe(false);
    fake.always(hello);
    other.next(status(500, '{}'));
    const { carried } = await rig.send(models);
    expect(carried.attempts.map(({ target }) => target)).toEqual(['n@1', 'm@1']);
    expect(carried).toMatchObject({ servedModel: 'm', failure: null });
  });

  it('asks a target that was passed over while it cooled and is well by the time all others have failed', async () => {
    await rig.close();
    rig = createRig({ failuresToOpen: 1, cooldownMs: 300 });
    const model = modelOf('m', [targetOf('m@1', fake.baseUrl), targetOf('m@2', other.baseUrl, { weight: 0 })]);
    fake.next(status(500, '{}'));
    expect((await rig.send([model])).carried.attempts.map(({ target }) => target)).toEqual(['m@1', 'm@2']);
    other.next(async (reply, request) => {
      await reply.wait(400);
      await status(500, '{}')(reply, request);
    });
    const { carried } = await rig.send([model]);
    expect(carried.attempts.map(({ target }) => target)).toEqual(['m@2', 'm@1']);
    expect(carried.failure).toBeNull();
  });

  it('does not ask a target that told when to come back, and passes that time on', async () => {
    fake.next(status(429, '{}', { 'retry-after': '30' }));
    await rig.send([one()]);
    const { carried } = await rig.send([one()]);
    expect(fake.requests).toHaveLength(1);
    expect(carried).toMatchObject({ attempts: [], failure: { error: { code: 'rate_limited', status: 429 } } });
    expect(carried.failure?.error.retryAfterMs).toBeGreaterThan(29_000);
    expect(rig.upstream.health.soonestMs()).toBeGreaterThan(29_000);
  });

  it('is told the truth about the wait when nothing can be reached', async () => {
    fake.always(reset);
    const { carried } = await rig.send([one()]);
    expect(carried.failure?.error.code).toBe('no_healthy_target');
    expect(carried.failure?.error.retryAfterMs).toBeGreaterThan(59_000);
  });

  it('a bad key opens it at once', async () => {
    fake.next(status(401, '{}'));
    await rig.send([one()]);
    expect(rig.upstream.health.isUp(one())).toBe(false);
  });

  it('streams that are always cut do open it', async () => {
    fake.always(async (reply) => {
      reply.head(200, { 'content-type': 'text/event-stream' });
      await reply.write(chunkEvent({ content: 'x' }));
      await reply.wait(2);
      reply.cut();
    });
    await rig.send([one()], { stream: true });
    await rig.send([one()], { stream: true });
    expect(rig.upstream.health.isUp(one())).toBe(false);
  });
});

describe('the client', () => {
  it('that left before we began costs no call', async () => {
    const { carried } = await rig.send([one()], { signal: AbortSignal.abort() });
    expect(carried).toMatchObject({ aborted: true, attempts: [], failure: null, servedModel: null });
    expect(fake.requests).toHaveLength(0);
  });

  it.each([false, true])('that leaves before the first token ends the upstream call (stream %s)', async (streamed) => {
    fake.next(hang);
    const client = new AbortController();
    const sent = rig.send(two(), { stream: streamed, signal: client.signal });
    await fake.received(1);
    client.abort();
    const { carried, commit, reported } = await sent;
    expect(commit).toBeNull();
    expect(carried).toMatchObject({ aborted: true, failure: null, servedModel: null });
    expect(carried.attempts).toMatchObject([{ endReason: 'client_closed', costUsd: null }]);
    expect(reported).toHaveLength(1);
    await expect(fake.requests[0]?.ended).resolves.toBe('gone');
    expect(other.requests).toHaveLength(0);
    expect(rig.upstream.health.snapshot()).toEqual([]);
  });

  it('that leaves in mid-stream ends the upstream call', async () => {
    fake.next(
      stream(
        Array.from({ length: 10_000 }, () => chunkEvent({ content: 'x' })),
        2,
      ),
    );
    const client = new AbortController();
    let writes = 0;
    const { carried } = await rig.send([one()], {
      stream: true,
      signal: client.signal,
      onWrite() {
        if (++writes === 5) client.abort();
      },
    });
    expect(carried).toMatchObject({ aborted: true, servedModel: 'm', attempts: [{ endReason: 'client_closed' }] });
    expect(writes).toBe(5);
    await expect(fake.requests[0]?.ended).resolves.toBe('gone');
  });

  it('that leaves while its answer is committed gets nothing written', async () => {
    const client = new AbortController();
    for (const streamed of [false, true]) {
      const { carried, text } = await rig.send([one()], {
        stream: streamed,
        signal: client.signal,
        onCommit: () => client.abort(),
      });
      expect(carried.aborted).toBe(true);
      expect(text).toBe('');
    }
  });

  it('that leaves during the pause before a second try ends the matter', async () => {
    await rig.close();
    rig = createRig({ retryPauseMs: 60_000 });
    fake.next(reset);
    const client = new AbortController();
    const sent = rig.send([one()], { signal: client.signal });
    await fake.received(1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    client.abort();
    expect((await sent).carried).toMatchObject({ aborted: true, attempts: [{ endReason: 'failed' }] });
    expect(fake.requests).toHaveLength(1);
  });

  it('that leaves while its call is the probe of a breaker frees the way for the next', async () => {
    await rig.close();
    rig = createRig({ failuresToOpen: 1, cooldownMs: 1 });
    fake.next(status(500, '{}'), hang);
    await rig.send([one()]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const client = new AbortController();
    const sent = rig.send([one()], { signal: client.signal });
    await fake.received(2);
    expect(rig.upstream.health.isUp(one())).toBe(false);
    client.abort();
    await sent;
    expect(rig.upstream.health.isUp(one())).toBe(true);
  });

  it('that cannot take more makes the upstream wait, and gets everything', async () => {
    const token = chunkEvent({ content: 'y'.repeat(50_000) });
    let sent = 0;
    fake.next(async (reply) => {
      reply.head(200, { 'content-type': 'text/event-stream' });
      for (; sent < 600 && !reply.gone; sent++) await reply.write(token);
      await reply.write(stopEvent + doneEvent);
      reply.end();
    });
    const stalled: number[] = [];
    let written = 0;
    const { text, carried } = await rig.send([one()], {
      stream: true,
      onWrite(bytes, drain) {
        written += bytes.length;
        if (stalled.length > 0) return true;
        for (const ms of [50, 200]) setTimeout(() => stalled.push(written), ms);
        setTimeout(drain, 250);
        return false;
      },
    });
    expect(carried.failure).toBeNull();
    expect(stalled).toHaveLength(2);
    expect(stalled[1]).toBe(stalled[0]);
    expect(stalled[1]).toBeLessThan(10 * token.length);
    expect(text.length).toBe(600 * token.length + stopEvent.length + doneEvent.length);
  });
});
