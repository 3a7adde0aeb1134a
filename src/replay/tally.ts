import { rowCount, type Dataset } from './datasets/dataset.ts';
import type { Outcomes } from './metrics/outcomes.ts';
import { createOptimalityTally, type OptimalitySums } from './metrics/router-arena.ts';

/** Stands in `leaders` where a query goes to no model. */
export const noModel = 0xffff;

/** What ways of routing a data set came to, and who was asked. */
export interface Tallied {
  readonly outcomes: Outcomes;
  /** [ways x M] mean chance of each model. */
  readonly shares: Float64Array;
  /** [ways x N] see PolicySweep. */
  readonly leaders: Uint16Array;
  /** How often the cheapest model that solves a query got it, and what that would have cost. */
  readonly optimality: OptimalitySums;
}

export interface Tally {
  /**
   * @param chances [M] how likely each model is asked; empty where none is.
   * @param from the models that may be asked are those from here on, up to
   * @param to this one, which may not.
   */
  add(way: number, row: number, chances: ArrayLike<number>, from?: number, to?: number): void;
  /** Dollars on top, for a call beside the one that serves; after `add`. */
  beside(way: number, row: number, usd: number): void;
  finish(): Tallied;
}

/** Collects expected quality and cost of each query under each way. */
export function createTally(dataset: Dataset, ways: number): Tally {
  const queries = rowCount(dataset);
  const models = dataset.models.length;
  const outcomes = {
    ways,
    queries,
    quality: new Float64Array(ways * queries),
    costUsd: new Float64Array(ways * queries),
  };
  const shares = new Float64Array(ways * models);
  const leaders = new Uint16Array(ways * queries).fill(noModel);
  const optimality = createOptimalityTally(
    { queries, models, quality: dataset.quality, costUsd: dataset.costUsd },
    ways,
  );
  return {
    add(way, row, chances, from = 0, to = chances.length) {
      const start = row * models;
      let quality = 0;
      let costUsd = 0;
      let most = 0;
      for (let m = from; m < to; m++) {
        const chance = chances[m] ?? 0;
        if (chance === 0) continue;
        quality += chance * (dataset.quality[start + m] ?? 0);
        costUsd += chance * (dataset.costUsd?.[start + m] ?? 0);
        shares[way * models + m] = (shares[way * models + m] ?? 0) + chance;
        if (chance > most) {
          most = chance;
          leaders[way * queries + row] = m;
        }
      }
      outcomes.quality[way * queries + row] = quality;
      outcomes.costUsd[way * queries + row] = costUsd;
      optimality.add(way, row, chances, from, to);
    },
    beside(way, row, usd) {
      const place = way * queries + row;
      outcomes.costUsd[place] = (outcomes.costUsd[place] ?? 0) + usd;
    },
    finish: () => ({
      outcomes,
      shares: shares.map((sum) => sum / queries),
      leaders,
      optimality: optimality.sums,
    }),
  };
}
