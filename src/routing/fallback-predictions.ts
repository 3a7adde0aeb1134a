import type { Candidate } from '../core/candidate.ts';
import type { EstimatorInput, Prediction, Quantity } from '../core/estimator.ts';
import { priceOf, priorOutputTokens } from '../math/price.ts';

/**
 * What is believed where no estimator answers: as wide as it is honest. Quality is the same for all, so that a policy
 * that weighs cost takes the cheapest; cost follows from the price, and an unknown one counts as dear, never as zero.
 */
export function fallbackPrediction(
  quantity: Quantity,
  input: EstimatorInput,
  candidates: readonly Candidate[],
): Prediction {
  switch (quantity) {
    case 'quality':
      return constant(candidates.length, 0.5, 0.5);
    case 'latency':
      return constant(candidates.length, 5000, 5000);
    case 'output_tokens':
      return constant(candidates.length, priorOutputTokens, priorOutputTokens);
    case 'cost':
      return costFromPrice(input.promptTokens, candidates);
    default:
      return quantity satisfies never;
  }
}

const constant = (length: number, mean: number, deviation: number): Prediction => ({
  mean: new Float64Array(length).fill(mean),
  deviation: new Float64Array(length).fill(deviation),
});

function costFromPrice(promptTokens: number, candidates: readonly Candidate[]): Prediction {
  const mean = Float64Array.from(candidates, ({ price }) => priceOf(price, promptTokens, priorOutputTokens));
  return { mean, deviation: mean.slice() };
}
