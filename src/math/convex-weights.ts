const rounds = 5000;
const tolerance = 1e-12;

/**
 * Weights >= 0 with sum 1 that minimise |y − sum of w_k x_k|^2, from its normal equations (stacked regressions, Breiman
 * 1996, with the sum held at 1 so that an honest component alone stays what it is). Frank and Wolfe's steps between
 * pairs (arXiv 1511.05932): weight moves from the worst used column to the best one, as far as that helps.
 * @param products [K x K] x_j . x_k. @param targets [K] x_k . y.
 */
export function convexWeights(products: Float64Array, targets: Float64Array): Float64Array {
  const count = targets.length;
  const weights = new Float64Array(count).fill(1 / count);
  const slopes = new Float64Array(count);
  for (let round = 0; round < rounds; round++) {
    let best = 0;
    let worst = -1;
    for (let k = 0; k < count; k++) {
      let slope = -(targets[k] ?? 0);
      for (let j = 0; j < count; j++) slope += (products[k * count + j] ?? 0) * (weights[j] ?? 0);
      slopes[k] = slope;
      if (slope < (slopes[best] ?? 0)) best = k;
      if ((weights[k] ?? 0) > 0 && (worst < 0 || slope > (slopes[worst] ?? 0))) worst = k;
    }
    const gain = (slopes[worst] ?? 0) - (slopes[best] ?? 0);
    const scale = Math.abs(targets[best] ?? 0) + 1e-300;
    if (worst === best || gain <= tolerance * scale) break;
    const at = (j: number, k: number): number => products[j * count + k] ?? 0;
    const curvature = at(best, best) - 2 * at(best, worst) + at(worst, worst);
    const step = Math.min(weights[worst] ?? 0, curvature > 0 ? gain / curvature : Infinity);
    weights[best] = (weights[best] ?? 0) + step;
    // To the end means to the end: what is left of rounding would never go.
    weights[worst] = step === weights[worst] ? 0 : (weights[worst] ?? 0) - step;
  }
  return weights;
}
