import type { Candidate } from '../../core/candidate.ts';
import type { Estimator, Prediction } from '../../core/estimator.ts';

/**
 * A cost estimator that follows announced prices, as one does that learns lengths and multiplies by a price table: it
 * learns costs at the prices of the data set and predicts them at today's.
 *
 * @param factorOf announced price over the data set's, of a model at this step.
 */
export function followPrices(estimator: Estimator, factorOf: (model: string) => number): Estimator {
  return {
    fit: (rows) => estimator.fit(rows),
    update: (observation) =>
      estimator.update({ ...observation, value: observation.value / factorOf(observation.model) }),
    predict(input, candidates) {
      const { mean, deviation } = estimator.predict(input, candidates);
      return scaled({ mean, deviation }, candidates, factorOf);
    },
    save: () => estimator.save(),
    load: (state) => estimator.load(state),
  };
}

function scaled(
  prediction: Prediction,
  candidates: readonly Candidate[],
  factorOf: (model: string) => number,
): Prediction {
  const scale = (values: Float64Array): Float64Array =>
    values.map((value, i) => value * factorOf(candidates[i]?.model ?? ''));
  return { mean: scale(prediction.mean), deviation: scale(prediction.deviation) };
}
