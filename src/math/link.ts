import type { Quantity } from '../core/estimator.ts';
import { clamp } from './vectors.ts';

/**
 * From a score z on the whole line to an expected value, with the loss whose gradient in z is simply mean(z) − target:
 * cross-entropy behind the logistic curve for quality, Poisson deviance behind the exponential for amounts. Both are
 * canonical links, so that a fitted intercept keeps the total of the training values.
 */
export interface Link {
  mean(score: number): number;
  /** Up to a constant that depends on the target alone. */
  loss(score: number, target: number): number;
  /** The score of an expected value. */
  score(mean: number): number;
}

/** exp of this is the most that an amount may exceed the model's mean by. */
const highest = 6;
const lowest = -14;

const logit: Link = {
  mean: (score) => 1 / (1 + Math.exp(-score)),
  loss: (score, target) => Math.max(0, score) + Math.log1p(Math.exp(-Math.abs(score))) - target * score,
  score(mean) {
    const share = clamp(mean, 1e-4, 1 - 1e-4);
    return Math.log(share / (1 - share));
  },
};

const log: Link = {
  mean: (score) => Math.exp(clamp(score, lowest, highest)),
  loss: (score, target) => Math.exp(clamp(score, lowest, highest)) - target * clamp(score, lowest, highest),
  score: (mean) => Math.log(clamp(mean, Math.exp(lowest), Math.exp(highest))),
};

export const linkOf = (quantity: Quantity): Link => (quantity === 'quality' ? logit : log);
