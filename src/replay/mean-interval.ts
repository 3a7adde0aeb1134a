import type { Interval } from './metrics/bootstrap.ts';
import { normal975 } from './metrics/quantile.ts';

/**
 * The mean of J figures from J splits of the same rows with its 95 % interval. The splits share rows, so their plain
 * variance is too small: it is multiplied by 1/J + tested/trained instead of 1/J (corrected resampled t). One figure has
 * no spread to be judged by: the ends are NaN.
 * Source: Nadeau and Bengio, "Inference for the Generalization Error", Machine Learning 52, 2003.
 *
 * @param ratio rows tested / rows trained on, the mean over splits; 0 where splits share nothing.
 */
export function meanInterval(values: readonly number[], ratio: number): Interval {
  const count = values.length;
  const value = values.reduce((sum, each) => sum + each, 0) / count;
  if (count < 2) return { value, low: NaN, high: NaN };
  const variance = values.reduce((sum, each) => sum + (each - value) ** 2, 0) / (count - 1);
  const half = studentQuantile975(count - 1) * Math.sqrt(variance * (1 / count + ratio));
  return { value, low: value - half, high: value + half };
}

/**
 * The 97.5 % quantile of Student's t: exact below 3 degrees of freedom, else the Cornish-Fisher expansion about the
 * normal quantile, right to 0.02 at 3 and to 0.001 from 6 up (Abramowitz and Stegun 26.7.5).
 */
export function studentQuantile975(degrees: number): number {
  if (degrees === 1) return 12.706_204_736;
  if (degrees === 2) return 4.302_652_73;
  const z = normal975;
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92_160,
  ];
  return terms.reduce((sum, term, i) => sum + term / degrees ** (i + 1), z);
}
