import { meanInterval } from './mean-interval.ts';
import { bootstrapAiq, bootstrapDifference } from './metrics/bootstrap.ts';
import { curvePoints, pickWays, type Outcomes } from './metrics/outcomes.ts';
import { bestSingle, singleModels } from './metrics/singles.ts';
import type { Dataset } from './datasets/dataset.ts';
import { takeRows } from './datasets/dataset.ts';
import type { PolicySweep } from './policy-sweep.ts';
import type { SplitFigure, SplitFigures } from './replay-result.ts';
import type { Split } from './splits.ts';

export interface SplitOptions {
  readonly resamples: number;
  readonly seed: string;
}

/** One router on each split's own test rows, and the mean gain. Null for a single split. */
export function splitFigures(
  pool: Dataset,
  splits: readonly Split[],
  sweeps: readonly PolicySweep[],
  { resamples, seed }: SplitOptions,
): SplitFigures | null {
  if (splits.length < 2) return null;
  const figures = splits.map((split, i): SplitFigure => {
    const test = takeRows(pool, split.test);
    const width = pool.models.length;
    const singles = singleModels(width, test.quality, test.costUsd);
    const sweep = sweeps[i];
    if (sweep === undefined) throw new RangeError(`split "${split.label}" was not swept`);
    const { outcomes } = sweep;
    const top = bestSingle(curvePoints(outcomes));
    const draw = { resamples, seed: `${seed}:${split.label}` };
    return {
      label: split.label,
      trained: split.train.length,
      tested: split.test.length,
      ...(pool.costUsd === null ? byQuality(outcomes, top, singles, draw) : byCost(outcomes, singles, draw)),
      newcomerShare: split.newcomer === null ? null : (sweep.shares[top * width + split.newcomer.model] ?? 0),
    };
  });
  // Splits that each test another newcomer on the same rows differ by the model, not by the rows.
  const isByModel = splits.some(({ newcomer }) => newcomer !== null);
  const ratio = figures.reduce((sum, { tested, trained }) => sum + tested / trained, 0) / figures.length;
  const gains = figures.map(({ router, reference }) => router - reference);
  return { splits: figures, gain: meanInterval(gains, isByModel ? 0 : ratio) };
}

type Compared = Pick<SplitFigure, 'router' | 'reference' | 'difference'>;

function byCost(outcomes: Outcomes, singles: Outcomes, { resamples, seed }: SplitOptions): Compared {
  const { router, zero, gain } = bootstrapAiq(outcomes, singles, resamples, seed);
  return { router: router.value, reference: zero.value, difference: gain };
}

function byQuality(outcomes: Outcomes, top: number, singles: Outcomes, { resamples, seed }: SplitOptions): Compared {
  const own = pickWays(outcomes, [top]);
  const best = pickWays(singles, [bestSingle(curvePoints(singles))]);
  const { a, b, difference } = bootstrapDifference(own.queries, resamples, seed, (weights) => {
    const quality = (one: Outcomes): number => curvePoints(one, weights)[0]?.quality ?? 0;
    return [quality(own), quality(best)];
  });
  return { router: a.value, reference: b.value, difference };
}
