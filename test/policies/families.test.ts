import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import type { Prediction } from '../../src/core/estimator.ts';
import type { PolicyDecision } from '../../src/core/policy.ts';
import { seededRandom } from '../../src/core/random.ts';
import { hullMixture } from '../../src/math/hull-mixture.ts';
import avengers from '../../src/policies/avengers.ts';
import preferenceConditioned from '../../src/policies/preference-conditioned.ts';
import zero from '../../src/policies/zero.ts';
import { policyContext } from '../../src/routing/policy-context.ts';

const models = ['a', 'b', 'c', 'd'];
const context = policyContext(models, new Map(), 'test');
const candidates = models.map((model) => ({ model, price: null }));
const certain = (...mean: number[]): Prediction => ({
  mean: Float64Array.from(mean),
  deviation: new Float64Array(mean.length),
});
const quality = certain(0.3, 0.5, 0.6, 0.9);
const cost = certain(0.001, 0.003, 0.002, 0.011);
const latency = certain(100, 200, 300, 20_000);
const input = { candidates, predictions: { quality, cost, latency }, lambda: null, random: seededRandom('families') };
const model = ({ plan }: PolicyDecision): string => (plan.type === 'route' ? plan.model : 'rejected');

describe('zero', () => {
  test.each([
    // b lies below the line from a to c; at 0.005 a third of the way from c to d is paid for.
    [0.005, [0, 0, 2 / 3, 1 / 3]],
    [0.0015, [0.5, 0, 0.5, 0]],
    [0.002, [0, 0, 1, 0]],
    [0.0001, [1, 0, 0, 0]],
    [5, [0, 0, 0, 1]],
  ])('at %d dollars per request mixes as worked out by hand', (budget, shares) => {
    const { propensities } = zero.create({ usd_per_request: budget }, context).decide(input);
    shares.forEach((share, i) => expect(propensities[i]).toBeCloseTo(share, 12));
  });

  test('spends at most the budget, and no other mixture of two models does better', () => {
    const value = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(value, fc.double({ min: 0.01, max: 1, noNaN: true })), { minLength: 1, maxLength: 6 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (points, budget) => {
          const worth = Float64Array.from(points, ([q]) => q);
          const costs = Float64Array.from(points, ([, c]) => c);
          const shares = hullMixture(worth, costs, budget);
          const mean = (of: Float64Array): number => shares.reduce((sum, share, i) => sum + share * (of[i] ?? 0), 0);
          const affordable = Math.max(budget, Math.min(...costs));
          expect(mean(costs)).toBeLessThanOrEqual(affordable + 1e-12);
          for (const [i, [q, c]] of points.entries()) {
            if (c <= budget) expect(mean(worth)).toBeGreaterThanOrEqual(q - 1e-9);
            for (const [otherQ, otherC] of points.slice(i + 1)) {
              if (c > budget === otherC > budget) continue;
              const share = (budget - c) / (otherC - c);
              expect(mean(worth)).toBeGreaterThanOrEqual(q + share * (otherQ - q) - 1e-9);
            }
          }
        },
      ),
    );
  });
});

describe('avengers', () => {
  test.each([
    [1, 'd'],
    [0, 'a'],
    // a: 0 + .5 x .909, c: .5 x .5 + .5 x .818 = .659, d: .5 + 0.
    [0.5, 'c'],
  ])('at alpha %d takes %s', (alpha, chosen) => {
    expect(model(avengers.create({ alpha }, context).decide(input))).toBe(chosen);
  });
});

describe('preference-conditioned', () => {
  const options = { quality: 1, cost: 0, latency: 0, cost_cap_usd: 0.01, latency_cap_ms: 10_000 };
  test.each([
    [{}, 'd'],
    // d costs its whole weight and no more, however far beyond the cap: .9 − .29 against .6 − .058.
    [{ cost: 0.29 }, 'd'],
    [{ cost: 0.5 }, 'c'],
    [{ latency: 0.29 }, 'd'],
    [{ latency: 0.5 }, 'c'],
    [{ quality: 0, cost: 1 }, 'a'],
  ])('weighed by %o takes %s', (weights, chosen) => {
    expect(model(preferenceConditioned.create({ ...options, ...weights }, context).decide(input))).toBe(chosen);
  });
});
