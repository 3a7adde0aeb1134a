import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../src/core/random.ts';
import { equalMassBins } from '../../../../src/replay/metrics/calibration/bins.ts';
import { brierOfBaseRate, brierScore } from '../../../../src/replay/metrics/calibration/brier.ts';
import {
  expectedCalibrationError,
  perfectCalibrationError,
} from '../../../../src/replay/metrics/calibration/expected-calibration-error.ts';
import { intervalCoverage } from '../../../../src/replay/metrics/calibration/interval-coverage.ts';
import { pinballLoss } from '../../../../src/replay/metrics/calibration/pinball.ts';
import { pointError } from '../../../../src/replay/metrics/calibration/point-error.ts';
import { reliability } from '../../../../src/replay/metrics/calibration/reliability.ts';

/**
 * 200 predictions and outcomes by formulas. Golden figures in numpy: np.argsort and slices of 200/15 rows moved behind
 * equal predictions; np.polyfit for the line; 20,000 simulations with numpy's generator for the perfect predictor.
 */
const n = 200;
const predicted = Float64Array.from({ length: n }, (_, k) => ((k * 37) % 101) / 100);
const outcome = predicted.map((p, k) => (((k * 53) % 97) / 96 < p ** 1.3 ? 1 : 0));
const amount = Float64Array.from({ length: n }, (_, k) => 1 + ((k * 29) % 83) / 10);
const guess = Float64Array.from({ length: n }, (_, k) => 1 + ((k * 31) % 79) / 9);

describe('golden figures', () => {
  it('of predicted quality', () => {
    expect(equalMassBins(predicted, outcome)).toHaveLength(15);
    expect(expectedCalibrationError(predicted, outcome)).toBeCloseTo(0.08025, 9);
    expect(brierScore(predicted, outcome)).toBeCloseTo(0.1759375, 9);
    expect(brierOfBaseRate(outcome)).toBeCloseTo(0.2484, 9);
    const { slope, intercept } = reliability(predicted, outcome);
    expect(slope).toBeCloseTo(0.93339013, 7);
    expect(intercept).toBeCloseTo(-0.00711509, 7);
  });

  it('of a perfect predictor: as another generator finds it, within four standard errors', () => {
    const { mean, high } = perfectCalibrationError(predicted, 4_000, 'golden');
    expect(Math.abs(mean - 0.08518)).toBeLessThan(4 * 0.00012 * Math.sqrt(6));
    expect(Math.abs(high - 0.11425)).toBeLessThan(0.003);
    expect(perfectCalibrationError(predicted, 100, 'a')).toEqual(perfectCalibrationError(predicted, 100, 'a'));
  });

  it('of predicted amounts', () => {
    const { meanAbsolutePercentage, ratioOfTotals, withoutPercentage } = pointError(guess, amount);
    expect(meanAbsolutePercentage).toBeCloseTo(0.82136494881065, 9);
    expect(ratioOfTotals).toBeCloseTo(1.053554788137916, 9);
    expect(withoutPercentage).toBe(0);
    expect(pinballLoss(guess, amount, 0.5)).toBeCloseTo(1.3998611111111112, 9);
    expect(pinballLoss(guess, amount, 0.9)).toBeCloseTo(1.2913055555555557, 9);
    const coverage = intervalCoverage(
      guess.map((value) => value - 2),
      guess.map((value) => value + 3),
      amount,
    );
    expect(coverage.share).toBe(0.485);
    // Wilson by hand: centre (.485 + .009604) / 1.019207, half 1.959964 sqrt(.00124888 + .00002401) / 1.019207.
    expect(coverage.low).toBeCloseTo(0.41667, 4);
    expect(coverage.high).toBeCloseTo(0.55389, 4);
    expect(coverage.meanWidth).toBeCloseTo(5, 9);
  });
});

