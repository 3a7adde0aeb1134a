import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { costAtPrompt, priceOf, unknownPrice } from '../../src/math/price.ts';

const price = { input: 2, cachedInput: 1, output: 10 };

it('prices prompt and answer per million tokens', () => {
  expect(priceOf(price, 1000, 100)).toBeCloseTo(0.003, 15);
  expect(priceOf(price, -5, 0)).toBe(0);
});

it('never makes an unknown price free', () => {
  expect(priceOf(null, 100, 0)).toBeCloseTo(unknownPrice.input * 1e-4, 15);
});

it('carries the answer to a prompt of another length', () => {
  // $0.003 at 1,000 prompt tokens is $0.002 of prompt and $0.001 of answer; 3,000 prompt tokens cost $0.006.
  expect(costAtPrompt(0.003, 1000, price, 3000)).toBeCloseTo(0.007, 15);
});

it('goes in proportion where less was paid than the input price asks', () => {
  expect(costAtPrompt(0.001, 1000, price, 3000)).toBeCloseTo(0.003, 15);
});

it('leaves the cost alone without a price or a known prompt length', () => {
  expect(costAtPrompt(0.003, 1000, null, 3000)).toBe(0.003);
  expect(costAtPrompt(0.003, 0, price, 3000)).toBe(0.003);
});

it('is never negative, grows with the prompt and meets itself where the two rules meet', () => {
  const tokens = fc.double({ min: 0, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(fc.double({ min: 0, max: 10, noNaN: true }), tokens, tokens, tokens, (cost, mean, a, b) => {
      const low = costAtPrompt(cost, mean, price, Math.min(a, b));
      expect(low).toBeGreaterThanOrEqual(-1e-12);
      expect(costAtPrompt(cost, mean, price, Math.max(a, b))).toBeGreaterThanOrEqual(low - 1e-12);
    }),
  );
  expect(costAtPrompt(0.002, 1000, price, 500)).toBeCloseTo(costAtPrompt(0.002 - 1e-15, 1000, price, 500), 12);
});
