import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aiqCodeForm, aiqPaperForm } from '../../../src/replay/metrics/aiq.ts';
import { curvePoints } from '../../../src/replay/metrics/outcomes.ts';
import { oracleOutcomes } from '../../../src/replay/metrics/oracle.ts';
import { savingAt } from '../../../src/replay/metrics/saving.ts';
import { bestSingle, randomRouter, singleModels } from '../../../src/replay/metrics/singles.ts';
import { must } from '../helpers.ts';

/**
 * Four queries, models a, b, c at $1, $2, $4 each. Means: a .25 at 1, b .5 at 2, c .75 at 4.
 * Zero hull 1 -> 2 -> 4: area .375 + 1.25 = 1.625, over 3 = .541667 (paper), over 4 = .40625 (code).
 * Oracle: a, b, c, none = .75 at (1 + 2 + 4 + 0) / 4 = 1.75. With floor (1, .25): area .75 x .5 + 2.25 x .75 = 2.0625,
 * over 3 = .6875; in code form from its own first point: 2.25 x .75 / 4 = .421875.
 * Cost at .95 x .75 = .7125 on the segment (1, .25) -> (1.75, .75): 1 + .75 x .4625 / .5 = 1.69375.
 */
const quality = Float64Array.from([1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0]);
const costUsd = Float64Array.from([1, 2, 4, 1, 2, 4, 1, 2, 4, 1, 2, 4]);

describe('the worked example', () => {
  const singles = singleModels(3, quality, costUsd);
  const models = curvePoints(singles);
  const oracle = curvePoints(oracleOutcomes(singles));

  it('has the means of the single models, the best of them, and the random router', () => {
    expect(models).toEqual([
      { costUsd: 1, quality: 0.25 },
      { costUsd: 2, quality: 0.5 },
      { costUsd: 4, quality: 0.75 },
    ]);
    expect(bestSingle(models)).toBe(2);
    expect(randomRouter(models)).toEqual({ costUsd: 7 / 3, quality: 0.5 });
  });

  it('gives the zero router in both forms', () => {
    expect(aiqPaperForm(models, models)).toBeCloseTo(1.625 / 3, 12);
    expect(aiqCodeForm(models, models)).toBeCloseTo(0.40625, 12);
  });

  it('lets the oracle pay nothing where no model is right', () => {
    expect(oracle).toEqual([{ costUsd: 1.75, quality: 0.75 }]);
    expect(aiqPaperForm(oracle, models)).toBeCloseTo(0.6875, 12);
    expect(aiqCodeForm(oracle, models)).toBeCloseTo(0.421875, 12);
  });

  it('gives the saving at shares of the best single model', () => {
    expect(savingAt(1, oracle, models)).toEqual({ share: 1, costUsd: 1.75, saved: 0.5625 });
    const near = savingAt(0.95, oracle, models);
    expect(near.costUsd).toBeCloseTo(1.69375, 12);
    expect(near.saved).toBeCloseTo(1 - 1.69375 / 4, 12);
    expect(savingAt(1, [must(models[0])], models)).toEqual({ share: 1, costUsd: null, saved: null });
  });

  it('counts a weighted query as often as it was drawn', () => {
    // Query 1 twice, query 3 once: model c is right every time, model a in two of three.
    const drawn = curvePoints(singles, Float64Array.from([2, 0, 1, 0]));
    expect(drawn.map((point) => point.quality)).toEqual([2 / 3, 2 / 3, 1]);
  });
});

describe('the oracle', () => {
  it('takes the cheapest of equally good models', () => {
    const singles = singleModels(3, Float64Array.from([0.5, 0.9, 0.9]), Float64Array.from([1, 7, 3]));
    expect(curvePoints(oracleOutcomes(singles))).toEqual([{ costUsd: 3, quality: 0.9 }]);
  });
});

describe('the best single model', () => {
  it('is the cheaper of equally good ones', () => {
    expect(bestSingle([4, 2, 3].map((costUsd) => ({ costUsd, quality: 0.5 })))).toBe(1);
  });
});

describe('AIQ', () => {
  const point = fc.record({
    costUsd: fc.double({ min: 0.001, max: 1, noNaN: true }),
    quality: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const pool = fc.array(point, { minLength: 1, maxLength: 8 });

  it('lies between the cheapest model and the best point, never falls with more points, and ignores the unit of cost', () => {
    fc.assert(
      fc.property(pool, fc.array(point, { maxLength: 20 }), point, (singles, curve, extra) => {
        const aiq = aiqPaperForm(curve, singles);
        const best = Math.max(...[...curve, ...singles].map((p) => p.quality));
        expect(aiq).toBeGreaterThanOrEqual(0);
        expect(aiq).toBeLessThanOrEqual(best + 1e-9);
        expect(aiqPaperForm([...curve, extra], singles)).toBeGreaterThanOrEqual(aiq - 1e-9);
        const cents = (p: { costUsd: number; quality: number }) => ({ ...p, costUsd: p.costUsd * 128 });
        expect(aiqPaperForm(curve.map(cents), singles.map(cents))).toBeCloseTo(aiq, 9);
      }),
    );
  });

  it('of a router that can be every single model is never below the zero router', () => {
    fc.assert(
      fc.property(pool, fc.array(point, { maxLength: 20 }), (singles, curve) => {
        const zero = aiqPaperForm(singles, singles);
        expect(aiqPaperForm([...singles, ...curve], singles)).toBeGreaterThanOrEqual(zero - 1e-9);
      }),
    );
  });

  it('of one model is its quality; where all is free the code form is null', () => {
    const one = [{ costUsd: 0.5, quality: 0.6 }];
    expect(aiqPaperForm(one, one)).toBe(0.6);
    expect(aiqPaperForm([{ costUsd: 0.1, quality: 0.7 }], one)).toBe(0.7);
    expect(aiqCodeForm([{ costUsd: 0, quality: 0.5 }], [{ costUsd: 0, quality: 0.5 }])).toBeNull();
  });
});
