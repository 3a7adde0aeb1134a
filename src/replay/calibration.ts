import type { Dataset } from './datasets/dataset.ts';
import { equalMassBins, type Bin } from './metrics/calibration/bins.ts';
import { brierOfBaseRate, brierScore } from './metrics/calibration/brier.ts';
import {
  expectedCalibrationError,
  perfectCalibrationError,
  type PerfectError,
} from './metrics/calibration/expected-calibration-error.ts';
import { pointError, type PointError } from './metrics/calibration/point-error.ts';
import { intervalCoverage, type Coverage } from './metrics/calibration/interval-coverage.ts';
import { pinballLoss } from './metrics/calibration/pinball.ts';
import { ratioQuantiles } from './metrics/calibration/ratio-quantiles.ts';
import { reliability } from './metrics/calibration/reliability.ts';
import type { PredictedRows } from './policy-sweep.ts';

/** How far predictions can be believed, over all models and for each. */
export interface Calibration {
  readonly all: QualityCalibration;
  /** [M] */
  readonly models: readonly (QualityCalibration & { readonly model: string })[];
  /** Null for a set without cost, or where no cost was predicted. */
  readonly cost: CostCalibration | null;
}

export interface QualityCalibration {
  readonly ece: number;
  /** The same for a predictor that is right, at this n. */
  readonly perfect: PerfectError;
  readonly brier: number;
  /** Of always predicting the mean. */
  readonly brierOfBaseRate: number;
  readonly slope: number | null;
  readonly bins: readonly Bin[];
}

export interface CostCalibration extends PointError {
  readonly bins: readonly Bin[];
  /** Of single requests; null where there are too few rows to tell. See `ratioQuantiles` for what is predicted. */
  readonly spread: CostSpread | null;
}

export interface CostSpread {
  /** Pinball loss of the median and of the 90 % quantile, in the unit of cost. */
  readonly pinballAtHalf: number;
  readonly pinballAtNineTenths: number;
  /** Of the 90 % interval. */
  readonly coverage: Coverage;
}

const simulations = 100;

/** Predicted against true quality and cost of the test rows. Null where no quality was predicted. */
export function measureCalibration(predicted: PredictedRows, dataset: Dataset, seed: string): Calibration | null {
  const { models, quality, costUsd } = dataset;
  const width = models.length;
  if (predicted.quality === null) return null;
  const expected = predicted.quality.map((value) => Math.min(1, Math.max(0, value)));
  const column = (matrix: Float64Array, m: number): Float64Array =>
    Float64Array.from({ length: matrix.length / width }, (_, row) => matrix[row * width + m] ?? 0);
  const measure = (guess: Float64Array, truth: Float64Array): QualityCalibration => {
    const { bins, slope } = reliability(guess, truth);
    return {
      ece: expectedCalibrationError(guess, truth),
      perfect: perfectCalibrationError(guess, simulations, seed),
      brier: brierScore(guess, truth),
      brierOfBaseRate: brierOfBaseRate(truth),
      slope,
      bins,
    };
  };
  return {
    all: measure(expected, quality),
    models: models.map((model, m) => ({ model, ...measure(column(expected, m), column(quality, m)) })),
    cost:
      costUsd === null || predicted.costUsd === null
        ? null
        : {
            ...pointError(predicted.costUsd, costUsd),
            bins: equalMassBins(predicted.costUsd, costUsd),
            spread: costSpread(
              dataset.sampleIds,
              models.map((_, m) => [column(predicted.costUsd ?? costUsd, m), column(costUsd, m)] as const),
            ),
          },
  };
}

/** Over all models, each with quantiles of its own. @param columns [M] predicted and true cost [N] of each model. */
function costSpread(
  ids: readonly string[],
  columns: readonly (readonly [predicted: Float64Array, actual: Float64Array])[],
): CostSpread | null {
  const all = columns.map(([predicted, actual]) => ({ actual, told: ratioQuantiles(ids, predicted, actual) }));
  const told = all.flatMap((each) => (each.told === null ? [] : [{ actual: each.actual, ...each.told }]));
  if (told.length === 0 || told.length < all.length) return null;
  const joined = (read: (each: (typeof told)[number]) => Float64Array): Float64Array =>
    Float64Array.from(told.flatMap((each) => [...read(each)]));
  const actual = joined((each) => each.actual);
  return {
    pinballAtHalf: pinballLoss(
      joined(({ median }) => median),
      actual,
      0.5,
    ),
    pinballAtNineTenths: pinballLoss(
      joined(({ ninth }) => ninth),
      actual,
      0.9,
    ),
    coverage: intervalCoverage(
      joined(({ low }) => low),
      joined(({ high }) => high),
      actual,
    ),
  };
}
