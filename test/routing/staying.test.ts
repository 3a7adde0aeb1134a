import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SessionView } from '../../src/core/session.ts';
import { createRoute } from '../../src/routing/route.ts';
import { model, policy, query, settings, slot } from './build.ts';

/** A dollar a million tokens fresh, a tenth cached: 100,000 warm tokens are worth nine cents. */
const price = { input: 1, cachedInput: 0.1, output: 2 };
const models = ['small', 'large'].map((id) => model(id, { price, contextTokens: null }));
const conversation = (more: Partial<SessionView> = {}): SessionView => ({
  id: 's-1',
  model: null,
  stay: true,
  switchMargin: 0,
  warmTokens: () => 0,
  ...more,
});
const routeWith = (
  quality: Record<string, number>,
  cost: Record<string, number>,
  chosen = policy('cost-aware', { lambda: 1 }),
) =>
  createRoute(
    settings({ models, policy: chosen, estimators: { quality: slot('quality', quality), cost: slot('cost', cost) } }),
  );
const long = query({ promptTokens: 100_000 });

describe('a conversation on a route', () => {
  // Fresh, large is worth 0.5 - 0.1 = 0.4 and small 0.46 - 0.1 = 0.36.
  const route = routeWith({ small: 0.46, large: 0.5 }, { small: 0.1, large: 0.1 });
  const decide = async (session?: SessionView, asked = long) =>
    route.decide(asked, { id: 'd', ...(session ? { session } : {}) });
  const warm =
    (...ids: string[]) =>
    (id: string) =>
      ids.includes(id) ? 100_000 : 0;

  it('without one, and at its first turn, goes where it is best', async () => {
    expect((await decide()).plan).toMatchObject({ model: 'large' });
    expect((await decide(conversation())).plan).toMatchObject({ model: 'large' });
  });

  it('stays where its cache is warm: the switch would cost more than it gains', async () => {
    const decision = await decide(conversation({ model: 'small', warmTokens: warm('small') }));
    expect(decision.plan).toMatchObject({ model: 'small' });
    expect(decision.predictions.cost?.mean[0]).toBeCloseTo(0.01, 9);
    expect(decision.propensities[0]).toBe(1);
  });

  it('switches when the cache has gone cold, and back when the other is warm still', async () => {
    expect((await decide(conversation({ model: 'small' }))).plan).toMatchObject({ model: 'large' });
    expect((await decide(conversation({ model: 'large', warmTokens: warm('small', 'large') }))).plan).toMatchObject({
      model: 'large',
    });
    expect((await decide(conversation({ model: 'large', warmTokens: warm('small') }))).plan).toMatchObject({
      model: 'small',
    });
  });

  it('no cache is worth more than the prompt is long', async () => {
    const short = query({ promptTokens: 1_000 });
    const decision = await decide(conversation({ warmTokens: warm('small') }), short);
    expect(decision.predictions.cost?.mean[0]).toBeCloseTo(0.1 - 0.0009, 9);
  });

  it('a margin holds back switches that gain little', async () => {
    const bound = conversation({ model: 'small', switchMargin: 0.05 });
    expect((await decide(bound)).plan).toMatchObject({ model: 'small' });
    expect((await decide({ ...bound, switchMargin: 0.03 })).plan).toMatchObject({ model: 'large' });
    // Only where it was the conversation that settled it; its id goes into the log either way.
    expect(await decide(bound)).toMatchObject({ session: 's-1', sticky: true });
    expect(await decide({ ...bound, switchMargin: 0.03 })).toMatchObject({ session: 's-1', sticky: false });
    expect((await decide({ ...bound, stay: false })).plan).toMatchObject({ model: 'large' });
  });

  it('leaves a model that may not take this turn', async () => {
    const decision = await decide(conversation({ model: 'small' }), query({ wishes: { models: ['large'] } }));
    expect(decision.plan).toMatchObject({ model: 'large' });
  });

  it('does not bounce under a policy that draws', async () => {
    const drawing = routeWith({ small: 0.5, large: 0.5 }, { small: 0.1, large: 0.1 }, policy('random'));
    const served = new Set<string>();
    for (let i = 0; i < 50; i++) {
      const { plan, propensities } = await drawing.decide(long, {
        id: `d${i}`,
        session: conversation({ model: 'large' }),
      });
      if (plan.type === 'route') served.add(plan.model);
      expect([...propensities]).toEqual([0, 1]);
    }
    expect([...served]).toEqual(['large']);
  });

  it('law: propensities sum to 1, and are those of what really happens', async () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    await fc.assert(
      fc.asyncProperty(unit, unit, unit, unit, fc.constantFrom('small', 'large', null), async (a, b, c, d, current) => {
        const drawing = routeWith({ small: a, large: b }, { small: c, large: d }, policy('random'));
        const session = conversation({ model: current, warmTokens: (id) => (id === 'small' ? 50_000 : 0) });
        const seen = [0, 0];
        let promised: Float64Array | null = null;
        for (let i = 0; i < 40; i++) {
          const { plan, propensities } = await drawing.decide(long, { id: `d${i}`, session });
          promised = propensities;
          if (plan.type === 'route') seen[plan.model === 'small' ? 0 : 1]!++;
        }
        expect((promised?.[0] ?? 0) + (promised?.[1] ?? 0)).toBeCloseTo(1, 12);
        for (const i of [0, 1]) expect((seen[i] ?? 0) > 0).toBe((promised?.[i] ?? 0) > 0);
      }),
      { numRuns: 30 },
    );
  });
});

describe('another tenant', () => {
  it('moves nothing: the same decisions with its traffic in between and without', async () => {
    const route = routeWith(
      { small: 0.5, large: 0.5 },
      { small: 0.1, large: 0.1 },
      policy('epsilon-greedy', { epsilon: 0.5 }),
    );
    const decideFor = (tenant: string, i: number) =>
      route.decide(query({ caller: { tenant, key: null }, text: `${tenant} ${i}` }), { id: `${tenant}-${i}` });
    const alone = [];
    for (let i = 0; i < 50; i++) alone.push(await decideFor('a', i));
    const crowded = [];
    for (let i = 0; i < 50; i++) {
      for (let j = 0; j < 5; j++) await decideFor('b', i * 5 + j);
      crowded.push(await decideFor('a', i));
    }
    expect(crowded).toEqual(alone);
    expect(new Set(alone.map(({ plan }) => JSON.stringify(plan))).size).toBe(2);
  });
});
