import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ModelProfile } from '../../src/core/candidate.ts';
import type { Prediction } from '../../src/core/estimator.ts';
import type { PolicyDecision } from '../../src/core/policy.ts';
import { seededRandom } from '../../src/core/random.ts';
import constrained from '../../src/policies/constrained.ts';
import { checkOptions } from '../../src/routing/options.ts';
import { policyContext } from '../../src/routing/policy-context.ts';
import { createRoute } from '../../src/routing/route.ts';
import { model, policies, policy, query, settings, target } from '../routing/build.ts';

const profile = (
  sizeBillions: number | null,
  released: string | null,
  licence: string | null = null,
  ...regions: (string | null)[]
): ModelProfile => ({ sizeBillions, released, licence, regions });
const profiles = new Map([
  ['tiny', profile(3, '2025-01-31', 'apache-2.0', 'eu')],
  ['middle', profile(50, '2024-01-31', 'llama3', 'eu', 'us')],
  ['giant', profile(400, '2023-01-31', null, 'us')],
]);
const models = ['tiny', 'middle', 'giant', 'unknown'];
const candidates = models.map((each) => ({ model: each, price: null }));
const certain = (...mean: number[]): Prediction => ({
  mean: Float64Array.from(mean),
  deviation: new Float64Array(mean.length),
});
const predictions = {
  quality: certain(0.5, 0.6, 0.8, 0.9),
  cost: certain(0.001, 0.002, 0.01, 0.01),
  latency: certain(500, 3000, 15_000, 60_000),
};

const made = (options: object) =>
  constrained.create(
    checkOptions('constrained', constrained.options, options, 'test'),
    policyContext(models, new Map(), 'test', profiles),
  );
const decide = (options: object): PolicyDecision =>
  made(options).decide({ candidates, predictions, lambda: 0, random: seededRandom('constrained') });
const chosen = (options: object): string => models[decide(options).ranking[0] ?? -1] ?? '';

describe('weights', () => {
  test.each([
    [{}, 'unknown'],
    // An unknown size costs the whole weight, as does one beyond the cap: 0.9 − 0.4, 0.8 − 0.4, 0.6 − 0.2, 0.5 − 0.012.
    [{ size_weight: 0.4 }, 'unknown'],
    [{ size_weight: 0.45 }, 'tiny'],
    [{ size_weight: 0.3, size_cap_billions: 4000 }, 'giant'],
    // 731 and 366 days behind the newest: 0.9 − 0.4, 0.8 − 0.4, 0.6 − 0.2, 0.5.
    [{ age_weight: 0.41 }, 'tiny'],
    [{ age_weight: 0.29, age_cap_days: 7310 }, 'giant'],
    // 0.9 − 1, 0.8 − 0.5, 0.6 − 0.1, 0.5 − 0.017.
    [{ latency_weight: 1 }, 'middle'],
    [{ latency_weight: 3 }, 'tiny'],
  ])('%j choose %s', (options, model) => {
    expect(chosen(options)).toBe(model);
  });

  test('a heavier weight never chooses more of what it weighs', () => {
    const weight = fc.double({ min: 0, max: 3, noNaN: true });
    const amountOf = (of: 'size_weight' | 'latency_weight', at: number): number => {
      const place = decide({ [of]: at }).ranking[0] ?? 0;
      const size = profiles.get(models[place] ?? '')?.sizeBillions ?? Infinity;
      return of === 'size_weight' ? Math.min(size, 100) : Math.min(predictions.latency.mean[place] ?? NaN, 30_000);
    };
    fc.assert(
      fc.property(weight, weight, fc.constantFrom('size_weight', 'latency_weight'), (one, other, of) => {
        const [light, heavy] = [Math.min(one, other), Math.max(one, other)];
        expect(amountOf(of, heavy)).toBeLessThanOrEqual(amountOf(of, light));
      }),
    );
  });

  test('who is predicted to be too slow comes last; where all are, the fastest goes', () => {
    expect(decide({ max_latency_ms: 10_000 }).ranking).toEqual([1, 0, 2, 3]);
    const all = decide({ max_latency_ms: 100 });
    expect([models[all.ranking[0] ?? -1], all.reason]).toEqual([
      'tiny',
      'all are predicted to be slower than 100 ms, tiny the least',
    ]);
  });

  test('latency is read only where it counts', () => {
    expect(made({ size_weight: 1 }).uses).toEqual(['quality', 'cost']);
    expect(made({ max_latency_ms: 100 }).uses).toContain('latency');
  });
});

