import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/core/random.ts';
import {
  bootstrapAiq,
  bootstrapDifference,
  bootstrapGain,
  bootstrapInterval,
  percentileInterval,
} from '../../../src/replay/metrics/bootstrap.ts';
import { distinctWays, type Outcomes } from '../../../src/replay/metrics/outcomes.ts';
import { oracleOutcomes } from '../../../src/replay/metrics/oracle.ts';
import { singleModels } from '../../../src/replay/metrics/singles.ts';

function drawSingles(queries: number, skills: readonly number[], seed: string): Outcomes {
  const random = seededRandom(seed);
  const quality = new Float64Array(queries * skills.length);
  const costUsd = new Float64Array(queries * skills.length);
  for (let i = 0; i < quality.length; i++) {
    const model = i % skills.length;
    quality[i] = random.next() < (skills[model] ?? 0) ? 1 : 0;
    costUsd[i] = 0.001 * 4 ** model * (0.5 + random.next());
  }
  return singleModels(skills.length, quality, costUsd);
}

describe('bootstrapAiq', () => {
  it('repeats bit for bit with a seed and moves with another', () => {
    const singles = drawSingles(120, [0.4, 0.6, 0.8], 'world');
    const oracle = oracleOutcomes(singles);
    const once = bootstrapAiq(oracle, singles, 200, 'seed');
    expect(bootstrapAiq(oracle, singles, 200, 'seed')).toEqual(once);
    expect(bootstrapAiq(oracle, singles, 200, 'other').gain).not.toEqual(once.gain);
    expect(once.gain.value).toBeCloseTo(once.router.value - once.zero.value, 12);
  });

  it('is paired: a router that is the zero router gains exactly nothing in every resample', () => {
    const singles = drawSingles(100, [0.3, 0.5, 0.7], 'paired');
    const { gain, zero } = bootstrapAiq(singles, singles, 300, 'seed');
    expect(gain).toEqual({ value: 0, low: 0, high: 0 });
    expect(zero.high).toBeGreaterThan(zero.low);
  });

  it('of one model is the interval of a mean: 1.96 standard errors to both sides', () => {
    const singles = drawSingles(400, [0.7], 'mean');
    const { router } = bootstrapAiq(singles, singles, 2_000, 'seed');
    const mean = router.value;
    const half = 1.96 * Math.sqrt((mean * (1 - mean)) / 400);
    expect(mean - router.low).toBeGreaterThan(0.85 * half);
    expect(mean - router.low).toBeLessThan(1.15 * half);
    expect(router.high - mean).toBeGreaterThan(0.85 * half);
    expect(router.high - mean).toBeLessThan(1.15 * half);
  });

  it('sees that the oracle beats mixing', () => {
    const singles = drawSingles(300, [0.5, 0.6, 0.7], 'oracle');
    expect(bootstrapAiq(oracleOutcomes(singles), singles, 200, 'seed').gain.low).toBeGreaterThan(0.1);
  });
});

describe('bootstrapDifference', () => {
  const random = seededRandom('pairs');
  const hard = Float64Array.from({ length: 300 }, () => random.next());
  const better = hard.map((value) => value + 0.02 * random.next());
  const mean = (values: Float64Array, weights: Float64Array): number =>
    values.reduce((sum, value, query) => sum + value * (weights[query] ?? 0), 0) / values.length;

  it('lets cancel what both share: the difference is far narrower than either figure', () => {
    const { a, b, difference } = bootstrapDifference(300, 500, 'seed', (weights) => [
      mean(better, weights),
      mean(hard, weights),
    ]);
    expect(difference.low).toBeGreaterThan(0);
    expect(difference.high - difference.low).toBeLessThan((a.high - a.low) / 20);
    expect(a).toEqual(bootstrapInterval(300, 500, 'seed', (weights) => mean(better, weights)));
    expect(b).toEqual(bootstrapInterval(300, 500, 'seed', (weights) => mean(hard, weights)));
    const gain = bootstrapGain(better, hard, 500, 'seed');
    expect(gain.value).toBeCloseTo(difference.value, 12);
    expect(gain.low).toBeCloseTo(difference.low, 12);
    expect(gain.high).toBeCloseTo(difference.high, 12);
  });
});

describe('percentileInterval', () => {
  it('interpolates between order statistics', () => {
    const draws = Float64Array.from({ length: 101 }, (_, i) => 100 - i);
    expect(percentileInterval(50, draws)).toEqual({ value: 50, low: 2.5, high: 97.5 });
    expect(percentileInterval(7, new Float64Array(0))).toEqual({ value: 7, low: NaN, high: NaN });
  });
});

describe('distinctWays', () => {
  it('leaves out repetitions and keeps every way that differs in one query', () => {
    const quality = Float64Array.from([1, 0, 1, 0, 1, 1, 1, 0]);
    const costUsd = Float64Array.from([1, 1, 1, 1, 1, 1, 1, 2]);
    const kept = distinctWays({ ways: 4, queries: 2, quality, costUsd });
    expect(kept.ways).toBe(3);
    expect([...kept.quality]).toEqual([1, 0, 1, 1, 1, 0]);
    expect([...kept.costUsd]).toEqual([1, 1, 1, 1, 1, 2]);
  });
});
