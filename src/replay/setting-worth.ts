import type { Folded } from './folded.ts';
import { lambdasFor } from './lambdas.ts';
import { aiqPaperForm } from './metrics/aiq.ts';
import { curvePoints } from './metrics/outcomes.ts';
import { singleModels } from './metrics/singles.ts';
import { plugInSweep } from './plug-in-sweep.ts';

/** Enough of the curve to rank settings by; the report's own sweep has 201 points. */
const tuningLambdas = 60;

/** What `settingWorth` tells, for reports. */
export const criterionText = (hasCost: boolean): string =>
  hasCost ? 'AIQ of argmax(quality - lambda x cost)' : 'mean quality of the model predicted best';

export const criterionOf = ({ costUsd, starts }: Folded): string =>
  `${criterionText(costUsd !== null)}, ${starts.length - 1}-fold cross-validation inside the training rows`;

/**
 * What held-out predictions [N x M] are good for, over the rows of the first `folds` folds: the AIQ of
 * argmax(quality - lambda x cost), or, for a set without cost, the mean quality of the model predicted best. In [0, 1];
 * 0 where there are no rows.
 */
export function settingWorth(
  folded: Pick<Folded, 'models' | 'starts' | 'quality' | 'costUsd'>,
  folds: number,
  quality: Float64Array | undefined,
  cost: Float64Array | undefined,
): number {
  const { models, costUsd } = folded;
  const cells = (folded.starts[folds] ?? 0) * models.length;
  if (quality === undefined || cells === 0) return 0;
  const free = new Float64Array(cells);
  const actual = { quality: folded.quality.subarray(0, cells), costUsd: costUsd?.subarray(0, cells) ?? free };
  const predicted = { quality: quality.subarray(0, cells), costUsd: cost?.subarray(0, cells) ?? free };
  const lambdas = lambdasFor(costUsd, tuningLambdas);
  const points = curvePoints(plugInSweep(predicted, actual, models.length, lambdas));
  if (costUsd === null) return points[0]?.quality ?? 0;
  return aiqPaperForm(points, curvePoints(singleModels(models.length, actual.quality, actual.costUsd)));
}
