import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../src/core/clock.ts';
import { Breaker } from '../../src/upstream/breaker.ts';
import { Hedging } from '../../src/upstream/hedging.ts';
import { defaultUpstreamSettings } from '../../src/upstream/settings.ts';
import { plainPlan } from '../../src/upstream/upstream-plan.ts';
import { chunkEvent, hello, startFakeUpstream, status, type FakeUpstream } from '../helpers/fake-upstream.ts';
import { createRig, modelOf, targetOf, type Rig } from './fixtures.ts';

let fake: FakeUpstream;
let other: FakeUpstream;
let rig: Rig;
beforeEach(async () => {
  [fake, other] = await Promise.all([startFakeUpstream(), startFakeUpstream()]);
  rig = createRig({ backoffTries: 2, backoffMs: 4, retryWaitMs: 400 });
});
afterEach(async () => {
  await rig.close();
  await Promise.all([fake.close(), other.close()]);
});
const one = () => modelOf('m', [targetOf('m@1', fake.baseUrl)]);

describe('when everybody was asked', () => {
  it('a status that may pass is tried again, and no more than backoffTries allows', async () => {
    fake.next(status(500, '{}'), status(503, '{}'));
    expect((await rig.send([one()])).carried).toMatchObject({ servedModel: 'm', failure: null });
    expect(fake.requests).toHaveLength(3);
    await rig.close();
    rig = createRig({ backoffTries: 2, backoffMs: 1, failuresToOpen: 10 });
    fake.always(status(500, '{}'));
    const { carried } = await rig.send([one()]);
    expect(carried.attempts).toHaveLength(3);
    expect(carried.failure?.error.code).toBe('upstream_failed');
  });

  it('the next model of the ranking comes before any pause', async () => {
    fake.always(status(500, '{}'));
    const { carried } = await rig.send([one(), modelOf('n', [targetOf('n@1', other.baseUrl)])]);
    expect(carried.attempts.map(({ target }) => target)).toEqual(['m@1', 'n@1']);
  });

  it('a near retry-after is waited for, and not undercut', async () => {
    const told = status(429, '{}', { 'retry-after-ms': '60' });
    fake.next(told);
    const { carried } = await rig.send([one()]);
    expect(carried).toMatchObject({ servedModel: 'm', failure: null });
    const [first, second] = carried.attempts;
    // Wall clock and timers round differently by a millisecond.
    expect((second?.startedAt ?? 0) - (first?.endedAt ?? 0)).toBeGreaterThanOrEqual(58);
  });

  it('a far one is the client’s to wait for', async () => {
    fake.next(status(429, '{}', { 'retry-after': '5' }));
    const { carried } = await rig.send([one()]);
    expect(carried.failure?.error).toMatchObject({ code: 'rate_limited' });
    expect(carried.failure?.error.retryAfterMs).toBeGreaterThan(4_500);
    expect(fake.requests).toHaveLength(1);
  });

  it('never more calls than the budget, whatever kind they are', async () => {
    await rig.close();
    rig = createRig({ maxAttempts: 2, backoffTries: 9, backoffMs: 1, retryWaitMs: 400 });
    fake.always(status(429, '{}', { 'retry-after-ms': '5' }));
    expect((await rig.send([one()])).carried.attempts).toHaveLength(2);
  });

  it('a client that leaves while it waits ends the matter', async () => {
    fake.always(status(429, '{}', { 'retry-after-ms': '300' }));
    const client = new AbortController();
    void fake.requests[0]?.ended;
    const sent = rig.send([one()], { signal: client.signal });
    await fake.received(1);
    await new Promise((resolve) => setTimeout(resolve, 40));
    client.abort();
    expect((await sent).carried).toMatchObject({ aborted: true, attempts: [{ endReason: 'failed' }] });
    expect(fake.requests).toHaveLength(1);
  });
});

