import type { Candidate } from '../core/candidate.ts';
import type { Quantity } from '../core/estimator.ts';
import { costAtPrompt, priceOf } from './price.ts';
import { clamp } from './vectors.ts';

/** Numbers kept per model, side by side: weight, value, value squared, prompt tokens; each a weighted sum. */
export const momentWidth = 4;

/** What is believed of a model that was never seen, and how many observations that belief is worth. */
export interface MeanPrior {
  readonly quality: number;
  readonly outputTokens: number;
  readonly strength: number;
}

export interface Belief {
  mean: number;
  /** Of single outcomes. */
  variance: number;
  /** Cost: the prompt length that `mean` is meant for. */
  promptTokens: number;
}

/** Standard deviation of single quality scores where nothing is known: the widest that [0, 1] allows. */
export const widestQuality = 0.5;

/** Standard deviation of an unseen model's cost in units of its prior mean: answer lengths differ by factors. */
const priorCostSpread = 2;

export function addMoments(
  moments: Float64Array,
  offset: number,
  weight: number,
  value: number,
  promptTokens: number,
): void {
  moments[offset] = (moments[offset] ?? 0) + weight;
  moments[offset + 1] = (moments[offset + 1] ?? 0) + weight * value;
  moments[offset + 2] = (moments[offset + 2] ?? 0) + weight * value * value;
  moments[offset + 3] = (moments[offset + 3] ?? 0) + weight * promptTokens;
}

/** The belief before any evidence: the prior quality, or the price of the prompt and an answer of the prior length. */
export function priorBelief(
  quantity: Quantity,
  candidate: Candidate,
  promptTokens: number,
  prior: MeanPrior,
  out: Belief,
): void {
  out.promptTokens = promptTokens;
  if (quantity === 'quality') {
    out.mean = prior.quality;
    out.variance = widestQuality ** 2;
  } else {
    out.mean = priceOf(candidate.price, promptTokens, prior.outputTokens);
    out.variance = (priorCostSpread * out.mean) ** 2;
  }
}

/**
 * Folds weighted evidence into a belief that is worth `strength` observations:
 * mean' = (sum of w v + strength x mean) / (sum of w + strength), and the same for squares and prompt lengths.
 */
export function shrink(belief: Belief, strength: number, moments: Float64Array, offset: number): void {
  const total = (moments[offset] ?? 0) + strength;
  if (!(total > 0)) return;
  const square = belief.variance + belief.mean ** 2;
  belief.mean = ((moments[offset + 1] ?? 0) + strength * belief.mean) / total;
  belief.promptTokens = ((moments[offset + 3] ?? 0) + strength * belief.promptTokens) / total;
  belief.variance = Math.max(0, ((moments[offset + 2] ?? 0) + strength * square) / total - belief.mean ** 2);
}

/** The belief as a prediction for this query: in range, and for cost at this prompt's length. */
export function meanOf(quantity: Quantity, belief: Belief, candidate: Candidate, promptTokens: number): number {
  return quantity === 'quality'
    ? clamp(belief.mean, 0, 1)
    : Math.max(0, costAtPrompt(belief.mean, belief.promptTokens, candidate.price, promptTokens));
}

/** Deviation of the belief itself when the variance of single outcomes is spread over `observations`. */
export function deviationOf(quantity: Quantity, belief: Belief, observations: number): number {
  const deviation = Math.sqrt(belief.variance / (1 + observations));
  return quantity === 'quality' ? Math.min(widestQuality, deviation) : deviation;
}
