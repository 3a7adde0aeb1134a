/**
 * [models] shares of the best mixture whose mean cost is `budget` at most: on the non-decreasing upper concave hull of
 * (cost, quality), between its two models around the budget. Below the cheapest model of the hull all goes to it; exact
 * twins share equally.
 */
export function hullMixture(quality: Float64Array, costUsd: Float64Array, budget: number): Float64Array {
  const cost = (i: number): number => costUsd[i] ?? 0;
  const worth = (i: number): number => quality[i] ?? 0;
  const hull: number[] = [];
  for (const i of [...quality.keys()].sort((a, b) => cost(a) - cost(b) || worth(b) - worth(a))) {
    if (hull.length > 0 && worth(i) <= worth(hull.at(-1) ?? 0)) continue;
    for (;;) {
      const [before, last] = [hull.at(-2), hull.at(-1)];
      if (before === undefined || last === undefined) break;
      const rise = (worth(last) - worth(before)) * (cost(i) - cost(before));
      if (rise > (worth(i) - worth(before)) * (cost(last) - cost(before))) break;
      hull.pop();
    }
    hull.push(i);
  }
  const shares = new Float64Array(quality.length);
  const give = (to: number, share: number): void => {
    const twins = [...quality.keys()].filter((i) => cost(i) === cost(to) && worth(i) === worth(to));
    for (const twin of twins) shares[twin] = share / twins.length;
  };
  const above = hull.findIndex((i) => cost(i) > budget);
  const left = hull[above < 0 ? hull.length - 1 : Math.max(0, above - 1)] ?? 0;
  const right = hull[above];
  if (right === undefined || above === 0) {
    give(left, 1);
    return shares;
  }
  const share = (budget - cost(left)) / (cost(right) - cost(left));
  give(left, 1 - share);
  if (share > 0) give(right, share);
  return shares;
}
