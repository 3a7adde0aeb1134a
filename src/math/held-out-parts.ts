import type { Estimator, EstimatorInput, Quantity, TrainingRows } from '../core/estimator.ts';
import { canonicalOrder } from './row-order.ts';
import type { HeldOut } from './stack-choice.ts';

/** Rows on which stacks are chosen, held out and fitted on in turn; more would not choose better, only slower. */
const mostJudged = 6000;

export interface HeldOutRows extends HeldOut {
  /** [rows] Where each row stood in what was given. */
  readonly rows: Int32Array;
}

/**
 * What members say of rows that they were not fitted on, over the first rows in canonical order. Equal queries share a
 * fold.
 *
 * @param members fresh ones on every call, always in the same order.
 */
export function heldOutParts(
  quantity: Quantity,
  rows: TrainingRows,
  folds: number,
  members: () => readonly Estimator[],
): HeldOutRows {
  const order = canonicalOrder(rows).slice(0, mostJudged);
  const sample = takeRows(rows, order);
  const models = rows.models.length;
  const count = order.length;
  const starts = Array.from({ length: folds + 1 }, (_, fold) =>
    foldStart(sample, Math.floor((fold * count) / folds), count),
  );
  const candidates = rows.models.map((model) => ({ model, price: null }));
  const parts = members().map(() => new Float64Array(sample.values.length));
  const everyRow = Array.from({ length: count }, (_, row) => row);
  for (let fold = 0; fold < folds; fold++) {
    const start = starts[fold] ?? 0;
    const end = starts[fold + 1] ?? 0;
    const rest = takeRows(
      sample,
      everyRow.filter((row) => row < start || row >= end),
    );
    members().forEach((member, k) => {
      member.fit(rest);
      for (let row = start; row < end; row++) {
        parts[k]?.set(member.predict(inputOf(sample, row), candidates).mean, row * models);
      }
    });
  }
  const scales = scalesOf(sample, quantity === 'quality');
  return { quantity, models, parts, values: sample.values, scales, starts, rows: order };
}

/** [models] 1 for quality, else the mean; 0 where nothing was observed. */
function scalesOf({ models, values }: TrainingRows, isQuality: boolean): Float64Array {
  return Float64Array.from(models, (_, m) => {
    let sum = 0;
    let seen = 0;
    for (let cell = m; cell < values.length; cell += models.length) {
      const value = values[cell] ?? NaN;
      if (Number.isNaN(value)) continue;
      sum += value;
      seen++;
    }
    return seen === 0 ? 0 : isQuality ? 1 : sum / seen;
  });
}

/** The first row at or after `wanted` whose embedding differs from the row before, so that equal queries share a fold. */
function foldStart({ embeddings, dimensions }: TrainingRows, wanted: number, judged: number): number {
  let row = wanted;
  const sameAsBefore = (): boolean => {
    for (let i = row * dimensions; i < (row + 1) * dimensions; i++) {
      if (embeddings[i] !== embeddings[i - dimensions]) return false;
    }
    return true;
  };
  while (row > 0 && row < judged && sameAsBefore()) row++;
  return row;
}

const inputOf = (rows: TrainingRows, row: number): EstimatorInput => ({
  embedding: rows.embeddings.subarray(row * rows.dimensions, (row + 1) * rows.dimensions),
  promptTokens: rows.promptTokens[row] ?? 0,
});

/** The rows numbered in `order`, in that order. */
export function takeRows(rows: TrainingRows, order: ArrayLike<number>): TrainingRows {
  const { dimensions, models } = rows;
  const embeddings = new Float32Array(order.length * dimensions);
  const promptTokens = new Float64Array(order.length);
  const values = new Float64Array(order.length * models.length);
  for (let place = 0; place < order.length; place++) {
    const row = order[place] ?? 0;
    embeddings.set(rows.embeddings.subarray(row * dimensions, (row + 1) * dimensions), place * dimensions);
    promptTokens[place] = rows.promptTokens[row] ?? 0;
    values.set(rows.values.subarray(row * models.length, (row + 1) * models.length), place * models.length);
  }
  return { models, dimensions, embeddings, promptTokens, values };
}
