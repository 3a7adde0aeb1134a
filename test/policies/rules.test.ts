import { describe, expect, test } from 'vitest';
import type { Prediction } from '../../src/core/estimator.ts';
import type { PolicyDecision } from '../../src/core/policy.ts';
import { seededRandom } from '../../src/core/random.ts';
import costAware from '../../src/policies/cost-aware.ts';
import epsilonGreedy from '../../src/policies/epsilon-greedy.ts';
import routellm from '../../src/policies/routellm.ts';
import staticPolicy from '../../src/policies/static.ts';
import table from '../../src/policies/table.ts';
import threshold from '../../src/policies/threshold.ts';
import weighted from '../../src/policies/weighted.ts';
import { winProbability } from '../../src/math/win-probability.ts';
import { policyContext } from '../../src/routing/policy-context.ts';

/** What each policy does beyond the laws they share; expected values are worked out by hand. */
const context = policyContext(['a', 'b', 'c'], new Map(), 'test');
const candidatesOf = (...models: string[]): { model: string; price: null }[] =>
  models.map((model) => ({ model, price: null }));
const certain = (...mean: number[]): Prediction => ({
  mean: Float64Array.from(mean),
  deviation: new Float64Array(mean.length),
});
const random = (): ReturnType<typeof seededRandom> => seededRandom('rules');
const model = ({ plan }: PolicyDecision): string => (plan.type === 'route' ? plan.model : 'rejected');

describe('static', () => {
  const input = (...models: string[]) => ({
    candidates: candidatesOf(...models),
    predictions: {},
    lambda: 3,
    random: random(),
  });

  test('takes the named model; without a name the first of the route, whatever the order of the candidates', () => {
    expect(model(staticPolicy.create({ model: 'b' }, context).decide(input('a', 'b', 'c')))).toBe('b');
    expect(model(staticPolicy.create({}, context).decide(input('c', 'b', 'a')))).toBe('a');
  });

  test('falls to the first of the rest, and says so', () => {
    const decision = staticPolicy.create({ model: 'b' }, context).decide(input('a', 'c'));
    expect([model(decision), decision.reason]).toEqual(['a', 'b is not eligible, a comes first of the rest']);
    expect(decision.lambda).toBeNull();
  });

  test('refuses a model of another route', () => {
    expect(() => staticPolicy.create({ model: 'z' }, context)).toThrow(
      expect.objectContaining({ code: 'invalid_config', param: 'model' }),
    );
  });
});

describe('weighted', () => {
  const input = (...models: string[]) => ({
    candidates: candidatesOf(...models),
    predictions: {},
    lambda: null,
    random: random(),
  });

  test('shares by the weights of those that are eligible', () => {
    const policy = weighted.create({ weights: { a: 1, b: 3 } }, context);
    expect([...policy.decide(input('a', 'b', 'c')).propensities]).toEqual([0.25, 0.75, 0]);
    expect([...policy.decide(input('c', 'b')).propensities]).toEqual([0, 1]);
    expect([...policy.decide(input('c')).propensities]).toEqual([1]);
    expect([...weighted.create({ weights: {} }, context).decide(input('a', 'b')).propensities]).toEqual([0.5, 0.5]);
  });

  test('ranks the fallbacks by weight', () => {
    const policy = weighted.create({ weights: { a: 1, b: 1e9, c: 2 } }, context);
    expect(policy.decide(input('a', 'b', 'c')).ranking).toEqual([1, 2, 0]);
  });

  test('refuses a weight for a model that is not there', () => {
    expect(() => weighted.create({ weights: { z: 1 } }, context)).toThrow(/"z"/);
  });
});

