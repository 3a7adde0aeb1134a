import type { Random } from '../core/random.ts';

/** Prices per model [count x models], in quality: what each model is held to cost. */
export interface RandomPrices {
  readonly count: number;
  readonly prices: Float64Array;
}

/** Spread of the prices around the line on which all models are worth the same, beside half the spread of the models. */
const leastSpread = 0.05;

/**
 * Prices under which the models compete: a share u of each model's mean quality, u uniform in [0, 1] and common to all,
 * plus noise of each model's own. At u = 0 nothing costs anything, at u = 1 all models are worth the same on average. A
 * stand-in for the sweep over lambda where no cost is known.
 *
 * @param means [models] mean quality.
 */
export function drawPrices(means: Float64Array, count: number, random: Random): RandomPrices {
  const centre = means.reduce((sum, mean) => sum + mean, 0) / Math.max(1, means.length);
  const variance = means.reduce((sum, mean) => sum + (mean - centre) ** 2, 0) / Math.max(1, means.length);
  const spread = leastSpread + Math.sqrt(variance) / 2;
  const prices = new Float64Array(count * means.length);
  for (let draw = 0; draw < count; draw++) {
    const share = random.next();
    means.forEach((mean, m) => (prices[draw * means.length + m] = share * mean + spread * random.normal()));
  }
  return { count, prices };
}

/**
 * [rows] what choosing by `predicted` comes to: quality less price of the model with the highest predicted quality less
 * price, mean over the prices. Both matrices [rows x models]; models without an outcome (NaN) are not chosen from.
 */
export function worthOfRows(
  predicted: Float64Array,
  values: Float64Array,
  models: number,
  { count, prices }: RandomPrices,
): Float64Array {
  const out = new Float64Array(values.length / models);
  for (let row = 0; row < out.length; row++) {
    let sum = 0;
    for (let draw = 0; draw < count; draw++) {
      let best = -1;
      let most = Number.NEGATIVE_INFINITY;
      for (let m = 0; m < models; m++) {
        if (Number.isNaN(values[row * models + m] ?? NaN)) continue;
        const utility = (predicted[row * models + m] ?? 0) - (prices[draw * models + m] ?? 0);
        if (utility > most) {
          most = utility;
          best = m;
        }
      }
      if (best >= 0) sum += (values[row * models + best] ?? 0) - (prices[draw * models + best] ?? 0);
    }
    out[row] = count === 0 ? 0 : sum / count;
  }
  return out;
}
