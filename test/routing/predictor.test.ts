import { describe, expect, test } from 'vitest';
import type { Prediction } from '../../src/core/estimator.ts';
import { fallbackPrediction } from '../../src/routing/fallback-predictions.ts';
import { createPredictor } from '../../src/routing/predictor.ts';
import { slot } from './build.ts';

const input = { embedding: new Float32Array(0), promptTokens: 1_000_000 };
const price = (dollars: number): { input: number; cachedInput: number; output: number } => ({
  input: dollars,
  cachedInput: dollars,
  output: 0,
});
const candidates = [
  { model: 'a', price: price(2) },
  { model: 'b', price: price(5) },
  { model: 'c', price: null },
];
const prediction = (mean: readonly number[], deviation: readonly number[] = mean.map(() => 0)): Prediction => ({
  mean: Float64Array.from(mean),
  deviation: Float64Array.from(deviation),
});

describe('predictor', () => {
  test('asks only the estimators of the quantities that are read', () => {
    const quality = slot('quality', { a: 0.1, b: 0.2, c: 0.3 });
    const cost = slot('cost', () => {
      throw new Error('it was asked');
    });
    const { predictions, degraded } = createPredictor({ quality, cost }).predict(['quality'], input, candidates);
    expect(Object.keys(predictions)).toEqual(['quality']);
    expect([...(predictions.quality?.mean ?? [])]).toEqual([0.1, 0.2, 0.3]);
    expect(degraded).toEqual([]);
  });

  test.each<[string, () => Prediction, string]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
      'quality:failed',
    ],
    ['returns NaN', () => prediction([0.1, NaN, 0.2]), 'quality:not_finite'],
    ['returns infinity', () => prediction([0.1, 0.1, 0.2], [0, Infinity, 0]), 'quality:not_finite'],
    ['returns a negative deviation', () => prediction([0.1, 0.1, 0.2], [0, -1, 0]), 'quality:not_finite'],
    ['returns too few', () => prediction([0.1, 0.1]), 'quality:not_finite'],
  ])('stands in for an estimator that %s, and says so', (_, answer, what) => {
    const faults: string[] = [];
    const predictor = createPredictor(
      { quality: slot('quality', answer), cost: slot('cost', { a: 1, b: 2, c: 3 }) },
      (fault) => faults.push(fault),
    );
    const { predictions, degraded } = predictor.predict(['quality', 'cost'], input, candidates);
    expect(degraded).toEqual([what]);
    expect(faults).toEqual([what]);
    expect([...(predictions.quality?.mean ?? [])]).toEqual([0.5, 0.5, 0.5]);
    expect([...(predictions.cost?.mean ?? [])]).toEqual([1, 2, 3]);
  });

  test('cost without an estimator follows from the price; an unknown one is dear, never free', () => {
    const { predictions, degraded } = createPredictor({}).predict(['cost'], input, candidates);
    expect([...(predictions.cost?.mean ?? [])]).toEqual([2, 5, 10.01]);
    expect(degraded).toEqual([]);
    // 1,000 prompt tokens at $2 and 250 answer tokens at $10 per million.
    const both = fallbackPrediction('cost', { ...input, promptTokens: 1000 }, [
      { model: 'd', price: { input: 2, cachedInput: 1, output: 10 } },
    ]);
    expect(both.mean[0]).toBeCloseTo(0.0045, 12);
  });

  test('a swap takes effect as a whole', () => {
    const predictor = createPredictor({ quality: slot('quality', { a: 0.1, b: 0.1, c: 0.1 }) });
    expect([predictor.needsEmbedding, predictor.revision]).toEqual([false, 0]);
    predictor.swap('quality', slot('quality', { a: 0.9, b: 0.9, c: 0.9 }, true));
    expect([predictor.needsEmbedding, predictor.revision]).toEqual([true, 1]);
    expect(predictor.predict(['quality'], input, candidates).predictions.quality?.mean[0]).toBe(0.9);
  });
});
