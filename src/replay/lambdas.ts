/** 0 and `points` values from 0.1 to 1e5 in equal ratios: the prices of quality per dollar that a sweep visits. */
export function lambdaGrid(points = 200): Float64Array {
  const grid = new Float64Array(points + 1);
  for (let i = 0; i < points; i++) grid[i + 1] = 10 ** (-1 + (6 * i) / Math.max(1, points - 1));
  return grid;
}
