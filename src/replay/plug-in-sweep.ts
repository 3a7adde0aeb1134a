import type { Outcomes } from './metrics/outcomes.ts';

/** Predictions or true values of N queries x M models, row-major. */
export interface Matrices {
  readonly quality: Float64Array;
  readonly costUsd: Float64Array;
}

/**
 * What argmax of predicted quality - lambda x cost comes to at every lambda: the rule of `cost-aware` without reasons,
 * rankings and propensities, quick enough to be asked for every setting that tuning tries. Exact ties go to the lower
 * predicted cost, then to the earlier model.
 */
export function plugInSweep(predicted: Matrices, actual: Matrices, models: number, lambdas: Float64Array): Outcomes {
  const queries = predicted.quality.length / models;
  const quality = new Float64Array(lambdas.length * queries);
  const costUsd = new Float64Array(lambdas.length * queries);
  lambdas.forEach((lambda, way) => {
    for (let query = 0; query < queries; query++) {
      const start = query * models;
      let best = start;
      let bestUtility = Number.NEGATIVE_INFINITY;
      let bestCost = Number.POSITIVE_INFINITY;
      for (let i = start; i < start + models; i++) {
        const cost = predicted.costUsd[i] ?? 0;
        const utility = (predicted.quality[i] ?? 0) - lambda * cost;
        if (utility > bestUtility || (utility === bestUtility && cost < bestCost)) {
          best = i;
          bestUtility = utility;
          bestCost = cost;
        }
      }
      quality[way * queries + query] = actual.quality[best] ?? 0;
      costUsd[way * queries + query] = actual.costUsd[best] ?? 0;
    }
  });
  return { ways: lambdas.length, queries, quality, costUsd };
}