describe('breakers that count shares', () => {
  const settings = { ...defaultUpstreamSettings, failuresToOpen: 100, rateCalls: 10, cooldownMs: 1000 };

  it('half of the last calls failing opens, with successes in between', () => {
    const breaker = new Breaker(manualClock(1), settings);
    for (let i = 0; i < 5; i++) {
      expect(breaker.available('t')).toBe(true);
      breaker.failed('t', { opens: false, atLeastMs: 0 });
      breaker.succeeded('t', breaker.begin('t'));
    }
    breaker.failed('t', { opens: false, atLeastMs: 0 });
    expect(breaker.coolingMs('t')).toBe(1000);
  });

  it('a fifth of them does not, nor do failures of long ago', () => {
    const clock = manualClock(1);
    const breaker = new Breaker(clock, settings);
    for (let i = 0; i < 100; i++) {
      if (i % 5 === 0) breaker.failed('t', { opens: false, atLeastMs: 0 });
      else breaker.succeeded('t', breaker.begin('t'));
    }
    expect(breaker.available('t')).toBe(true);
    for (let i = 0; i < 9; i++) breaker.failed('t', { opens: false, atLeastMs: 0 });
    clock.advance(61_000);
    breaker.failed('u', { opens: false, atLeastMs: 0 });
    breaker.succeeded('t', breaker.begin('t'));
    breaker.failed('t', { opens: false, atLeastMs: 0 });
    expect(breaker.available('t')).toBe(true);
  });

  it('slow answers open it too, and once it is open they count anew', () => {
    const clock = manualClock(1);
    const breaker = new Breaker(clock, settings);
    for (let i = 0; i < 9; i++) breaker.succeeded('t', breaker.begin('t'), true);
    expect(breaker.available('t')).toBe(true);
    breaker.succeeded('t', breaker.begin('t'), true);
    expect(breaker.coolingMs('t')).toBe(1000);
    clock.advance(1000);
    breaker.succeeded('t', breaker.begin('t'), true);
    expect(breaker.available('t')).toBe(true);
  });

  it('calls slower than slow_ms make a target be passed over', async () => {
    await rig.close();
    rig = createRig({ slowMs: 20, rateCalls: 2 });
    fake.always(async (reply) => {
      await reply.wait(40);
      reply.head(200, { 'content-type': 'text/event-stream' });
      await reply.write(chunkEvent({ content: 'x' }, 'stop') + 'data: [DONE]\n\n');
      reply.end();
    });
    const models = [one(), modelOf('n', [targetOf('n@1', other.baseUrl)])];
    for (let i = 0; i < 3; i++) await rig.send(models, { stream: true });
    expect(fake.requests).toHaveLength(2);
    expect(other.requests).toHaveLength(1);
  });

  it('a health check closes what it opened, and not what calls or a retry-after did', () => {
    const clock = manualClock(1);
    const breaker = new Breaker(clock, settings);
    breaker.checkFailed('t', 5000);
    expect(breaker.available('t')).toBe(false);
    breaker.checkPassed('t');
    expect(breaker.available('t')).toBe(true);
    expect(breaker.snapshot()).toEqual([]);
    breaker.failed('t', { opens: true, atLeastMs: 3000 });
    breaker.checkFailed('t', 9000);
    expect(breaker.coolingMs('t')).toBe(9000);
    breaker.checkPassed('t');
    expect(breaker.coolingMs('t')).toBe(3000);
  });
});

