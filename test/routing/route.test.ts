import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Decision } from '../../src/core/decision.ts';
import type { Embedder } from '../../src/core/embedder.ts';
import type { Query } from '../../src/core/query.ts';
import { seededRandom } from '../../src/core/random.ts';
import { createRoute, type DecideContext, type Route, type RouteSettings } from '../../src/routing/route.ts';
import { costOf, model, policy, qualityOf, query, settings, slot, target } from './build.ts';

function decide(route: Route, asked: Query = query(), context: Partial<DecideContext> = {}): Decision {
  const decision = route.decide(asked, { id: 'dec_1', ...context });
  if (decision instanceof Promise) throw new Error('the decision was not synchronous');
  return decision;
}

const chosen = ({ plan }: Decision): string => (plan.type === 'route' ? plan.model : 'rejected');

describe('route', () => {
  test('the walk, with numbers worked out by hand', () => {
    // Utilities at lambda 10: small .5 - .01 = .49, medium .7 - .02 = .68, large .8 - .2 = .6.
    const decision = decide(createRoute(settings()));
    expect(decision).toMatchObject({
      id: 'dec_1',
      route: 'auto',
      policy: 'cost-aware',
      plan: { type: 'route', model: 'medium' },
      ranking: [1, 2, 0],
      reason: 'quality 0.7 − 10 × $0.002 = 0.68, next large at 0.6',
      lambda: 10,
      embedding: null,
      pinned: false,
      degraded: [],
      removals: [],
    });
    expect([...decision.propensities]).toEqual([0, 1, 0]);
    expect([...(decision.predictions.cost?.mean ?? [])]).toEqual([0.001, 0.002, 0.02]);
    expect(decision.policyVersion).toMatch(/^[0-9a-f]{12}$/);
  });

  test("the request's lambda goes before the route's, and that before the policy's", () => {
    expect(decide(createRoute(settings({ lambda: 0 }))).lambda).toBe(0);
    expect(chosen(decide(createRoute(settings({ lambda: 0 }))))).toBe('large');
    expect(chosen(decide(createRoute(settings({ lambda: 0 })), query({ wishes: { lambda: 1e4 } })))).toBe('small');
  });

  test('a cap on cost holds for policies that do not read cost', () => {
    const route = createRoute(settings({ policy: policy('static', { model: 'large' }) }));
    expect(chosen(decide(route))).toBe('large');
    const decision = decide(route, query({ wishes: { maxCostUsd: 0.01 } }));
    expect(chosen(decision)).toBe('small');
    expect(decision.removals).toMatchObject([{ model: 'large', check: 'max_cost' }]);
    expect(decision.propensities).toHaveLength(2);
    expect(() => decide(route, query({ wishes: { maxCostUsd: 1e-9 } }))).toThrow(/large \(max_cost/);
  });

  test('exploration mixes its propensities exactly, and explores as often as they say', () => {
    const route = createRoute(settings({ exploration: { epsilon: 0.3 } }));
    const counts = { small: 0, medium: 0, large: 0 };
    for (let i = 0; i < 10_000; i++) {
      const decision = decide(route, query(), { id: `dec_${i}` });
      expect([...decision.propensities]).toEqual([0.3 / 3, 0.7 + 0.3 / 3, 0.3 / 3].map((p) => expect.closeTo(p, 12)));
      const first = decision.candidates[decision.ranking[0] ?? -1]?.model;
      expect(first).toBe(chosen(decision));
      if (first === 'small' || first === 'medium' || first === 'large') counts[first]++;
    }
    // Five standard deviations of a binomial over 10,000 draws are at most 250.
    expect(Math.abs(counts.small - 1000)).toBeLessThan(150);
    expect(Math.abs(counts.medium - 8000)).toBeLessThan(200);
  });

  test('the same seed and id decide the same; another id has another stream', () => {
    const build = (seed: string): Route => createRoute(settings({ policy: policy('random'), seed }));
    const run = (seed: string): string[] =>
      Array.from({ length: 40 }, (_, i) => chosen(decide(build(seed), query(), { id: `dec_${i}` })));
    expect(run('a')).toEqual(run('a'));
    expect(run('a')).not.toEqual(run('b'));
    expect(new Set(run('a')).size).toBe(3);
  });

  test('decide is predict and choose: what a sweep calls is what is served', () => {
    const wish = fc.record({ lambda: fc.double({ min: 0, max: 1e4, noNaN: true }), id: fc.string() });
    const route = createRoute(
      settings({ policy: policy('epsilon-greedy', { epsilon: 0.5 }), exploration: { epsilon: 0.2 } }),
    );
    fc.assert(
      fc.property(wish, ({ lambda, id }) => {
        const served = decide(route, query({ wishes: { lambda } }), { id, random: seededRandom(id) });
        const { predictions } = route.predict({ embedding: new Float32Array(0), promptTokens: 100 }, served.candidates);
        const replayed = route.choose(served.candidates, predictions, lambda, seededRandom(id));
        expect(replayed.plan).toEqual(served.plan);
        expect(replayed.ranking).toEqual(served.ranking);
        expect(replayed.propensities).toEqual(served.propensities);
        expect(replayed.reason).toBe(served.reason);
      }),
    );
    expect(() => route.choose([{ model: 'a', price: null }], {}, 1, seededRandom(1))).toThrow(/without quality, cost/);
  });

  test('a policy named for one request shares the estimators with its route', () => {
    const route = createRoute(settings());
    const sibling = route.withPolicy(policy('cost-aware', { lambda: 1e5 }));
    expect(chosen(decide(sibling))).toBe('small');
    route.swap('quality', slot('quality', { small: 0, medium: 0, large: 1 }));
    route.swap('cost', slot('cost', { small: 0, medium: 0, large: 0 }));
    expect(chosen(decide(sibling))).toBe('large');
    expect(chosen(decide(route))).toBe('large');
  });
});

describe('embedding on a route', () => {
  const vector = Float32Array.of(0.6, 0.8);
  const embedder = (embed: Embedder['embed']): Embedder => ({ id: 'test-2', dimensions: 2, embed });
  /** Right about `small` only where the embedding arrived; all zero is what it sees of an empty text. */
  const reads = slot(
    'quality',
    ({ embedding }, candidates) => ({
      mean: Float64Array.from(candidates, ({ model }) =>
        model === 'small' && embedding[0] === vector[0] ? 1 : 0.5 + embedding.length / 100,
      ),
      deviation: new Float64Array(candidates.length),
    }),
    true,
  );
  const withEmbedder = (embed: Embedder['embed'], overrides: Partial<RouteSettings> = {}): RouteSettings =>
    settings({ embedder: embedder(embed), estimators: { quality: reads, cost: slot('cost', costOf) }, ...overrides });

  test('a synchronous embedder keeps the decision synchronous and is stored with it', () => {
    const route = createRoute(withEmbedder(() => vector));
    expect(route.needsEmbedding).toBe(true);
    const decision = decide(route);
    expect(chosen(decision)).toBe('small');
    expect(decision.embedding).toBe(vector);
  });

  test('a promise is waited for', async () => {
    const route = createRoute(withEmbedder(async () => vector));
    const decision = await route.decide(query(), { id: 'dec_1' });
    expect([chosen(decision), decision.embedding, decision.degraded]).toEqual(['small', vector, []]);
  });

  test.each<[string, Embedder['embed'], string]>([
    [
      'throws',
      () => {
        throw new Error('no model');
      },
      'embedding:failed',
    ],
    [
      'rejects',
      async () => {
        throw new Error('queue full');
      },
      'embedding:failed',
    ],
    [
      'times out',
      async () => {
        throw new DOMException('late', 'TimeoutError');
      },
      'embedding:timeout',
    ],
  ])('an embedder that %s degrades to the empty text, and says so', async (_, embed, what) => {
    const faults: string[] = [];
    const route = createRoute(withEmbedder(embed, { onFault: (fault) => faults.push(fault) }));
    const decision = await route.decide(query(), { id: 'dec_1' });
    expect(decision.degraded).toEqual([what]);
    expect(faults).toEqual([what]);
    // Nothing is learned from a vector that never was.
    expect(decision.embedding).toBeNull();
    expect([...(decision.predictions.quality?.mean ?? [])]).toEqual([0.52, 0.52, 0.52]);
    expect(chosen(decision)).toBe('small');
  });

  test.each([{ localOnly: true }, { region: 'eu' }])(
    'a prompt under %j is not sent to an embedder elsewhere',
    async (wishes) => {
      const asked: string[] = [];
      const embedderAt = (local: boolean) => ({ ...embedder((text) => (asked.push(text), vector)), local });
      const models = [model('small', { targets: [target({ local: true, region: 'eu' })] })];
      const decided = (local: boolean) =>
        createRoute(withEmbedder(() => vector, { models, embedder: embedderAt(local) })).decide(query({ wishes }), {
          id: 'dec_1',
        });
      expect(await decided(false)).toMatchObject({ embedding: null, degraded: ['embedding:not_allowed'] });
      expect(asked).toEqual([]);
      expect(await decided(true)).toMatchObject({ embedding: vector, degraded: [] });
    },
  );

  test('no eligible candidate is told before the embedder is troubled', () => {
    let asked = 0;
    const route = createRoute(
      withEmbedder(() => {
        asked++;
        return vector;
      }),
    );
    expect(() => route.decide(query({ wishes: { models: ['none'] } }), { id: 'dec_1' })).toThrow(/allow_list/);
    expect(asked).toBe(0);
  });

  test('a route whose policy reads nothing still embeds for an estimator that learns', () => {
    const decision = decide(createRoute(withEmbedder(() => vector, { policy: policy('random') })));
    expect(decision.embedding).toBe(vector);
    expect(decision.predictions).toEqual({});
  });
});

describe('what a route refuses', () => {
  test.each<[string, Partial<RouteSettings>, string, RegExp]>([
    ['no models', { models: [] }, 'routes.auto.models', /at least one/],
    ['an epsilon beyond 1', { exploration: { epsilon: 1.5 } }, 'routes.auto.exploration.epsilon', /got 1.5/],
    [
      'an option that is unknown',
      { policy: policy('cost-aware', { lamda: 1 }) },
      'routes.auto.policy.lamda',
      /"lambda"/,
    ],
    ['a model that is not its own', { policy: policy('static', { model: 'gpt' }) }, 'model', /small, medium, large/],
    ['quality without an estimator', { estimators: {} }, 'routes.auto.estimators.quality', /name an estimator/],
    [
      'an estimator of something else',
      { estimators: { quality: slot('cost', costOf) } },
      'routes.auto.estimators.quality',
      /estimates cost/,
    ],
    [
      'an estimator without an embedder',
      { estimators: { quality: slot('quality', qualityOf, true) } },
      'routes.auto.estimators.quality',
      /embedder/,
    ],
  ])('%s', (_, overrides, param, message) => {
    expect(() => createRoute(settings(overrides))).toThrow(
      expect.objectContaining({ code: 'invalid_config', param, message: expect.stringMatching(message) }),
    );
  });

  test('a swap to an estimator that cannot work leaves the old one in place', () => {
    const route = createRoute(settings());
    expect(() => route.swap('quality', slot('quality', qualityOf, true))).toThrow(/embedder/);
    expect(chosen(decide(route))).toBe('medium');
  });
});

describe('policy version', () => {
  const version = (overrides: Partial<RouteSettings> = {}): string => createRoute(settings(overrides)).policyVersion;

  test('changes with everything that a decision depends on', () => {
    const changed: readonly Partial<RouteSettings>[] = [
      {},
      { policy: policy('cost-aware', { lambda: 11 }) },
      { policy: policy('epsilon-greedy', { lambda: 10 }) },
      { lambda: 10 },
      { exploration: { epsilon: 0.1 } },
      { models: [model('small'), model('medium')] },
      {
        models: [model('small'), model('medium'), model('large', { price: { input: 2, cachedInput: 0.5, output: 4 } })],
      },
      { models: [model('small'), model('medium'), model('large', { targets: [] })] },
      { estimators: { quality: { ...slot('quality', qualityOf), fingerprint: 'two' }, cost: slot('cost', costOf) } },
      { embedder: { id: 'other', dimensions: 1, embed: () => new Float32Array(1) } },
    ];
    const versions = changed.map(version);
    expect(new Set(versions).size).toBe(changed.length);
  });

  test('does not change with what makes no difference, and shows a swap', () => {
    expect(version()).toBe(version());
    expect(version({ policy: policy('epsilon-greedy', { lambda: 1, epsilon: 0.2 }) })).toBe(
      version({ policy: policy('epsilon-greedy', { epsilon: 0.2, lambda: 1 }) }),
    );
    expect(version({ policy: policy('cost-aware', {}) })).toBe(
      version({ policy: policy('cost-aware', { lambda: 50 }) }),
    );
    const route = createRoute(settings());
    const before = decide(route).policyVersion;
    route.swap('quality', { ...slot('quality', qualityOf), fingerprint: 'two' });
    expect(decide(route).policyVersion).not.toBe(before);
  });
});
