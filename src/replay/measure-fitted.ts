import type { Figure, Reliability } from '../artefacts/manifest.ts';
import { rowCount } from './datasets/dataset.ts';
import { candidatesOf } from './policy-sweep.ts';
import { inputOf, type EmbeddedDataset } from './embedded.ts';
import type { Fitted } from './fitted.ts';
import { lambdasFor } from './lambdas.ts';
import { bootstrapAiq, bootstrapGain, type Interval } from './metrics/bootstrap.ts';
import { curvePoints, pickWays } from './metrics/outcomes.ts';
import { equalMassBins } from './metrics/calibration/bins.ts';
import { bestSingle, singleModels } from './metrics/singles.ts';
import { plugInSweep } from './plug-in-sweep.ts';

export interface MeasureOptions {
  readonly resamples: number;
  readonly seed: string;
  /** On which rows, fitted on which: for the model card. */
  readonly how: string;
}

export interface Measured {
  readonly figures: readonly Figure[];
  readonly reliability: Reliability;
}

/** What the rule of `cost-aware` makes of these estimators on rows that they never saw. */
export function measureFitted(fitted: Fitted, test: EmbeddedDataset, options: MeasureOptions): Measured {
  const { dataset } = test;
  const { models, costUsd } = dataset;
  const { resamples, seed, how } = options;
  const rows = rowCount(dataset);
  const candidates = candidatesOf(models);
  const predicted = {
    quality: new Float64Array(rows * models.length),
    costUsd: new Float64Array(rows * models.length),
  };
  for (let row = 0; row < rows; row++) {
    const input = inputOf(test, row);
    predicted.quality.set(fitted.quality.predict(input, candidates).mean, row * models.length);
    if (fitted.cost !== null) predicted.costUsd.set(fitted.cost.predict(input, candidates).mean, row * models.length);
  }
  const lambdas = lambdasFor(costUsd);
  const actual = { quality: dataset.quality, costUsd: costUsd ?? new Float64Array(rows * models.length) };
  const outcomes = plugInSweep(predicted, actual, models.length, lambdas);
  const singles = singleModels(models.length, dataset.quality, costUsd);
  const figure = (name: string, interval: Interval): Figure => ({
    estimator: fitted.name,
    name,
    interval: { ...interval },
    rows,
    how,
  });
  const believed = predicted.quality.map((value) => Math.min(1, Math.max(0, value)));
  const reliability = { estimator: fitted.name, bins: equalMassBins(believed, dataset.quality) };
  if (costUsd === null) {
    const best = pickWays(singles, [bestSingle(curvePoints(singles))]);
    const gain = bootstrapGain(outcomes.quality, best.quality, resamples, seed);
    return { figures: [figure('quality minus best single model', gain)], reliability };
  }
  const { router, zero, gain } = bootstrapAiq(outcomes, singles, resamples, seed);
  return {
    figures: [
      figure('AIQ of cost-aware', router),
      figure('AIQ of the zero router', zero),
      figure('AIQ of cost-aware minus zero router', gain),
    ],
    reliability,
  };
}