describe('hedged requests', () => {
  const hedges = new Map([['auto', { quantile: 0.9, minMs: 20, maxShare: 1 }]]);
  const pair = () => modelOf('m', [targetOf('m@1', fake.baseUrl), targetOf('m@2', other.baseUrl)]);
  /** Teaches that both targets are quick. */
  const warmUp = async (): Promise<void> => {
    rig.upstream.adopt({ ...plainPlan, hedges });
    for (let i = 0; i < 80; i++) await rig.send([pair()], { stream: true });
    expect(Math.min(fake.requests.length, other.requests.length)).toBeGreaterThan(16);
  };
  const hedgesSent = () => rig.upstream.state().hedges.get('auto') ?? { sent: 0, won: 0, lost: 0 };
  const stuck = async (reply: { hang(): Promise<void> }): Promise<void> => reply.hang();

  it('a call that takes longer than its target usually does gets company; the loser is cancelled and logged', async () => {
    await warmUp();
    fake.always(stuck);
    const before = fake.requests.length;
    const counted = hedgesSent();
    let hedged = 0;
    for (let i = 0; i < 10; i++) {
      const { carried, commit } = await rig.send([pair()], { stream: true });
      expect(carried).toMatchObject({ servedModel: 'm', failure: null });
      expect(commit?.target).toBe('m@2');
      if (carried.attempts.length === 2) hedged++;
      expect(carried.attempts.at(-1)).toMatchObject({ target: 'm@2', endReason: 'stop' });
      if (carried.attempts.length === 2) {
        // Nine prompt tokens at a dollar a million.
        expect(carried.attempts[0]).toMatchObject({ target: 'm@1', endReason: 'hedge_lost', costUsd: 9e-6 });
        expect(carried.costUsd).toBeCloseTo(13e-6 + 9e-6, 12);
      }
    }
    const { sent, won, lost } = hedgesSent();
    expect(sent - counted.sent).toBe(hedged);
    expect(won - counted.won + lost - counted.lost).toBe(hedged);
    expect(won).toBeGreaterThan(counted.won);
    const hung = fake.requests.slice(before);
    expect(hung.length).toBeGreaterThan(0);
    expect(await Promise.all(hung.map(({ ended }) => ended))).toEqual(hung.map(() => 'gone'));
    // Losing says nothing against a target.
    expect(rig.upstream.health.snapshot()).toEqual([]);
  });

  it('whole answers are hedged as well', async () => {
    rig.upstream.adopt({ ...plainPlan, hedges });
    for (let i = 0; i < 80; i++) await rig.send([pair()]);
    fake.always(stuck);
    for (let i = 0; i < 6; i++) expect((await rig.send([pair()])).commit?.target).toBe('m@2');
  });

  it('where the hedge fails the first call goes on, and the other way round', async () => {
    await warmUp();
    fake.always(async (reply, request) => {
      await reply.wait(120);
      await hello(reply, request);
    });
    other.always(async (reply, request) => {
      await reply.wait(60);
      await status(500, '{}')(reply, request);
    });
    const { won, lost } = hedgesSent();
    const outcome = { won: 0, lost: 0 };
    for (let i = 0; i < 6; i++) {
      const { carried } = await rig.send([pair()], { stream: true });
      expect(carried).toMatchObject({ servedModel: 'm', failure: null });
      expect(carried.attempts.at(-1)).toMatchObject({ target: 'm@1', endReason: 'stop' });
      // The failed call is told first: where it was sent first, the hedge went on alone.
      const [first, second] = carried.attempts;
      if (first === undefined || second === undefined || second.startedAt >= first.endedAt) continue;
      outcome[first.startedAt <= second.startedAt ? 'won' : 'lost']++;
    }
    const counts = hedgesSent();
    expect({ won: counts.won - won, lost: counts.lost - lost }).toEqual(outcome);
    expect(outcome.won + outcome.lost).toBeGreaterThan(0);
  });

  it('a client that leaves ends both', async () => {
    await warmUp();
    const from = [fake.requests.length, other.requests.length];
    fake.always(stuck);
    other.always(stuck);
    const client = new AbortController();
    const sent = rig.send([pair()], { stream: true, signal: client.signal });
    await Promise.all([fake.received((from[0] ?? 0) + 1), other.received((from[1] ?? 0) + 1)]);
    const { lost } = hedgesSent();
    client.abort();
    const { carried } = await sent;
    expect(hedgesSent().lost).toBe(lost + 1);
    expect(carried.attempts.map(({ endReason }) => endReason)).toEqual(['client_closed', 'client_closed']);
    expect([await fake.requests.at(-1)?.ended, await other.requests.at(-1)?.ended]).toEqual(['gone', 'gone']);
  });

  it('not past a dollar cap for both calls, not where it is unpredicted', async () => {
    await warmUp();
    const before = fake.requests.length + other.requests.length;
    const slow = async (reply: Parameters<typeof hello>[0], request: Parameters<typeof hello>[1]): Promise<void> => {
      await reply.wait(60);
      await hello(reply, request);
    };
    fake.always(slow);
    other.always(slow);
    await rig.send([pair()], { stream: true, query: { wishes: { maxCostUsd: 1 } } });
    expect(fake.requests.length + other.requests.length - before).toBe(1);
  });

  it('only the share that the route allows', () => {
    const hedging = new Hedging(new Map([['auto', { quantile: 0.5, minMs: 1, maxShare: 0.1 }]]));
    let spent = 0;
    for (let i = 0; i < 200; i++) {
      hedging.observed('t', true, 10);
      if (hedging.delayMs('auto', 't', true) !== null && hedging.spend('auto')) spent++;
    }
    expect(spent).toBeGreaterThanOrEqual(18);
    expect(spent).toBeLessThanOrEqual(20);
    expect(hedging.delayMs('other', 't', true)).toBeNull();
  });

  it('waits for the quantile that was seen', () => {
    const hedging = new Hedging(new Map([['auto', { quantile: 0.9, minMs: 1, maxShare: 1 }]]));
    for (let i = 1; i <= 15; i++) hedging.observed('t', true, i);
    expect(hedging.delayMs('auto', 't', true)).toBeNull();
    for (let i = 16; i <= 100; i++) hedging.observed('t', true, i);
    expect(hedging.delayMs('auto', 't', true)).toBeGreaterThan(85);
    expect(hedging.delayMs('auto', 't', true)).toBeLessThan(95);
    expect(hedging.delayMs('auto', 't', false)).toBeNull();
  });
});
