/**
 * The value below which a share of `sorted` lies, by linear interpolation between order statistics (numpy's default,
 * type 7 of Hyndman and Fan 1996). `share` in [0, 1]; NaN where there is nothing.
 */
export function sortedQuantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? Number.NaN;
  return low + (place - below) * ((sorted[below + 1] ?? low) - low);
}

/** The standard normal's 97.5 % quantile: half the width of a 95 % interval, in standard errors. */
export const normal975 = 1.959963984540054;
