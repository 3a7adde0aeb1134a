import { meanInterval } from './mean-interval.ts';
import { aiqPaperForm } from './metrics/aiq.ts';
import { curvePoints } from './metrics/outcomes.ts';
import { bestSingle, singleModels } from './metrics/singles.ts';
import type { Dataset } from './datasets/dataset.ts';
import { takeRows } from './datasets/dataset.ts';
import type { PolicySweep } from './policy-sweep.ts';
import type { SplitFigure, SplitFigures } from './replay-result.ts';
import type { Split } from './splits.ts';

/** One router on each split's own test rows, and the mean gain. Null for a single split. */
export function splitFigures(
  pool: Dataset,
  splits: readonly Split[],
  sweeps: readonly PolicySweep[],
): SplitFigures | null {
  if (splits.length < 2) return null;
  const figures = splits.map((split, i): SplitFigure => {
    const test = takeRows(pool, split.test);
    const width = pool.models.length;
    const singles = curvePoints(singleModels(width, test.quality, test.costUsd));
    const sweep = sweeps[i];
    const points = sweep === undefined ? [] : curvePoints(sweep.outcomes);
    const top = bestSingle(points);
    const best = { router: points[top]?.quality ?? 0, reference: singles[bestSingle(singles)]?.quality ?? 0 };
    return {
      label: split.label,
      trained: split.train.length,
      tested: split.test.length,
      ...(pool.costUsd === null
        ? best
        : { router: aiqPaperForm(points, singles), reference: aiqPaperForm(singles, singles) }),
      newcomerShare: split.newcomer === null ? null : (sweep?.shares[top * width + split.newcomer.model] ?? 0),
    };
  });
  // Splits that each test another newcomer on the same rows differ by the model, not by the rows.
  const isByModel = splits.some(({ newcomer }) => newcomer !== null);
  const ratio = figures.reduce((sum, { tested, trained }) => sum + tested / trained, 0) / figures.length;
  const gains = figures.map(({ router, reference }) => router - reference);
  return { splits: figures, gain: meanInterval(gains, isByModel ? 0 : ratio) };
}
