import type { Point } from './point.ts';

/**
 * What S ways of routing the same N queries came to: expected quality and cost of each query under each way. Stored way
 * by way, so that a mean over queries walks memory in order. The single models of a pool are such ways too.
 */
export interface Outcomes {
  readonly ways: number;
  readonly queries: number;
  /** [S x N] in [0, 1]. */
  readonly quality: Float64Array;
  /** [S x N] US dollars. */
  readonly costUsd: Float64Array;
}

/** [S] mean cost and quality of each way: the cost-quality curve. `weights` [N] counts each query that often. */
export function curvePoints(outcomes: Outcomes, weights?: Float64Array): Point[] {
  const { ways, queries } = outcomes;
  const points: Point[] = [];
  const counts = weights ?? new Float64Array(queries).fill(1);
  const total = counts.reduce((sum, count) => sum + count, 0);
  for (let way = 0; way < ways; way++) {
    const start = way * queries;
    let quality = 0;
    let costUsd = 0;
    for (let query = 0; query < queries; query++) {
      const weight = counts[query] ?? 0;
      quality += weight * (outcomes.quality[start + query] ?? 0);
      costUsd += weight * (outcomes.costUsd[start + query] ?? 0);
    }
    points.push({ costUsd: costUsd / total, quality: quality / total });
  }
  return points;
}

/** Each way once: ways that come to the same for every query as the way before them are left out. */
export function distinctWays(outcomes: Outcomes): Outcomes {
  const { ways, queries, quality, costUsd } = outcomes;
  const same = (way: number, other: number): boolean => {
    for (let query = 0; query < queries; query++) {
      const a = way * queries + query;
      const b = other * queries + query;
      if (quality[a] !== quality[b] || costUsd[a] !== costUsd[b]) return false;
    }
    return true;
  };
  const kept = [...Array(ways).keys()].filter((way) => way === 0 || !same(way, way - 1));
  return kept.length === ways ? outcomes : pickWays(outcomes, kept);
}

/** The ways at `kept`, in that order. */
export function pickWays(outcomes: Outcomes, kept: readonly number[]): Outcomes {
  const { queries } = outcomes;
  const pick = (matrix: Float64Array): Float64Array => {
    const out = new Float64Array(kept.length * queries);
    kept.forEach((way, i) => out.set(matrix.subarray(way * queries, (way + 1) * queries), i * queries));
    return out;
  };
  return { ways: kept.length, queries, quality: pick(outcomes.quality), costUsd: pick(outcomes.costUsd) };
}

/** The columns of the queries at `indices`. */
export function pickQueries(outcomes: Outcomes, indices: readonly number[]): Outcomes {
  const pick = (matrix: Float64Array): Float64Array => {
    const out = new Float64Array(outcomes.ways * indices.length);
    for (let way = 0; way < outcomes.ways; way++) {
      indices.forEach((query, i) => (out[way * indices.length + i] = matrix[way * outcomes.queries + query] ?? 0));
    }
    return out;
  };
  return {
    ways: outcomes.ways,
    queries: indices.length,
    quality: pick(outcomes.quality),
    costUsd: pick(outcomes.costUsd),
  };
}
