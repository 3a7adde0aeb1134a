import { describe, expect, it } from 'vitest';
import type { LoggedDecision } from '../../../src/outcomes/log.ts';
import { measureSavings } from '../../../src/replay/log/savings.ts';

const options = { baseline: null, resamples: 200, seed: 'x' };

/** Served by `large` for $0.02; the policy would have taken `small` with 0.9. */
function row(change: Partial<LoggedDecision> = {}): LoggedDecision {
  return {
    decision: 'dec',
    at: 1,
    route: 'auto',
    policy: 'observe',
    lambda: null,
    pinned: true,
    shadow: { policy: 'cost-aware', model: 'small', propensities: Float64Array.of(0.9, 0.1) },
    predictions: {
      quality: { mean: Float64Array.of(0.5, 0.8), deviation: Float64Array.of(0.3, 0.4) },
      cost: { mean: Float64Array.of(0.001, 0.03), deviation: Float64Array.of(0, 0) },
    },
    prompt: null,
    embedder: null,
    embedding: null,
    candidates: ['small', 'large'],
    propensities: Float64Array.of(0, 1),
    chosen: 'large',
    served: 'large',
    quality: null,
    costUsd: 0.02,
    promptTokens: 10,
    outputTokens: 10,
    ...change,
  };
}

describe('savings', () => {
  it('by hand: measured where the model stays, predicted where it changes', () => {
    const [found] = measureSavings([row(), row({ costUsd: 0.04 })], options);
    // 2 x 0.9 x 0.001 + 0.1 x (0.02 + 0.04)
    expect(found?.actualUsd.value).toBeCloseTo(0.06, 12);
    expect(found?.counterfactualUsd.value).toBeCloseTo(0.0078, 12);
    expect(found?.savedUsd.value).toBeCloseTo(0.0522, 12);
    expect(found?.savedShare.value).toBeCloseTo(0.87, 12);
    expect(found?.qualityChange.value).toBeCloseTo(-0.27, 12);
    expect(found?.sameModel).toBeCloseTo(0.1, 12);
    expect(found?.predictedActualUsd).toBeCloseTo(0.06, 12);
    expect(found?.believedDeviation).toBeCloseTo(Math.sqrt(0.9) * 0.5, 12);
    expect(found?.actualUsd.low).toBeCloseTo(0.04, 12);
    expect(found?.actualUsd.high).toBeCloseTo(0.08, 12);
  });

  it('against a baseline the signs turn: what routing saved', () => {
    const routed = {
      pinned: false,
      shadow: null,
      policy: 'cost-aware',
      chosen: 'small',
      served: 'small',
      costUsd: 0.002,
    };
    const [found] = measureSavings([row(routed)], { ...options, baseline: 'large' });
    expect(found?.savedUsd.value).toBeCloseTo(0.03 - 0.002, 12);
    expect(found?.savedShare.value).toBeCloseTo(0.028 / 0.03, 12);
    expect(found?.qualityChange.value).toBeCloseTo(-0.3, 12);
  });

  it('counts what it cannot compare, each under its reason, and mixes no routes', () => {
    const [auto, other] = measureSavings(
      [
        row(),
        row({ shadow: null }),
        row({ costUsd: null }),
        row({ served: 'small' }),
        row({ predictions: {} }),
        row({ shadow: { policy: 'cost-aware', model: null, propensities: new Float64Array(2) } }),
        row({ route: 'other' }),
      ],
      options,
    );
    expect(auto).toMatchObject({
      requests: 6,
      compared: 1,
      leftOut: { otherMode: 1, unknownCost: 1, fallback: 1, unpredicted: 2 },
    });
    expect(other).toMatchObject({ route: 'other', compared: 1 });
  });

  it('intervals: the same seed gives the same ones, and they hold the value', () => {
    const rows = Array.from({ length: 60 }, (_, i) => row({ costUsd: 0.01 + (i % 7) / 100 }));
    const [a] = measureSavings(rows, options);
    expect(a).toEqual(measureSavings(rows, options)[0]);
    expect(a?.actualUsd.low).toBeLessThan(a?.actualUsd.value ?? 0);
    expect(a?.actualUsd.high).toBeGreaterThan(a?.actualUsd.value ?? 0);
    expect(a?.savedUsd.low).toBeGreaterThan(0);
  });
});