describe('threshold', () => {
  const decide = (quality: Prediction, at: number, ...models: string[]): PolicyDecision =>
    threshold
      .create({ strong: 'c', weak: 'a', threshold: at }, context)
      .decide({ candidates: candidatesOf(...models), predictions: { quality }, lambda: null, random: random() });

  test('is strong from the threshold on, and the other of the pair is the first fallback', () => {
    // 0.75 - 0.5 is exactly 0.25.
    expect(decide(certain(0.5, 0.9, 0.75), 0.25, 'a', 'b', 'c').ranking).toEqual([2, 0, 1]);
    expect(decide(certain(0.5, 0.9, 0.75), 0.2500001, 'a', 'b', 'c').ranking).toEqual([0, 2, 1]);
    expect(model(decide(certain(0.9, 0, 0.1), -1, 'a', 'b', 'c'))).toBe('c');
    expect(decide(certain(0.5, 0.9, 0.75), 0.25, 'a', 'b', 'c').reason).toBe('gain of c over a is 0.25, at least 0.25');
  });

  test('takes the one of the pair that is left, or else the best predicted', () => {
    expect(model(decide(certain(0.1, 0.9), 0.2, 'a', 'b'))).toBe('a');
    expect(model(decide(certain(0.9, 0.1), 0.2, 'b', 'c'))).toBe('c');
    expect(model(decide(certain(0.1, 0.9), 0.2, 'b', 'd'))).toBe('d');
    expect([...decide(certain(0.4, 0.4), 0.2, 'b', 'd').propensities]).toEqual([0.5, 0.5]);
  });

  test('refuses a pair that is none', () => {
    expect(() => threshold.create({ strong: 'a', weak: 'a', threshold: 0 }, context)).toThrow(/both "a"/);
    expect(() => threshold.create({ strong: 'z', weak: 'a', threshold: 0 }, context)).toThrow(/strong "z"/);
  });
});

describe('routellm', () => {
  const decide = (quality: Prediction, threshold: number, ties: 'half' | 'dropped'): PolicyDecision =>
    routellm
      .create({ strong: 'c', weak: 'a', threshold, ties }, context)
      .decide({ candidates: candidatesOf('a', 'b', 'c'), predictions: { quality }, lambda: null, random: random() });

  test('asks the strong model from the threshold on', () => {
    // 1/2 + (0.75 − 0.5) / 2; odds of 3 against odds of 1.
    expect(decide(certain(0.5, 0.9, 0.75), 0.625, 'half').ranking).toEqual([2, 0, 1]);
    expect(decide(certain(0.5, 0.9, 0.75), 0.6251, 'half').ranking).toEqual([0, 2, 1]);
    expect(decide(certain(0.5, 0.9, 0.75), 0.74, 'dropped').ranking).toEqual([2, 0, 1]);
    expect(decide(certain(0.5, 0.9, 0.75), 0.76, 'dropped').ranking).toEqual([0, 2, 1]);
    expect(decide(certain(0.5, 0, 0.75), 0.625, 'half').reason).toBe('chance that c beats a is 0.625, at least 0.625');
    // 0 is always strong, whatever is predicted.
    expect(model(decide(certain(1, 0, 0), 0, 'half'))).toBe('c');
  });

  test('the chance to win is what drawing right and wrong gives', () => {
    for (const [strong, weak] of [
      [0.9, 0.2],
      [0.3, 0.6],
      [0.5, 0.5],
    ] as const) {
      let [wins, losses] = [0, 0];
      const stream = seededRandom(`${strong}:${weak}`);
      const draws = 200_000;
      for (let i = 0; i < draws; i++) {
        const lead = Number(stream.next() < strong) - Number(stream.next() < weak);
        if (lead > 0) wins++;
        if (lead < 0) losses++;
      }
      expect(winProbability(strong, weak, 'half')).toBeCloseTo((wins + (draws - wins - losses) / 2) / draws, 2);
      expect(winProbability(strong, weak, 'dropped')).toBeCloseTo(wins / (wins + losses), 2);
    }
    expect(winProbability(0, 0, 'dropped')).toBe(0.5);
    expect(winProbability(1, 1, 'dropped')).toBe(0.5);
    expect(winProbability(1, 0, 'dropped')).toBeCloseTo(1, 12);
  });

  test('refuses a pair that is none', () => {
    expect(() => routellm.create({ strong: 'a', weak: 'a', threshold: 0, ties: 'half' }, context)).toThrow(
      /routellm: strong and weak are both "a"/,
    );
  });
});

