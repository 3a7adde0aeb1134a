import type { Price } from '../core/candidate.ts';

/** Stands in where nobody knows a price: dear, so that an unknown price never wins by looking free. */
export const unknownPrice: Price = { input: 10, cachedInput: 10, output: 40 };

/** What answers are believed to take before any was seen, in tokens. */
export const priorOutputTokens = 250;

/** US dollars for a prompt and an answer of these many tokens; `unknownPrice` where the price is null. */
export function priceOf(price: Price | null, promptTokens: number, outputTokens: number): number {
  const { input, output } = price ?? unknownPrice;
  return (Math.max(0, promptTokens) * input + outputTokens * output) * 1e-6;
}

/**
 * Moves an expected cost from prompts of one length to a prompt of another: cost = input price x prompt + the rest, and
 * the rest (the answer) stays. Where less was paid than the input price asks (a discount, a cache), the cost goes in
 * proportion to the prompt. Without a price the cost stays as it is. Never negative for a cost >= 0.
 */
export function costAtPrompt(
  costUsd: number,
  meanPromptTokens: number,
  price: Price | null,
  promptTokens: number,
): number {
  if (price === null || !(meanPromptTokens > 0)) return costUsd;
  const perToken = price.input * 1e-6;
  const prompt = Math.max(0, promptTokens);
  if (costUsd >= perToken * meanPromptTokens) return costUsd + perToken * (prompt - meanPromptTokens);
  return (costUsd * prompt) / meanPromptTokens;
}
