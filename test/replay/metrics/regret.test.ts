import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budgetViolation } from '../../../src/replay/metrics/budget-violation.ts';
import { bestFixedWay, cumulativeRegret, dynamicRegret, intervalRegret } from '../../../src/replay/metrics/regret.ts';
import { bestPerQuery, utilitiesOf, utilitiesOfWay, type Utilities } from '../../../src/replay/metrics/utility.ts';

/**
 * Twelve queries: arm 0 goes round (5t mod 7)/7, arm 1 is .9 then .1, arm 2 .1 then .8, changing at query 6; arm 0 is
 * played. Figures by brute force in numpy: all windows x arms; all ways to cut into two and three segments.
 */
const drifting: Utilities = {
  ways: 3,
  queries: 12,
  values: Float64Array.from({ length: 36 }, (_, i) => {
    const [arm, t] = [Math.floor(i / 12), i % 12];
    if (arm === 0) return ((t * 5) % 7) / 7;
    return arm === 1 ? (t < 6 ? 0.9 : 0.1) : t < 6 ? 0.1 : 0.8;
  }),
};
const played = utilitiesOfWay(drifting, 0);
const last = (values: Float64Array): number => values.at(-1) ?? Number.NaN;

describe('regret of the worked example', () => {
  it('against the oracle and the best fixed arm', () => {
    expect(last(cumulativeRegret(played, bestPerQuery(drifting)))).toBeCloseTo(5.114285714285715, 12);
    expect(bestFixedWay(drifting)).toBe(1);
    expect(last(cumulativeRegret(played, utilitiesOfWay(drifting, 1)))).toBeCloseTo(0.8571428571428559, 12);
  });

  it('over the worst window, of any length and of three', () => {
    expect(intervalRegret(played, drifting, null)).toEqual({
      regret: expect.closeTo(2.6857142857142864, 12),
      way: 1,
      from: 0,
      to: 5,
    });
    expect(intervalRegret(played, drifting, 3)).toEqual({
      regret: expect.closeTo(1.5571428571428574, 12),
      way: 1,
      from: 0,
      to: 2,
    });
  });

  it('against the best sequence with one, two, three segments', () => {
    const found = [1, 2, 3].map((segments) => dynamicRegret(played, drifting, segments));
    [0.8571428571428559, 5.057142857142857, 5.114285714285716].forEach((regret, i) =>
      expect(found[i]).toBeCloseTo(regret, 12),
    );
  });

  it('weighs cost by lambda', () => {
    const outcomes = { ways: 1, queries: 2, quality: Float64Array.of(1, 0.5), costUsd: Float64Array.of(0.01, 0.002) };
    expect([...utilitiesOf(outcomes, 50).values]).toEqual([0.5, 0.4]);
  });
});

describe('laws of regret', () => {
  const value = fc.integer({ min: -8, max: 8 }).map((eighths) => eighths / 8);
  const streams = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 9 })).chain(([ways, queries]) =>
    fc.tuple(
      fc.array(value, { minLength: queries, maxLength: queries }).map((values) => Float64Array.from(values)),
      fc
        .array(value, { minLength: ways * queries, maxLength: ways * queries })
        .map((values) => ({ ways, queries, values: Float64Array.from(values) })),
    ),
  );

  it('the best window by one scan is the best over all lengths', () => {
    fc.assert(
      fc.property(streams, ([chosen, utilities]) => {
        const lengths = Array.from({ length: utilities.queries }, (_, i) => i + 1);
        const worst = Math.max(...lengths.map((length) => intervalRegret(chosen, utilities, length).regret));
        const found = intervalRegret(chosen, utilities, null);
        expect(found.regret).toBe(worst);
        const arm = utilitiesOfWay(utilities, found.way);
        let sum = 0;
        for (let t = found.from; t <= found.to; t++) sum += (arm[t] ?? 0) - (chosen[t] ?? 0);
        expect(sum).toBe(worst);
      }),
    );
  });

  it('grows with the segments the comparator may use, from the best fixed arm to the oracle', () => {
    fc.assert(
      fc.property(streams, ([chosen, utilities]) => {
        const fixed = last(cumulativeRegret(chosen, utilitiesOfWay(utilities, bestFixedWay(utilities))));
        const oracle = last(cumulativeRegret(chosen, bestPerQuery(utilities)));
        const regrets = Array.from({ length: utilities.queries }, (_, i) => dynamicRegret(chosen, utilities, i + 1));
        expect(regrets[0]).toBe(fixed);
        expect(regrets.at(-1)).toBe(oracle);
        regrets.forEach((regret, i) => expect(regret).toBeGreaterThanOrEqual(regrets[i - 1] ?? regret));
      }),
    );
  });

  it('against the oracle never falls, and the oracle has none', () => {
    fc.assert(
      fc.property(streams, ([, utilities]) => {
        const oracle = bestPerQuery(utilities);
        const course = cumulativeRegret(utilitiesOfWay(utilities, 0), oracle);
        course.forEach((regret, t) => expect(regret).toBeGreaterThanOrEqual(course[t - 1] ?? 0));
        expect(last(cumulativeRegret(oracle, oracle))).toBe(0);
        expect(intervalRegret(oracle, utilities, null).regret).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe('budget violation', () => {
  it('is the worst ratio of spent to allowed so far, and where it ended', () => {
    // Spent 4, 5, 6, 10 of 2, 4, 6, 8 allowed.
    const costs = Float64Array.of(4, 1, 1, 4);
    expect(budgetViolation(costs, 2)).toEqual({ worst: 2, worstAt: 0, final: 1.25 });
    expect(budgetViolation(costs, 2, 2)).toEqual({ worst: 1.25, worstAt: 1, final: 1.25 });
    expect(budgetViolation(costs, 2, 3)).toEqual({ worst: 1.25, worstAt: 3, final: 1.25 });
  });

  it('does not depend on the unit of money', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 1, maxLength: 30 }), (costs) => {
        const usd = Float64Array.from(costs);
        expect(
          budgetViolation(
            usd.map((cost) => cost * 64),
            320,
          ),
        ).toEqual(budgetViolation(usd, 5));
      }),
    );
  });
});