describe('edges', () => {
  it('free answers have no percentage, and free sets no ratio', () => {
    expect(pointError(Float64Array.of(1, 3), Float64Array.of(0, 2))).toEqual({
      meanAbsolutePercentage: 0.5,
      withoutPercentage: 1,
      ratioOfTotals: 2,
    });
    expect(pointError(Float64Array.of(1), Float64Array.of(0))).toEqual({
      meanAbsolutePercentage: null,
      withoutPercentage: 1,
      ratioOfTotals: null,
    });
  });

  it('one prediction for all is one bin and no slope', () => {
    const same = new Float64Array(50).fill(0.3);
    const result = reliability(
      same,
      Float64Array.from({ length: 50 }, (_, i) => i % 2),
    );
    expect(result).toEqual({
      bins: [{ count: 50, predicted: expect.closeTo(0.3, 12), observed: 0.5 }],
      slope: null,
      intercept: null,
    });
  });
});

describe('laws', () => {
  const row = fc.tuple(
    fc.integer({ min: 0, max: 20 }).map((p) => p / 20),
    fc.constantFrom(0, 0.5, 1),
  );
  const rows = fc.array(row, { minLength: 1, maxLength: 120 });
  const columns = (drawn: readonly (readonly [number, number])[]) =>
    [Float64Array.from(drawn, ([p]) => p), Float64Array.from(drawn, ([, y]) => y)] as const;

  it('bins hold every row once, keep equal predictions together, and do not see the order of rows', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 20 }), (drawn, count) => {
        const bins = equalMassBins(...columns(drawn), count);
        expect(bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(drawn.length);
        expect(bins.length).toBeLessThanOrEqual(count);
        bins.slice(1).forEach((bin, i) => expect(bin.predicted).toBeGreaterThan(bins[i]?.predicted ?? 2));
        equalMassBins(...columns([...drawn].reverse()), count).forEach((bin, i) => {
          expect(bin.count).toBe(bins[i]?.count);
          expect(bin.observed).toBeCloseTo(bins[i]?.observed ?? -1, 9);
        });
      }),
    );
  });

  it('calibration error lies in [0, 1] and is at least the bias of the whole', () => {
    fc.assert(
      fc.property(rows, (drawn) => {
        const [p, y] = columns(drawn);
        const bias = Math.abs(p.reduce((s, v) => s + v, 0) - y.reduce((s, v) => s + v, 0)) / drawn.length;
        const error = expectedCalibrationError(p, y);
        expect(error).toBeGreaterThanOrEqual(bias - 1e-9);
        expect(error).toBeLessThanOrEqual(1);
        expect(brierScore(p, y)).toBeGreaterThanOrEqual(bias ** 2 - 1e-9);
        expect(expectedCalibrationError(y, y)).toBe(0);
      }),
    );
  });

  it('pinball loss is least at the quantile, half the absolute error at the median, and scales with the unit', () => {
    const amounts = Float64Array.from({ length: 1_001 }, (_, i) => i);
    const lossAt = (value: number, level: number): number =>
      pinballLoss(new Float64Array(1_001).fill(value), amounts, level);
    for (const level of [0.5, 0.9]) {
      expect(lossAt(1_000 * level, level)).toBeLessThan(lossAt(1_000 * level - 40, level));
      expect(lossAt(1_000 * level, level)).toBeLessThan(lossAt(1_000 * level + 40, level));
    }
    expect(pinballLoss(Float64Array.of(3), Float64Array.of(5), 0.5)).toBe(1);
    expect(pinballLoss(Float64Array.of(30), Float64Array.of(50), 0.9)).toBeCloseTo(18, 12);
  });

  it('tells a perfect predictor from one that exaggerates', () => {
    const random = seededRandom('overconfident');
    const truth = Float64Array.from({ length: 2_000 }, () => 0.2 + 0.6 * random.next());
    const drawn = truth.map((p) => (random.next() < p ? 1 : 0));
    const shouted = truth.map((p) => 0.5 + 1.6 * (p - 0.5));
    expect(expectedCalibrationError(truth, drawn)).toBeLessThan(perfectCalibrationError(truth, 400, '1').high);
    expect(expectedCalibrationError(shouted, drawn)).toBeGreaterThan(perfectCalibrationError(shouted, 400, '1').high);
    expect(reliability(truth, drawn).slope).toBeGreaterThan(0.85);
    expect(reliability(shouted, drawn).slope).toBeLessThan(0.75);
  });
});
