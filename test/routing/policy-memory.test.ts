import { Type } from 'typebox';
import { describe, expect, test } from 'vitest';
import type { Learner, Observation } from '../../src/core/learner.ts';
import { definePolicy, type PolicyDefinition } from '../../src/core/policy.ts';
import { callOf } from '../../src/math/choice.ts';
import { policyContext } from '../../src/routing/policy-context.ts';
import { createRoute } from '../../src/routing/route.ts';
import { createRouter } from '../../src/routing/router.ts';
import { model, policies, policy, query, settings, slot } from './build.ts';

/** Calls the model that was observed last. */
const follower = definePolicy({
  summary: 'A follower.',
  source: 'This test.',
  options: Type.Object({ step: Type.Number({ default: 1 }) }),
  uses: [],
  example: () => ({ step: 1 }),
  create() {
    let last = '';
    const memory: Learner = {
      update: (observation) => {
        last = observation.model;
      },
      save: () => ({ version: 1, data: { last }, arrays: {} }),
      load: () => undefined,
    };
    return {
      memory,
      decide({ candidates }) {
        const place = Math.max(
          0,
          candidates.findIndex((candidate) => candidate.model === last),
        );
        const propensities = new Float64Array(candidates.length);
        propensities[place] = 1;
        const ranking = [place, ...candidates.map((_, i) => i).filter((i) => i !== place)];
        return {
          plan: callOf(candidates, place),
          ranking,
          propensities,
          reason: 'follows',
          lambda: null,
          note: [7, 8],
        };
      },
    };
  },
});

const choice = (options: unknown = {}) => ({ name: 'follower', definition: follower, options });

const observed = (name: string): Observation => ({
  seq: 1,
  decision: 'd',
  route: 'auto',
  model: name,
  quantity: 'quality',
  value: 1,
  weight: 1,
  propensity: 1,
  promptTokens: 1,
  embedding: null,
});

describe('what a policy remembers', () => {
  test('is offered by its route, changes what is decided, and a note goes with the decision', async () => {
    const route = createRoute(settings({ policy: choice() }));
    expect((await route.decide(query(), { id: 'a' })).plan).toEqual({ type: 'route', model: 'small' });
    route.memory?.learner.update(observed('large'));
    const decision = await route.decide(query(), { id: 'a' });
    expect(decision.plan).toEqual({ type: 'route', model: 'large' });
    expect(decision.note).toEqual([7, 8]);
    expect(createRoute(settings()).memory).toBeNull();
  });

  test('is kept under a name that changes with route and options, and with nothing else', () => {
    const idOf = (overrides: Parameters<typeof settings>[0]): string | undefined =>
      createRoute(settings(overrides)).memory?.id;
    const id = idOf({ policy: choice() });
    expect(id).toMatch(/^auto\/policy\/[0-9a-f]{12}$/);
    expect(idOf({ policy: choice({ step: 1 }), models: [model('small')] })).toBe(id);
    expect(idOf({ policy: choice({ step: 2 }) })).not.toBe(id);
    expect(idOf({ policy: choice(), name: 'other' })).not.toBe(id);
  });

  test('cannot be had in passing: route/policy would never learn', () => {
    const models = [model('small'), model('medium'), model('large')];
    const all = new Map<string, PolicyDefinition>([...policies, ['follower', follower]]);
    const router = createRouter({ models, routes: [createRoute(settings())], aliases: {}, policies: all });
    const resolution = { type: 'route', route: 'auto', policy: 'follower' } as const;
    expect(() => router.routeFor(resolution)).toThrow(/learns from what it decides/);
    const own = createRouter({
      models,
      routes: [createRoute(settings({ policy: choice() }))],
      aliases: {},
      policies: all,
    });
    expect(own.routeFor(resolution).memory).not.toBeNull();
  });
});

describe('a policy around others', () => {
  test('gets them over the same models, with checked options, and reads what they read', () => {
    const route = createRoute(
      settings({
        policies,
        policy: policy('budget-paced', { policy: { type: 'cost-aware', lambda: 3 }, usd_per_request: 0.01 }),
      }),
    );
    expect(route.memory).not.toBeNull();
    expect(
      route.predict({ embedding: new Float32Array(0), promptTokens: 1 }, [{ model: 'small', price: null }]).predictions,
    ).toHaveProperty('quality');
  });

  test('says where an inner policy is wrong', () => {
    const context = policyContext(['a', 'b'], policies, 'routes.auto.policy');
    expect(() => context.policy('nope', 'policy')).toThrow(/routes\.auto\.policy\.policy: there is no policy "nope"/);
    expect(() => context.policy({ type: 'cost-aware', lamda: 1 }, 'policies.1')).toThrow(
      /routes\.auto\.policy\.policies\.1\.lamda.*lambda/,
    );
    expect(() => context.policy({ type: 'static', model: 'c' }, 'policy')).toThrow(/not one of the route's/);
  });

  test('needs the estimators that they need', () => {
    const inner = (name: string) => policy('budget-paced', { policy: name, usd_per_request: 0.01 });
    const only = { cost: slot('cost', { small: 1, medium: 2, large: 3 }) };
    expect(() => createRoute(settings({ policies, policy: inner('linucb'), estimators: only }))).toThrow(
      /reads quality/,
    );
    expect(() => createRoute(settings({ policies, policy: inner('exp3'), estimators: only }))).not.toThrow();
  });
});
