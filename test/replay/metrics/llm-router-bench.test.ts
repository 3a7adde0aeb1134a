import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deferral } from '../../../src/replay/metrics/deferral.ts';
import {
  curveGains,
  nonDominated,
  paretoDistance,
  relativeGains,
} from '../../../src/replay/metrics/llm-router-bench.ts';

const at = (costUsd: number, quality: number) => ({ costUsd, quality });
const point = fc.record({
  costUsd: fc.integer({ min: 1, max: 40 }),
  quality: fc.integer({ min: 0, max: 40 }).map((q) => q / 40),
});
const points = fc.array(point, { minLength: 1, maxLength: 12 });

describe('gains over data sets', () => {
  it('are means of ratios, not ratios of means', () => {
    const groups = [
      { router: 0.9, bestSingle: 0.6, oracle: 1 },
      { router: 0.2, bestSingle: 0.4, oracle: 0.8 },
    ];
    // (+.5 - .5) / 2 = 0, where .55 / .5 - 1 would be +.1; (.1 + .75) / 2.
    const { gainOverBest, gapToOracle } = relativeGains(groups);
    expect(gainOverBest).toBeCloseTo(0, 12);
    expect(gapToOracle).toBeCloseTo(0.425, 12);
  });

  it('leave out data sets without a ratio', () => {
    const groups = [
      { router: 0, bestSingle: 0, oracle: 0.5 },
      { router: 0.3, bestSingle: 0.2, oracle: 0.6 },
    ];
    expect(relativeGains(groups).gainOverBest).toBeCloseTo(0.5, 12);
    expect(relativeGains(groups).gapToOracle).toBeCloseTo(0.75, 12);
    expect(relativeGains([])).toEqual({ gainOverBest: null, gapToOracle: null });
  });
});

describe('gains of a curve', () => {
  const singles = [at(1, 0.5), at(10, 0.8)];

  it('take the best point and the cheapest good enough one', () => {
    const gains = curveGains([at(2, 0.6), at(6, 0.8), at(12, 0.88)], singles);
    expect(gains.performanceGain).toBeCloseTo(0.1, 12);
    expect(gains.costSaved).toBeCloseTo(0.4, 12);
  });

  it('do not mix points, as a hull would', () => {
    const curve = [at(1, 0.5), at(20, 0.9)];
    expect(curveGains(curve, singles).costSaved).toBe(-1);
    expect(deferral(curve, singles).qualityNeutralCost).toBeCloseTo((1 + 19 * 0.75) / 10, 12);
  });

  it('say that a router never gets there', () => {
    expect(curveGains([at(1, 0.7)], singles)).toEqual({ performanceGain: expect.closeTo(-0.125, 12), costSaved: null });
    expect(deferral([at(1, 0.7)], singles).qualityNeutralCost).toBeNull();
  });
});

describe('the distance to the Pareto frontier', () => {
  it('is measured on axes from 0 to 1', () => {
    // Range 0..10 and .2..1: (5, .6) is the middle, (0, .6) non-dominated beside it: half the cost axis away.
    const all = [at(0, 0.6), at(10, 1), at(5, 0.6), at(10, 0.2)];
    expect(paretoDistance([at(5, 0.6)], all)).toBeCloseTo(0.5, 12);
    expect(paretoDistance([at(5, 0.6), at(0, 0.6)], all)).toBeCloseTo(0.25, 12);
    expect(paretoDistance([], all)).toBeNull();
  });

  it('is 0 exactly for non-dominated points, bounded, and blind to units and order', () => {
    fc.assert(
      fc.property(points, points, (own, others) => {
        const all = [...own, ...others];
        const distance = paretoDistance(own, all) ?? -1;
        expect(distance).toBeGreaterThanOrEqual(0);
        expect(distance).toBeLessThanOrEqual(Math.SQRT2);
        expect(paretoDistance(nonDominated(all), all)).toBe(0);
        const cents = (p: { costUsd: number; quality: number }) => at(p.costUsd * 64, p.quality);
        expect(paretoDistance(own.map(cents).reverse(), all.map(cents).reverse())).toBeCloseTo(distance, 9);
        const front = nonDominated(all);
        for (const p of own) {
          const isOn = front.some((f) => f.costUsd === p.costUsd && f.quality === p.quality);
          expect(paretoDistance([p], all) === 0).toBe(isOn);
        }
      }),
    );
  });
});

describe('the deferral curve', () => {
  it('by hand: the hull of two models, the floor before it', () => {
    // x from 0 to 1 = $0 to $10: .5 up to $1, then a line to .8: (.5 + 9 x .65) / 10.
    expect(deferral([at(1, 0.5), at(10, 0.8)], [at(1, 0.5), at(10, 0.8)])).toEqual({
      area: expect.closeTo(0.635, 12),
      qualityNeutralCost: 1,
    });
  });

  it('lies between the worst and the best point, does not fall with more points, and is blind to the unit of cost', () => {
    fc.assert(
      fc.property(points, points, point, (singles, curve, extra) => {
        const { area, qualityNeutralCost } = deferral(curve, singles);
        const all = [...singles, ...curve].map(({ quality }) => quality);
        expect(area).toBeGreaterThanOrEqual(Math.min(...all) - 1e-9);
        expect(area).toBeLessThanOrEqual(Math.max(...all) + 1e-9);
        expect(deferral([...curve, extra], singles).area).toBeGreaterThanOrEqual((area ?? 0) - 1e-9);
        const cents = (p: { costUsd: number; quality: number }) => at(p.costUsd * 128, p.quality);
        const scaled = deferral(curve.map(cents), singles.map(cents));
        expect(scaled.area).toBeCloseTo(area ?? 0, 9);
        expect(scaled.qualityNeutralCost === null).toBe(qualityNeutralCost === null);
        expect(deferral([...curve, ...singles], singles).qualityNeutralCost).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('has no scale where the best model is free', () => {
    expect(deferral([at(0, 1)], [at(0, 1)])).toEqual({ area: null, qualityNeutralCost: null });
  });
});
