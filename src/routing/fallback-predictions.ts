import type { Candidate } from '../core/candidate.ts';
import type { EstimatorInput, Prediction, Quantity } from '../core/estimator.ts';

/** Tokens of an answer that nothing is known about. */
const assumedOutputTokens = 300;

/**
 * What is believed where no estimator answers: as wide as it is honest. Quality is the same for all, so that a policy
 * that weighs cost takes the cheapest; cost follows from the price. Unknown is never zero: without a price a candidate
 * costs what the dearest of the others does.
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
      return constant(candidates.length, assumedOutputTokens, assumedOutputTokens);
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
  const mean = Float64Array.from(candidates, ({ price }) =>
    price === null ? NaN : (promptTokens * price.input + assumedOutputTokens * price.output) / 1e6,
  );
  const dearest = mean.reduce((most, cost) => (cost > most ? cost : most), 0);
  for (let i = 0; i < mean.length; i++) if (Number.isNaN(mean[i])) mean[i] = dearest > 0 ? dearest : 1;
  return { mean, deviation: mean.slice() };
}
