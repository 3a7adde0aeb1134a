import { describe, expect, test } from 'vitest';
import type { Decision } from '../../src/core/decision.ts';
import { explain } from '../../src/routing/explain.ts';
import { createRoute } from '../../src/routing/route.ts';
import { createRouter, type Router } from '../../src/routing/router.ts';
import { model, policies, policy, query, settings, target } from './build.ts';

const models = [model('small'), model('medium'), model('large'), model('unpriced', { price: null })];
const router = createRouter({
  models,
  routes: [
    createRoute(settings()),
    createRoute(
      settings({ name: 'mf', policy: policy('threshold', { strong: 'large', weak: 'small', threshold: 0.9 }) }),
    ),
    createRoute(
      settings({ name: 'win', policy: policy('routellm', { strong: 'large', weak: 'small', ties: 'half' }) }),
    ),
    createRoute(settings({ name: 'plain', policy: policy('static'), estimators: {} })),
  ],
  aliases: { 'gpt-*': 'auto/static' },
  policies,
});

function ask(name: string, asked = query({ model: name }), of: Router = router): Decision {
  const decision = of.decide(asked, of.resolve(name), { id: 'dec_1' });
  if (decision instanceof Promise) throw new Error('the decision was not synchronous');
  return decision;
}

describe('router', () => {
  test.each([
    ['auto', 'auto', 'cost-aware', 'medium'],
    ['auto/static', 'auto', 'static', 'small'],
    ['gpt-5', 'auto', 'static', 'small'],
    // The gain of large over small is 0.3.
    ['mf', 'mf', 'threshold', 'small'],
    ['mf/threshold', 'mf', 'threshold', 'small'],
    ['router-mf-0.2', 'mf', 'threshold', 'large'],
    ['router-mf-0.31', 'mf', 'threshold', 'small'],
    ['mf/threshold=0.2', 'mf', 'threshold', 'large'],
    // The chance that large beats small is 0.65.
    ['router-win-0.64', 'win', 'routellm', 'large'],
    ['router-win-0.66', 'win', 'routellm', 'small'],
    ['win/routellm=0.66', 'win', 'routellm', 'small'],
    ['mf/cost-aware', 'mf', 'cost-aware', 'medium'],
  ])('%s', (name, route, policyName, chosen) => {
    const decision = ask(name);
    expect(decision).toMatchObject({
      route,
      policy: policyName,
      plan: { type: 'route', model: chosen },
      pinned: false,
    });
  });

  test('a named policy is built once, a threshold from a client is not kept', () => {
    const at = (name: string): unknown => {
      const resolution = router.resolve(name);
      return resolution.type === 'route' ? router.routeFor(resolution) : null;
    };
    expect(at('auto/random')).toBe(at('auto/random'));
    expect(at('auto/cost-aware')).toBe(at('auto'));
    expect(at('router-mf-0.2')).not.toBe(at('router-mf-0.2'));
  });

  test.each([
    ['auto/threshold', /"auto\/threshold" cannot be used: .*strong: policy threshold needs it/],
    ['plain/cost-aware', /cannot be used: .*reads quality; name an estimator/],
    ['router-mf-7', /cannot be used: .*threshold: must be <= 1, got 7/],
  ])('%s cannot be built, and the message says why', (name, message) => {
    expect(() => ask(name)).toThrow(
      expect.objectContaining({ code: 'model_not_found', message: expect.stringMatching(message) }),
    );
  });
});

describe('a pinned model', () => {
  test('is what it is, without predictions or choice', () => {
    const decision = ask('large');
    expect(decision).toMatchObject({
      route: 'large',
      policy: 'pinned',
      plan: { type: 'route', model: 'large' },
      candidates: [{ model: 'large' }],
      ranking: [0],
      pinned: true,
      lambda: null,
      embedding: null,
      predictions: {},
    });
    expect([...decision.propensities]).toEqual([1]);
  });

  test('may be one that nothing routes to: unpriced, too small, not able', () => {
    expect(ask('unpriced').plan).toEqual({ type: 'route', model: 'unpriced' });
    const asked = query({ promptTokens: 1e6, needs: ['images'] });
    expect(ask('small', asked).plan).toEqual({ type: 'route', model: 'small' });
  });

  test.each([
    ['large', { models: ['small'] }, /allow_list/],
    ['large', { localOnly: true }, /local_only/],
    ['large', { region: 'eu' }, /region: needs eu, is in unknown/],
    ['large', { maxCostUsd: 1e-6 }, /max_cost: predicted to cost/],
    ['unpriced', { maxCostUsd: 100 }, /its price is unknown, so the cap cannot be kept/],
  ])('%s with %j is refused: constraints hold for every call', (name, wishes, message) => {
    expect(() => ask(name, query({ model: name, wishes }))).toThrow(
      expect.objectContaining({ code: 'no_eligible_candidate', message: expect.stringMatching(message) }),
    );
  });

  test('within its constraints it is let through, and the cap leaves its prediction', () => {
    const local = createRouter({
      models: [model('own', { targets: [target({ local: true, region: 'eu' })] })],
      routes: [],
      aliases: {},
      policies,
    });
    const decision = ask('own', query({ wishes: { localOnly: true, region: 'eu', maxCostUsd: 1 } }), local);
    // 100 prompt tokens at $1 and 250 expected answer tokens at $4 per million.
    expect(decision.predictions.cost?.mean[0]).toBeCloseTo(0.0011, 12);
  });
});

describe('explain', () => {
  test('lays a decision out by rank, as plain data', () => {
    const explanation = explain(ask('auto', query({ wishes: { models: ['small', 'large', 'unpriced'] } })));
    expect(JSON.parse(JSON.stringify(explanation))).toEqual({
      route: 'auto',
      policy: 'cost-aware',
      policyVersion: explanation.policyVersion,
      chosen: 'large',
      reason: 'quality 0.8 − 10 × $0.02 = 0.6, next small at 0.49',
      lambda: 10,
      candidates: [
        {
          model: 'large',
          rank: 1,
          chosen: true,
          propensity: 1,
          utility: expect.closeTo(0.6, 12),
          predictions: { quality: { mean: 0.8, deviation: 0 }, cost: { mean: 0.02, deviation: 0 } },
        },
        {
          model: 'small',
          rank: 2,
          chosen: false,
          propensity: 0,
          utility: expect.closeTo(0.49, 12),
          predictions: { quality: { mean: 0.5, deviation: 0 }, cost: { mean: 0.001, deviation: 0 } },
        },
      ],
      removals: [{ model: 'medium', check: 'allow_list', reason: 'not among the models that the request allows' }],
      degraded: [],
    });
  });

  test('has no utility where none was weighed', () => {
    expect(explain(ask('auto/random')).candidates.map(({ utility }) => utility)).toEqual([null, null, null]);
    expect(explain(ask('mf')).candidates.map(({ utility, model }) => [model, utility])).toEqual([
      ['small', null],
      ['large', null],
      ['medium', null],
    ]);
  });
});
