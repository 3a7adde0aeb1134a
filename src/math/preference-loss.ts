import type { RowLoss } from './factors.ts';
import type { PreparedRows } from './prepared-rows.ts';

/**
 * −log sigma(s_winner − s_loser), averaged over the pairs of a row whose values differ; a row of ties says nothing.
 * (Bradley and Terry 1952.)
 */
export function preferenceLoss({ models, targets }: PreparedRows): RowLoss {
  return (row, scores, slopes) => {
    let loss = 0;
    let pairs = 0;
    for (let a = 0; a < models; a++) {
      const left = targets[row * models + a] ?? NaN;
      for (let b = 0; b < models; b++) {
        // Each pair once, from its winner. Comparisons with NaN are false.
        if (!(left > (targets[row * models + b] ?? NaN))) continue;
        const lead = (scores[a] ?? 0) - (scores[b] ?? 0);
        loss += Math.max(0, -lead) + Math.log1p(Math.exp(-Math.abs(lead)));
        const slope = -1 / (1 + Math.exp(lead));
        slopes[a] = (slopes[a] ?? 0) + slope;
        slopes[b] = (slopes[b] ?? 0) - slope;
        pairs++;
      }
    }
    if (pairs === 0) return 0;
    for (let m = 0; m < models; m++) slopes[m] = (slopes[m] ?? 0) / pairs;
    return loss / pairs;
  };
}
