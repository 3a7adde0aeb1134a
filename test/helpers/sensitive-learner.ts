import { PointsmanError } from '../../src/core/errors.ts';
import type { Learner } from '../../src/core/learner.ts';

/** Its state depends on the order and on every bit of what it saw, and counts each decision that it saw. */
export function sensitiveLearner(): Learner & { readonly seen: number } {
  let sums = new Float64Array(4);
  return {
    get seen() {
      return sums[3] ?? 0;
    },
    update({ value, weight, embedding, propensity, seq }) {
      const term = value * weight + (embedding?.[0] ?? 0);
      sums[0] = (sums[0] ?? 0) * 0.9 + term;
      sums[1] = Math.sin((sums[1] ?? 0) + term + (propensity ?? 0));
      sums[2] = (sums[2] ?? 0) / 3 + seq;
      sums[3] = (sums[3] ?? 0) + 1;
    },
    save: () => ({ version: 1, data: {}, arrays: { sums: sums.slice() } }),
    load({ version, arrays }) {
      if (version !== 1) throw new PointsmanError('invalid_data', `version ${version}, not 1`);
      sums = Float64Array.from(arrays['sums'] ?? []);
    },
  };
}
