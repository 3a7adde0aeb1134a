import type { Point } from './point.ts';

/** RouterArena's fixed cost range, US dollars per 1,000 queries, and its weight of cost. */
const costRange = { cheapest: 0.0044, dearest: 200 } as const;
const beta = 0.1;

/**
 * RouterArena's score: the weighted harmonic mean of accuracy A and normalised log cost C,
 *
 *     C = (log2 200 - log2 c) / (log2 200 - log2 0.0044),  S = (1 + b) A C / (b A + C),  b = 0.1,
 *
 * c in US dollars per 1,000 queries, clipped to its range as their evaluator does. In [0, 1]; their boards print 100 S.
 * It ranks systems, each with its own pool of models, not algorithms.
 * Source: RouterArena (arXiv 2510.00202); RouteWorks/RouterArena, llm_evaluation/run.py.
 */
export function routerArenaScore({ costUsd, quality }: Point): number {
  const cost = Math.max(costRange.cheapest, Math.min(costUsd * 1_000, costRange.dearest));
  const cheapness =
    (Math.log2(costRange.dearest) - Math.log2(cost)) / (Math.log2(costRange.dearest) - Math.log2(costRange.cheapest));
  const below = beta * quality + cheapness;
  return below === 0 ? 0 : ((1 + beta) * quality * cheapness) / below;
}

/** RouterArena's three figures of optimality; each in [0, 1], null where no query can be solved. */
export interface Optimality {
  /** Opt.Sel: share of solvable queries that went to the cheapest model that solves them. */
  readonly selection: number | null;
  /** Opt.Acc: share of solvable queries that were solved: accuracy / accuracy of the pool's oracle. */
  readonly accuracy: number | null;
  /** Opt.Cost: cheapest solving cost / cost paid, totals over the queries that the router solved; null where none cost anything. */
  readonly cost: number | null;
  /** Queries that at least one model solves outright. */
  readonly solvable: number;
}

/** A full outcome matrix. */
export interface SolvableMatrix {
  readonly queries: number;
  readonly models: number;
  /** [N x M] quality. */
  readonly quality: Float64Array;
  /** [N x M] US dollars; null where the set knows no cost. */
  readonly costUsd: Float64Array | null;
}

export interface Choices extends SolvableMatrix {
  /** [N x M] probability that each model was asked; one-hot where nothing was drawn. */
  readonly chances: Float64Array;
}

/** [N] the cheapest model that scores a full 1, of equals the first; -1 where none does. */
export function optimalModels({ queries, models, quality, costUsd }: SolvableMatrix): Int32Array {
  const optimal = new Int32Array(queries).fill(-1);
  for (let query = 0; query < queries; query++) {
    const start = query * models;
    let best = -1;
    for (let model = 0; model < models; model++) {
      if ((quality[start + model] ?? 0) < 1) continue;
      if (best < 0 || (costUsd?.[start + model] ?? 0) < (costUsd?.[start + best] ?? 0)) best = model;
    }
    optimal[query] = best;
  }
  return optimal;
}

/** What the figures are made of, query by query and way by way; plain sums, so those of several splits add up. */
export interface OptimalitySums {
  readonly solvable: number;
  /** [ways] chance of the optimal model, over solvable queries. */
  readonly selected: Float64Array;
  /** [ways] chance of any model that solves. */
  readonly solved: Float64Array;
  /** [ways] US dollars of the optimal model, over what was solved. */
  readonly cheapest: Float64Array;
  /** [ways] US dollars paid, over the same. */
  readonly paid: Float64Array;
}

export interface OptimalityTally {
  /** `chances` [M] of one query under one way; only models from `from` up to `to` have any. Default: all. */
  add(way: number, query: number, chances: ArrayLike<number>, from?: number, to?: number): void;
  readonly sums: OptimalitySums;
}

/**
 * A query is solvable where some model scores a full 1, and its optimal model is the cheapest such (of equals the first).
 * Choices that were drawn count with their expectation. Their evaluator at commit 0d783fa leaves queries that the router
 * got wrong out of all three figures, which makes Opt.Acc always 1; their boards print less than that, so here it is
 * over all solvable queries, as is Opt.Sel; Opt.Cost is over the solved ones, as in the code.
 * Source: RouteWorks/RouterArena, llm_evaluation/run.py, compute_optimality_from_predictions; arXiv 2510.00202.
 */
export function createOptimalityTally(matrix: SolvableMatrix, ways: number): OptimalityTally {
  const { models, quality, costUsd } = matrix;
  const optimal = optimalModels(matrix);
  const column = (): Float64Array => new Float64Array(ways);
  const [selected, solved, cheapest, paid] = [column(), column(), column(), column()] as const;
  return {
    add(way, query, chances, from = 0, to = chances.length) {
      const best = optimal[query] ?? -1;
      if (best < 0) return;
      const start = query * models;
      for (let model = from; model < to; model++) {
        const chance = chances[model] ?? 0;
        if (chance === 0 || (quality[start + model] ?? 0) < 1) continue;
        if (model === best) increase(selected, way, chance);
        increase(solved, way, chance);
        increase(cheapest, way, chance * (costUsd?.[start + best] ?? 0));
        increase(paid, way, chance * (costUsd?.[start + model] ?? 0));
      }
    },
    sums: {
      solvable: optimal.reduce((count, model) => count + (model < 0 ? 0 : 1), 0),
      selected,
      solved,
      cheapest,
      paid,
    },
  };
}

function increase(column: Float64Array, way: number, amount: number): void {
  column[way] = (column[way] ?? 0) + amount;
}

/** Of several splits: a query that several of them tested counts in each. At least one; all of the same ways. */
export function addOptimality(parts: readonly OptimalitySums[]): OptimalitySums {
  const sum = (read: (part: OptimalitySums) => Float64Array): Float64Array =>
    parts.map(read).reduce((total, column) => total.map((value, way) => value + (column[way] ?? 0)));
  return {
    solvable: parts.reduce((count, { solvable }) => count + solvable, 0),
    selected: sum(({ selected }) => selected),
    solved: sum(({ solved }) => solved),
    cheapest: sum(({ cheapest }) => cheapest),
    paid: sum(({ paid }) => paid),
  };
}

/** Of one way. Without costs there is no cheapest: Opt.Acc alone remains. */
export function optimalityOf(sums: OptimalitySums, way: number, hasCost = true): Optimality {
  const { solvable, selected, solved, cheapest, paid } = sums;
  const share = (part: Float64Array): number | null => (solvable === 0 ? null : (part[way] ?? 0) / solvable);
  const spent = paid[way] ?? 0;
  return {
    selection: hasCost ? share(selected) : null,
    accuracy: share(solved),
    cost: spent === 0 ? null : (cheapest[way] ?? 0) / spent,
    solvable,
  };
}

/** Of choices that are all there. */
export function routerArenaOptimality(choices: Choices): Optimality {
  const { queries, models, chances } = choices;
  const tally = createOptimalityTally(choices, 1);
  for (let query = 0; query < queries; query++)
    tally.add(0, query, chances.subarray(query * models, (query + 1) * models));
  return optimalityOf(tally.sums, 0);
}
