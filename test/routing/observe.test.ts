import { describe, expect, test } from 'vitest';
import type { Decision } from '../../src/core/decision.ts';
import { createRoute } from '../../src/routing/route.ts';
import { createRouter } from '../../src/routing/router.ts';
import { model, policies, policy, query, settings, slot } from './build.ts';

const models = [model('small'), model('medium', { contextTokens: 90 }), model('large'), model('apart')];
const baseline = model('small');

function router(overrides: Parameters<typeof settings>[0] = {}) {
  const route = createRoute(
    settings({
      models: models.slice(0, 3),
      alsoPredicts: ['quality', 'cost'],
      exploration: { epsilon: 0.2 },
      ...overrides,
    }),
  );
  return createRouter({ models, routes: [route], aliases: {}, policies, observing: [{ route, baseline }] });
}

function ask(name: string, asked = query({ model: name, promptTokens: 50 }), of = router()): Decision {
  const decision = of.decide(asked, of.resolve(name), { id: 'dec_1' });
  if (decision instanceof Promise) throw new Error('the decision was not synchronous');
  return decision;
}

describe('a route that observes', () => {
  test('the model asked for is the only one that is called, and logged as certain', () => {
    const decision = ask('large');
    expect(decision).toMatchObject({
      route: 'auto',
      policy: 'observe',
      plan: { type: 'route', model: 'large' },
      pinned: true,
      ranking: [2],
    });
    expect([...decision.propensities]).toEqual([0, 0, 1]);
  });

  test('what the policy would have done stands beside it, exploration included', () => {
    const { shadow, predictions, reason } = ask('large');
    // 0.7 - 10 x 0.002 is the best utility.
    expect(shadow).toMatchObject({ policy: 'cost-aware', model: 'medium' });
    expect([...(shadow?.propensities ?? [])].map((value) => Number(value.toFixed(4)))).toEqual([
      0.0667, 0.8667, 0.0667,
    ]);
    expect(predictions.cost?.mean[2]).toBe(0.02);
    expect(reason).toContain('cost-aware would have taken medium');
  });

  test('the route itself is served by its baseline; a policy that is asked for decides', () => {
    expect(ask('auto').plan).toEqual({ type: 'route', model: 'small' });
    const decided = ask('auto/static');
    expect(decided.pinned).toBe(false);
    expect(decided.shadow).toBeUndefined();
  });

  test('cost and quality are logged under a policy that reads neither', () => {
    const decision = ask('large', undefined, router({ policy: policy('random') }));
    expect(decision.predictions.quality?.mean[2]).toBe(0.8);
    expect(decision.predictions.cost?.mean[0]).toBe(0.001);
  });

  test('other models are none of its business', () => {
    expect(ask('apart')).toMatchObject({ route: 'apart', policy: 'pinned' });
  });

  test('a model that the route would not let take this request is served all the same, without a shadow', () => {
    const decision = ask('medium', query({ model: 'medium', promptTokens: 100 }));
    expect(decision).toMatchObject({ route: 'medium', policy: 'pinned', plan: { type: 'route', model: 'medium' } });
    expect(decision.shadow).toBeUndefined();
  });

  test('a broken estimator or a broken embedder does not reach the client', async () => {
    const broken = ask(
      'large',
      undefined,
      router({
        estimators: {
          quality: slot('quality', () => {
            throw new Error('broken');
          }),
        },
      }),
    );
    expect(broken.plan).toEqual({ type: 'route', model: 'large' });
    const slow = router({
      embedder: { id: 'slow', dimensions: 2, embed: () => Promise.reject(new Error('gone')) },
      estimators: { quality: slot('quality', { small: 0.5, medium: 0.7, large: 0.8 }, true) },
    });
    const decision = await slow.decide(query({ model: 'large' }), slow.resolve('large'), { id: 'dec_1' });
    expect(decision).toMatchObject({ plan: { type: 'route', model: 'large' }, degraded: ['embedding:failed'] });
  });
});
