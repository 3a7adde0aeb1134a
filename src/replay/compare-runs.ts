import { difference, intervalOf, type Drawn } from './metrics/bootstrap.ts';
import { paretoDistance } from './metrics/llm-router-bench.ts';
import type { Point } from './metrics/point.ts';
import type { RunResult } from './replay-result.ts';
import type { Comparison } from './run-figures.ts';

/** A run and what it is compared by, on draws that all runs share. */
export interface RankedRun {
  readonly result: RunResult;
  readonly rank: Drawn;
}

/** Every two runs, paired draw by draw. */
export function compareRuns(runs: readonly RankedRun[]): readonly Comparison[] {
  return runs.flatMap((a, i) =>
    runs.slice(i + 1).map((b) => ({
      a: a.result.label,
      b: b.result.label,
      difference: intervalOf(difference(a.rank, b.rank)),
    })),
  );
}

/** ParetoDist of each run, among the points of all runs and the single models. */
export function withParetoDistances(runs: readonly RunResult[], models: readonly Point[]): readonly RunResult[] {
  const all = [...models, ...runs.flatMap(({ curve }) => curve)];
  return runs.map((run) => {
    const { curve } = run.others;
    if (curve === null) return run;
    return { ...run, others: { ...run.others, curve: { ...curve, paretoDistance: paretoDistance(run.curve, all) } } };
  });
}
