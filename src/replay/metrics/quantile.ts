/**
 * The value below which a share of `sorted` lies, by linear interpolation between order statistics (numpy's default,
 * type 7 of Hyndman and Fan 1996). `share` in [0, 1]; NaN where there is nothing. Between a number and an infinity it is
 * that infinity.
 */
export function sortedQuantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[below + 1] ?? low;
  // Infinities stand for what was never reached, and do not subtract.
  if (place === below || high === low || low === Number.NEGATIVE_INFINITY) return low;
  return low + (place - below) * (high - low);
}

/** The standard normal's 97.5 % quantile: half the width of a 95 % interval, in standard errors. */
export const normal975 = 1.959963984540054;
