import { addOptimality } from './metrics/router-arena.ts';
import type { PolicySweep, PredictedRows } from './policy-sweep.ts';

/** What one split came to. */
export interface SplitSweep {
  /** Rows of the pool, in the order of the sweep's queries. */
  readonly test: readonly number[];
  readonly sweep: PolicySweep;
}

/** Every row that some split tested, ascending. */
export function testedRows(splits: readonly { readonly test: readonly number[] }[]): readonly number[] {
  return [...new Set(splits.flatMap(({ test }) => test))].sort((a, b) => a - b);
}

/**
 * All splits as one sweep over the rows that they tested: a row that several splits tested comes to the mean of what it
 * came to in each, so that it counts once and queries can be drawn as before. Who it goes to is told by the last split.
 */
export function poolSweeps(splits: readonly SplitSweep[], tested: readonly number[], models: number): PolicySweep {
  const [first, ...others] = splits;
  if (first === undefined) throw new RangeError('no split was swept');
  if (others.length === 0) return first.sweep;
  const { ways } = first.sweep.outcomes;
  const queries = tested.length;
  const placeOf = new Map(tested.map((row, place) => [row, place]));
  const times = new Float64Array(queries);
  for (const { test } of splits) for (const row of test) add(times, placeOf.get(row) ?? 0, 1);
  const total = splits.reduce((sum, { test }) => sum + test.length, 0);

  const quality = new Float64Array(ways * queries);
  const costUsd = new Float64Array(ways * queries);
  const leaders = new Uint16Array(ways * queries);
  const shares = new Float64Array(ways * models);
  const degraded: Record<string, number> = {};
  for (const { test, sweep } of splits) {
    const { outcomes } = sweep;
    for (let way = 0; way < ways; way++) {
      test.forEach((row, query) => {
        const place = placeOf.get(row) ?? 0;
        const to = way * queries + place;
        const from = way * test.length + query;
        add(quality, to, (outcomes.quality[from] ?? 0) / (times[place] ?? 1));
        add(costUsd, to, (outcomes.costUsd[from] ?? 0) / (times[place] ?? 1));
        leaders[to] = sweep.leaders[from] ?? 0;
      });
    }
    sweep.shares.forEach((share, i) => add(shares, i, (share * test.length) / total));
    for (const [what, count] of Object.entries(sweep.degraded)) degraded[what] = (degraded[what] ?? 0) + count;
  }
  const pooled = (read: (predicted: PredictedRows) => Float64Array | null): Float64Array | null => {
    if (splits.some(({ sweep }) => read(sweep.predicted) === null)) return null;
    const out = new Float64Array(queries * models);
    for (const { test, sweep } of splits) {
      const values = read(sweep.predicted);
      test.forEach((row, query) => {
        const place = placeOf.get(row) ?? 0;
        for (let m = 0; m < models; m++) {
          add(out, place * models + m, (values?.[query * models + m] ?? 0) / (times[place] ?? 1));
        }
      });
    }
    return out;
  };
  return {
    axis: first.sweep.axis,
    outcomes: { ways, queries, quality, costUsd },
    shares,
    leaders,
    optimality: addOptimality(splits.map(({ sweep }) => sweep.optimality)),
    degraded,
    predicted: { quality: pooled(({ quality: q }) => q), costUsd: pooled(({ costUsd: c }) => c) },
  };
}

function add(target: Float64Array, place: number, amount: number): void {
  target[place] = (target[place] ?? 0) + amount;
}