describe('limits', () => {
  test.each([
    [{ max_size_billions: 50 }, ['giant', 'unknown']],
    [{ released_from: '2024-01-31' }, ['giant', 'unknown']],
    [{ licences: ['Apache-2.0', 'llama3'] }, ['giant', 'unknown']],
    [{ regions: ['eu'] }, ['middle', 'giant', 'unknown']],
    [{ regions: ['eu', 'us'] }, ['unknown']],
    [{ max_size_billions: 50, regions: ['us', 'eu'], licences: ['llama3'] }, ['tiny', 'giant', 'unknown']],
  ])('%j rule out %j', (options, out) => {
    expect([...(made(options).forbidden?.keys() ?? [])]).toEqual(out);
  });

  test('say what is missing', () => {
    expect(Object.fromEntries(made({ max_size_billions: 50 }).forbidden ?? [])).toEqual({
      giant: 'at most 50 billion parameters, has 400',
      unknown: 'at most 50 billion parameters, has an unknown number',
    });
    expect(made({ regions: ['eu'] }).forbidden?.get('middle')).toBe('only in eu, is also in us');
    expect(made({}).forbidden).toBeUndefined();
  });
});

describe('a route under limits', () => {
  const served = [
    model('llama-3-8b', { profile: { sizeBillions: null, released: '2024-04-18', licence: 'llama3' } }),
    model('llama-3-70b', { targets: [target({ region: 'eu' })] }),
    model('other', { targets: [target({ region: 'eu' }), target({ region: 'us' })] }),
  ];
  const routeUnder = (options: object, epsilon = 1) =>
    createRoute(
      settings({ models: served, policy: policy('constrained', options), exploration: { epsilon }, policies }),
    );

  test('never tries another model, however much it explores; the removal says why', () => {
    const route = routeUnder({ max_size_billions: 10 });
    for (let i = 0; i < 50; i++) {
      const decision = route.decide(query(), { id: `dec_${i}` });
      if (decision instanceof Promise) throw new Error('not synchronous');
      // The size of the first two is read from their ids.
      expect(decision.candidates.map((each) => each.model)).toEqual(['llama-3-8b']);
      expect(decision.removals).toEqual([
        { model: 'llama-3-70b', check: 'policy', reason: 'at most 10 billion parameters, has 70' },
        { model: 'other', check: 'policy', reason: 'at most 10 billion parameters, has an unknown number' },
      ]);
    }
  });

  test('keeps its limits under another policy that a client names', () => {
    const decision = routeUnder({ max_size_billions: 10 }).withPolicy(policy('random')).decide(query(), { id: 'x' });
    expect(decision).toMatchObject({ policy: 'random', candidates: [{ model: 'llama-3-8b' }] });
  });

  test('that leave nobody stop the boot, and so do limits inside another policy', () => {
    expect(() => routeUnder({ regions: ['mars'] })).toThrow(
      /its limits leave no model of the route: llama-3-8b \(only in mars/,
    );
    const inside = { policy: { type: 'constrained', max_size_billions: 10 }, probes: 5 };
    expect(() => createRoute(settings({ models: served, policy: policy('onboarding', inside), policies }))).toThrow(
      /"constrained" has hard limits, which hold for all that a route does/,
    );
  });

  test('is another policy once a profile changes', () => {
    const [first, ...others] = served;
    if (first === undefined) throw new Error('no model');
    const changed = [{ ...first, profile: { sizeBillions: 9, released: null, licence: null } }, ...others];
    const of = (list: typeof served) => createRoute(settings({ models: list, policy: policy('static') })).policyVersion;
    expect(of(changed)).not.toBe(of(served));
  });
});
