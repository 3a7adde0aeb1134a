/** 0 and `points` values from 0.1 to 1e5 in equal ratios: the prices of quality per dollar that a sweep visits. */
export function lambdaGrid(points = 200): Float64Array {
  const grid = new Float64Array(points + 1);
  for (let i = 0; i < points; i++) grid[i + 1] = 10 ** (-1 + (6 * i) / Math.max(1, points - 1));
  return grid;
}

/**
 * The grid for costs in a unit of their own. Dollars per query are below 1, and their grid is `lambdaGrid`; joules or
 * seconds can be hundreds, and the grid moves down by as many powers of ten (the mean then stands at 0.001 to 0.01, as
 * that of dollars does). Without cost there is nothing to trade: 0 alone.
 */
export function lambdasFor(costs: Float64Array | null, points = 200): Float64Array {
  if (costs === null) return Float64Array.of(0);
  const mean = costs.reduce((sum, cost) => sum + cost, 0) / Math.max(1, costs.length);
  const grid = lambdaGrid(points);
  if (!(mean > 1)) return grid;
  const scale = 10 ** -(Math.floor(Math.log10(mean)) + 3);
  return grid.map((lambda) => lambda * scale);
}
