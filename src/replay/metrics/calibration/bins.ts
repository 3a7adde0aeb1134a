/** A share of the predictions, from the lowest up. */
export interface Bin {
  readonly count: number;
  /** Mean prediction. */
  readonly predicted: number;
  /** Mean outcome. */
  readonly observed: number;
}

export const defaultBins = 15;

/**
 * Equal-mass bins: predictions sorted and cut where each next bin should begin, so that every bin has about N / bins of
 * them. Equal predictions are never parted (the cut moves behind them), so the order of the rows does not matter; there
 * may be fewer bins than asked for. Empty in, empty out.
 */
export function equalMassBins(predicted: Float64Array, outcome: Float64Array, bins = defaultBins): Bin[] {
  const order = ascending(predicted);
  const edges = binEdges(predicted, order, bins);
  const found: Bin[] = [];
  let from = 0;
  for (const to of edges) {
    let predictions = 0;
    let outcomes = 0;
    for (let i = from; i < to; i++) {
      const row = order[i] ?? 0;
      predictions += predicted[row] ?? 0;
      outcomes += outcome[row] ?? 0;
    }
    const count = to - from;
    found.push({ count, predicted: predictions / count, observed: outcomes / count });
    from = to;
  }
  return found;
}

/** Rows from the lowest prediction to the highest. */
export function ascending(values: Float64Array): Uint32Array {
  return Uint32Array.from(values.keys()).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
}

/** Where each bin ends in `order`; the last is N. */
export function binEdges(predicted: Float64Array, order: Uint32Array, bins: number): number[] {
  const edges: number[] = [];
  for (let bin = 1; bin <= bins; bin++) {
    let edge = Math.round((bin * order.length) / bins);
    if (edge <= (edges.at(-1) ?? 0)) continue;
    while (edge < order.length && predicted[order[edge] ?? 0] === predicted[order[edge - 1] ?? 0]) edge++;
    edges.push(edge);
  }
  return edges;
}