describe('table', () => {
  const within = policyContext(['a', 'b', 'c'], new Map([['cost-aware', costAware]]), 'test');
  const decide = (tags: Record<string, string> | undefined, ...models: string[]): PolicyDecision =>
    table.create({ tag: 'task', models: { code: 'b', toString: 'a' }, otherwise: 'cost-aware' }, within).decide({
      candidates: candidatesOf(...models),
      predictions: {
        quality: certain(...models.map((each) => (each === 'c' ? 0.9 : 0.1))),
        cost: certain(...models.map(() => 0)),
      },
      lambda: null,
      random: random(),
      tags,
    });

  test('takes the model of the tag, with the others as the inner policy ranks them', () => {
    const decision = decide({ task: 'code', other: 'x' }, 'a', 'b', 'c');
    expect([decision.ranking, [...decision.propensities], decision.reason]).toEqual([
      [1, 2, 0],
      [0, 1, 0],
      'task is code',
    ]);
  });

  test.each([[undefined], [{}], [{ task: 'poems' }], [{ kind: 'code' }], [{ task: 'constructor' }]])(
    'leaves %j to the other policy',
    (tags) => {
      expect(model(decide(tags, 'a', 'b', 'c'))).toBe('c');
    },
  );

  test('says where the model of the tag is not eligible', () => {
    const decision = decide({ task: 'code' }, 'a', 'c');
    expect(decision.reason).toMatch(/^b is not eligible; quality/);
  });

  test('refuses a model of another route', () => {
    expect(() => table.create({ tag: 'task', models: { code: 'z' }, otherwise: 'cost-aware' }, within)).toThrow(
      /models.code "z" is not one of the route's/,
    );
  });
});

describe('cost-aware', () => {
  const decide = (quality: Prediction, cost: Prediction, lambda: number | null): PolicyDecision =>
    costAware
      .create({ lambda: 50 }, context)
      .decide({ candidates: candidatesOf('a', 'b', 'c'), predictions: { quality, cost }, lambda, random: random() });

  test('walks from the best to the cheapest as lambda grows', () => {
    const quality = certain(0.5, 0.7, 0.8);
    const cost = certain(0.001, 0.002, 0.02);
    // b passes c at 0.1 / 0.018 = 5.6, a passes b at 0.2 / 0.001 = 200.
    expect([0, 5.5, 5.6, 199, 201].map((lambda) => model(decide(quality, cost, lambda)))).toEqual([
      'c',
      'c',
      'b',
      'b',
      'a',
    ]);
    expect(decide(quality, cost, null)).toMatchObject({
      lambda: 50,
      reason: 'quality 0.7 − 50 × $0.002 = 0.6, next a at 0.45',
    });
  });

  test('a tie goes to the cheaper for certain, a tie in both to chance', () => {
    expect([...decide(certain(0.5, 0.5, 0.1), certain(0.02, 0.01, 0), 0).propensities]).toEqual([0, 1, 0]);
    const decision = decide(certain(0.5, 0.5, 0.1), certain(0.01, 0.01, 0), 1);
    expect([...decision.propensities]).toEqual([0.5, 0.5, 0]);
    expect(decision.reason).toContain('drawn among 2 that tie exactly');
  });

  test("is CARROT's rule under CARROT's own weight", () => {
    const stream = seededRandom('carrot');
    for (let i = 0; i < 200; i++) {
      const quality = certain(stream.next(), stream.next(), stream.next());
      const cost = certain(stream.next() / 100, stream.next() / 100, stream.next() / 100);
      const t = stream.next() * 0.99;
      const carrot = [0, 1, 2].map((m) => (1 - t) * (quality.mean[m] ?? 0) - 100 * t * (cost.mean[m] ?? 0));
      const best = carrot.indexOf(Math.max(...carrot));
      expect(decide(quality, cost, (100 * t) / (1 - t)).ranking[0]).toBe(best);
    }
  });
});

describe('epsilon-greedy', () => {
  const decide = (epsilon: number): PolicyDecision =>
    epsilonGreedy.create({ epsilon, lambda: 0 }, context).decide({
      candidates: candidatesOf('a', 'b', 'c'),
      predictions: { quality: certain(0.1, 0.9, 0.2), cost: certain(1, 1, 1) },
      lambda: null,
      random: random(),
    });

  test('gives the greedy choice 1 − epsilon and everybody epsilon / n', () => {
    expect([...decide(0.3).propensities]).toEqual([
      expect.closeTo(0.1, 12),
      expect.closeTo(0.8, 12),
      expect.closeTo(0.1, 12),
    ]);
    expect([...decide(0).propensities]).toEqual([0, 1, 0]);
    expect(model(decide(0))).toBe('b');
  });

  test('says when it explored; its fallbacks stay in order of utility', () => {
    const decision = decide(1);
    expect(decision.reason).toBe('explores with probability 1, drawn among 3');
    const rest = decision.ranking.slice(1);
    expect(rest).toEqual([1, 2, 0].filter((index) => index !== decision.ranking[0]));
  });
});
