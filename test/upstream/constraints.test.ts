import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Balance, Target } from '../../src/core/candidate.ts';
import { plainPlan } from '../../src/upstream/upstream-plan.ts';
import {
  chunkEvent,
  hello,
  roleEvent,
  startFakeUpstream,
  status,
  type Answer,
  type FakeUpstream,
} from '../helpers/fake-upstream.ts';
import { createRig, modelOf, targetOf, timeouts } from './fixtures.ts';

let home: FakeUpstream;
let away: FakeUpstream;
beforeAll(async () => {
  [home, away] = await Promise.all([startFakeUpstream(), startFakeUpstream()]);
});
afterAll(async () => {
  await Promise.all([home.close(), away.close()]);
});

const slow: Answer = async (reply, request) => {
  await reply.wait(15);
  await hello(reply, request);
};
const cutEarly: Answer = async (reply) => {
  reply.head(200, { 'content-type': 'text/event-stream' });
  await reply.write(roleEvent);
  reply.cut();
};
const cutLate: Answer = async (reply) => {
  reply.head(200, { 'content-type': 'text/event-stream' });
  await reply.write(chunkEvent({ content: 'x' }));
  reply.cut();
};
const faults: Readonly<Record<string, Answer>> = {
  well: hello,
  slow,
  stuck: (reply) => reply.hang(),
  reset: (reply) => reply.cut(),
  broken: status(500, '{}'),
  limited: status(429, '{}', { 'retry-after-ms': '3' }),
  denied: status(401, '{}'),
  garbled: status(200, '<html>'),
  cutEarly,
  cutLate,
};
const anyFault = fc.constantFrom(...Object.keys(faults));
const anyTarget = fc.record({
  local: fc.boolean(),
  region: fc.constantFrom(null, 'eu', 'us'),
  weight: fc.constantFrom(0, 1, 5),
  bounded: fc.boolean(),
});
const anyWorld = fc.record({
  models: fc.array(
    fc.record({
      targets: fc.array(anyTarget, { minLength: 1, maxLength: 3 }),
      balance: fc.constantFrom<Balance | undefined>(
        undefined,
        'weighted',
        'least-load',
        'prefix-affine',
        'length-aware',
      ),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  atHome: fc.array(anyFault, { minLength: 1, maxLength: 6 }),
  abroad: fc.array(anyFault, { minLength: 1, maxLength: 6 }),
  asks: fc.array(
    fc.record({
      localOnly: fc.boolean(),
      region: fc.constantFrom(undefined, undefined, 'eu'),
      models: fc.constantFrom(undefined, undefined, ['m0'], ['m1', 'm2']),
      stream: fc.boolean(),
    }),
    { minLength: 4, maxLength: 12 },
  ),
  hedged: fc.boolean(),
  degrades: fc.boolean(),
});

describe('whatever is configured and whatever fails', () => {
  it('law: no byte of a request reaches a target that its wishes forbid, and each ends', async () => {
    let run = 0;
    let constrained = 0;
    await fc.assert(
      fc.asyncProperty(anyWorld, async (world) => {
        run++;
        const rotate = (names: readonly string[]): Answer => {
          let i = 0;
          return (reply, request) => faults[names[i++ % names.length] ?? 'well']?.(reply, request);
        };
        home.always(rotate(world.atHome));
        away.always(rotate(world.abroad));
        const [fromHome, fromAway] = [home.requests.length, away.requests.length];
        const rig = createRig({
          backoffTries: 2,
          backoffMs: 1,
          retryWaitMs: 10,
          failuresToOpen: 2,
          cooldownMs: 5,
          slowMs: 10,
          rateCalls: 2,
        });
        const hedges = new Map([['auto', { quantile: 0.5, minMs: 1, maxShare: 1 }]]);
        rig.upstream.adopt({
          ...plainPlan,
          ...(world.hedged && { hedges }),
          ...(world.degrades && { degradable: new Set(['auto']) }),
        });
        // The path tells which target was really reached.
        const targets = new Map<string, Target>();
        const models = world.models.map(({ targets: list, balance }, m) =>
          modelOf(
            `m${m}`,
            list.map(({ bounded, ...more }, t) => {
              const id = `m${m}t${t}`;
              const base = (more.local ? home : away).baseUrl;
              const target = targetOf(id, `${base}/${run}/${id}`, {
                ...more,
                timeouts: { ...timeouts, firstTokenMs: 25, totalMs: 40 },
                ...(bounded && { capacity: { concurrency: 1, queue: 1, queueMs: 10 } }),
              });
              targets.set(id, target);
              return target;
            }),
            { balance, price: { input: 3 - m, cachedInput: 0, output: 1 } },
          ),
        );
        const wishesOf = new Map<string, (typeof world.asks)[number]>();
        const served = await Promise.all(
          world.asks.map((ask, i) => {
            const id = `r${run}-${i}`;
            wishesOf.set(id, ask);
            if (ask.localOnly) constrained++;
            const { localOnly, region, models: allowed, stream } = ask;
            return rig.send(models, { stream, query: { id, wishes: { localOnly, region, models: allowed } } });
          }),
        );
        expect(served).toHaveLength(world.asks.length);
        const reached = [...home.requests.slice(fromHome), ...away.requests.slice(fromAway)];
        for (const { path, headers } of reached) {
          const target = targets.get(/\/\d+\/(m\d+t\d+)\//.exec(path)?.[1] ?? '');
          const wishes = wishesOf.get(headers['x-request-id'] ?? '');
          // A call of the run before that arrives late is not of these.
          if (wishes === undefined) continue;
          expect(wishes.localOnly && target?.local !== true).toBe(false);
          if (wishes.region !== undefined) expect(target?.region).toBe(wishes.region);
          if (wishes.models !== undefined) expect(wishes.models).toContain(target?.id.slice(0, 2));
        }
        for (const { carried } of served) expect(carried.attempts.length).toBeLessThanOrEqual(4);
        await rig.close();
      }),
      { numRuns: 25 },
    );
    expect(constrained).toBeGreaterThan(20);
  });
});
