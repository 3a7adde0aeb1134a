import { normal975 } from '../quantile.ts';

/** How predicted intervals fared. */
export interface Coverage {
  /** Share of amounts within [low, high]; a 90 % interval should have 0.9. */
  readonly share: number;
  /** The 95 % Wilson interval of that share: what N rows can tell. */
  readonly low: number;
  readonly high: number;
  /** Mean high - low: among intervals with the right coverage the narrow ones are better. */
  readonly meanWidth: number;
}

/** Source of the interval: Wilson, JASA 1927. N must be above 0. */
export function intervalCoverage(low: Float64Array, high: Float64Array, amount: Float64Array): Coverage {
  const count = amount.length;
  let within = 0;
  let width = 0;
  amount.forEach((value, row) => {
    const [from, to] = [low[row] ?? 0, high[row] ?? 0];
    if (value >= from && value <= to) within++;
    width += to - from;
  });
  const share = within / count;
  const centre = (share + normal975 ** 2 / (2 * count)) / (1 + normal975 ** 2 / count);
  const half =
    (normal975 / (1 + normal975 ** 2 / count)) *
    Math.sqrt((share * (1 - share)) / count + normal975 ** 2 / (4 * count ** 2));
  return { share, low: Math.max(0, centre - half), high: Math.min(1, centre + half), meanWidth: width / count };
}
