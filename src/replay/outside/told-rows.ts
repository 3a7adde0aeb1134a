import type { Predictions } from '../../core/decision.ts';
import { PointsmanError } from '../../core/errors.ts';
import { dataError, quoteCell } from '../datasets/data-error.ts';
import { rowCount, type Dataset } from '../datasets/dataset.ts';
import type { RowPredictions } from '../policy-sweep.ts';
import { createTally, type Tallied } from '../tally.ts';
import type { Estimates, RouterFile } from './predictions-file.ts';

/**
 * Estimates from outside as a route takes them. Where they tell no cost, each model's mean cost in `train` stands in:
 * the least that anybody who has the training rows knows.
 *
 * @param estimates [N] in the order of `test`.
 */
export function toldRows(estimates: readonly Estimates[], test: Dataset, train: Dataset): RowPredictions {
  const { models } = test;
  const none = new Float64Array(models.length);
  if (test.costUsd !== null && rowCount(train) === 0 && estimates.some(({ costUsd }) => costUsd === null)) {
    throw new PointsmanError(
      'invalid_data',
      'estimates without costs take the mean costs of the training rows, and there are none; give --train or costs.',
    );
  }
  const usual = meanCosts(train, models);
  const rows = estimates.map(({ quality, costUsd }): Predictions => ({
    quality: { mean: quality, deviation: none },
    cost: { mean: costUsd ?? usual, deviation: none },
  }));
  return { rows, degraded: {} };
}

/** Throws `invalid_data` naming the first query of `test` that the file says nothing of. */
export function estimatesFor(file: Extract<RouterFile, { type: 'estimates' }>, test: Dataset): readonly Estimates[] {
  return test.sampleIds.map((id) => file.rows.get(id) ?? missing(file.file, id, ''));
}

/** One way a setting of the file. Throws `invalid_data` as `estimatesFor`. */
export function choicesSweep(file: Extract<RouterFile, { type: 'choices' }>, test: Dataset): Tallied {
  const tally = createTally(test, file.settings.length);
  const chances = new Float64Array(test.models.length);
  file.settings.forEach((setting, way) => {
    const chosen = file.rows.get(setting);
    test.sampleIds.forEach((id, row) => {
      chances.fill(0);
      chances[chosen?.get(id) ?? missing(file.file, id, setting)] = 1;
      tally.add(way, row, chances);
    });
  });
  return tally.finish();
}

function missing(file: string, id: string, setting: string): never {
  const where = setting === '' ? '' : ` at setting ${quoteCell(setting)}`;
  throw dataError(file, null, null, `it has nothing for the test query ${quoteCell(id)}${where}`);
}

/** [models] over the rows that know it; 0 where none does. */
function meanCosts(train: Dataset, models: readonly string[]): Float64Array {
  return Float64Array.from(models, (model) => {
    const m = train.models.indexOf(model);
    const rows = m < 0 ? 0 : rowCount(train);
    let sum = 0;
    let count = 0;
    for (let row = 0; row < rows; row++) {
      const cost = train.costUsd?.[row * train.models.length + m] ?? Number.NaN;
      if (Number.isNaN(cost)) continue;
      sum += cost;
      count += 1;
    }
    return count === 0 ? 0 : sum / count;
  });
}
