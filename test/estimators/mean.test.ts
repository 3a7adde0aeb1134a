import { describe, expect, it } from 'vitest';
import type { Estimator, Quantity } from '../../src/core/estimator.ts';
import mean from '../../src/estimators/mean.ts';
import { observation } from './helpers.ts';

const price = { input: 1, cachedInput: 1, output: 4 };
const create = (quantity: Quantity, discount = 1): Estimator =>
  mean.create({ prior_mean: 0.5, prior_strength: 1, prior_output_tokens: 250, discount }, { quantity, dimensions: 2 });
const ask = (estimator: Estimator, promptTokens = 0): number =>
  estimator.predict({ embedding: new Float32Array(2), promptTokens }, [{ model: 'a', price }]).mean[0] ?? NaN;

describe('mean', () => {
  it('weighs the prior as one observation', () => {
    const estimator = create('quality');
    expect(ask(estimator)).toBe(0.5);
    estimator.update(observation('a', 'quality', 1));
    estimator.update(observation('a', 'quality', 1));
    // (1 + 1 + 0.5) / 3
    expect(ask(estimator)).toBeCloseTo(2.5 / 3, 12);
  });

  it('forgets at the rate of its discount', () => {
    const estimator = create('quality', 0.5);
    estimator.update(observation('a', 'quality', 1));
    estimator.update(observation('a', 'quality', 0));
    // The first counts half: (0.5 x 1 + 0 + 0.5) / (0.5 + 1 + 1)
    expect(ask(estimator)).toBeCloseTo(0.4, 12);
  });

  it('trusts a heavier observation more', () => {
    const estimator = create('quality');
    estimator.update({ ...observation('a', 'quality', 1), weight: 3 });
    expect(ask(estimator)).toBeCloseTo(3.5 / 4, 12);
  });

  it('predicts a cold cost from the price, and learns the length of answers from what was paid', () => {
    const estimator = create('cost');
    // 2,000 x $1 + 250 x $4, per million.
    expect(ask(estimator, 2000)).toBeCloseTo(0.003, 12);
    estimator.update({ ...observation('a', 'cost', 0.003), promptTokens: 1000 });
    // Mean of the prior and the fact: $0.003 at (2,000 + 1,000) / 2 tokens; 500 tokens more cost $0.0005.
    expect(ask(estimator, 2000)).toBeCloseTo(0.0035, 12);
  });

  it('believes that a free model is free', () => {
    const free = { input: 0, cachedInput: 0, output: 0 };
    const estimator = create('cost');
    const answer = (): number =>
      estimator.predict({ embedding: new Float32Array(2), promptTokens: 9 }, [{ model: 'a', price: free }]).mean[0] ??
      NaN;
    expect(answer()).toBe(0);
    estimator.update(observation('a', 'cost', 0));
    expect(answer()).toBe(0);
  });
});
