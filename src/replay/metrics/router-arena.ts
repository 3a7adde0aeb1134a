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

export interface Choices {
  readonly queries: number;
  readonly models: number;
  /** [N x M] probability that each model was asked; one-hot where nothing was drawn. */
  readonly chances: Float64Array;
  /** [N x M] quality. */
  readonly quality: Float64Array;
  /** [N x M] US dollars. */
  readonly costUsd: Float64Array;
}

/**
 * A query is solvable where some model scores a full 1, and its optimal model is the cheapest such (of equals the first).
 * Choices that were drawn count with their expectation. Their evaluator at commit 0d783fa leaves queries that the router
 * got wrong out of all three figures, which makes Opt.Acc always 1; their boards print less than that, so here it is
 * over all solvable queries, as is Opt.Sel; Opt.Cost is over the solved ones, as in the code.
 * Source: RouteWorks/RouterArena, llm_evaluation/run.py, compute_optimality_from_predictions; arXiv 2510.00202.
 */
export function routerArenaOptimality({ queries, models, chances, quality, costUsd }: Choices): Optimality {
  let solvable = 0;
  let selected = 0;
  let solved = 0;
  let cheapestTotal = 0;
  let paidTotal = 0;
  for (let query = 0; query < queries; query++) {
    const start = query * models;
    let optimal = -1;
    for (let model = 0; model < models; model++) {
      if ((quality[start + model] ?? 0) < 1) continue;
      if (optimal < 0 || (costUsd[start + model] ?? 0) < (costUsd[start + optimal] ?? 0)) optimal = model;
    }
    if (optimal < 0) continue;
    solvable++;
    selected += chances[start + optimal] ?? 0;
    for (let model = 0; model < models; model++) {
      const chance = chances[start + model] ?? 0;
      if (chance === 0 || (quality[start + model] ?? 0) < 1) continue;
      solved += chance;
      cheapestTotal += chance * (costUsd[start + optimal] ?? 0);
      paidTotal += chance * (costUsd[start + model] ?? 0);
    }
  }
  return {
    selection: solvable === 0 ? null : selected / solvable,
    accuracy: solvable === 0 ? null : solved / solvable,
    cost: paidTotal === 0 ? null : cheapestTotal / paidTotal,
    solvable,
  };
}
