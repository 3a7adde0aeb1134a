import { rowCount, type Dataset } from './datasets/dataset.ts';
import type { Matrices } from './plug-in-sweep.ts';
import { createTally, type Tallied } from './tally.ts';

/**
 * `cost-aware` at every lambda in one pass over the predictions: argmax of quality - lambda x cost, exact ties to the
 * lower cost, exact ties in both shared equally. The same bits as its `decide`, without rankings and reasons: 200
 * trade-offs of 36,497 x 11 predictions take well below a second instead of half a minute.
 */
export function argmaxSweep(
  predicted: Matrices,
  dataset: Dataset,
  lambdas: Float64Array,
  onStep: (done: number, total: number) => void,
): Tallied {
  const queries = rowCount(dataset);
  const models = dataset.models.length;
  const tally = createTally(dataset, lambdas.length);
  const chances = new Float64Array(models);
  lambdas.forEach((lambda, way) => {
    for (let row = 0; row < queries; row++) {
      const start = row * models;
      let leaders = 0;
      let leader = 0;
      let bestUtility = Number.NEGATIVE_INFINITY;
      let bestCost = Number.POSITIVE_INFINITY;
      for (let m = 0; m < models; m++) {
        const cost = predicted.costUsd[start + m] ?? 0;
        const utility = (predicted.quality[start + m] ?? 0) - lambda * cost;
        if (utility > bestUtility || (utility === bestUtility && cost < bestCost)) {
          leaders = 0;
          leader = m;
          bestUtility = utility;
          bestCost = cost;
        }
        if (utility === bestUtility && cost === bestCost) leaders += 1;
      }
      if (leaders === 1) {
        // Nearly always: nobody else has to be looked at.
        chances[leader] = 1;
        tally.add(way, row, chances, leader, leader + 1);
        continue;
      }
      for (let m = 0; m < models; m++) {
        const cost = predicted.costUsd[start + m] ?? 0;
        const isLeader = cost === bestCost && (predicted.quality[start + m] ?? 0) - lambda * cost === bestUtility;
        chances[m] = isLeader ? 1 / leaders : 0;
      }
      tally.add(way, row, chances);
    }
    onStep(way + 1, lambdas.length);
  });
  return tally.finish();
}
