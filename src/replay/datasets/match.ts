import { dataError } from './data-error.ts';
import { rowCount, type Dataset } from './dataset.ts';
import { questionKey } from './question-key.ts';

/** How many rows of `test` ask a question that `train` has too (case, white space and punctuation aside). */
export function countSharedQuestions(train: Dataset, test: Dataset): number {
  const known = new Set(train.texts.map(questionKey));
  return test.texts.filter((text) => known.has(questionKey(text))).length;
}

/** `other` with its columns in the order of `models`. Throws `invalid_data` naming a model that one of them lacks. */
export function alignModels(other: Dataset, models: readonly string[], wantedBy: string): Dataset {
  const places = models.map((model) => other.models.indexOf(model));
  const missing = models.find((_, m) => places[m] === -1);
  const file = other.sources[0]?.name ?? other.name;
  if (missing !== undefined)
    throw dataError(file, 1, missing, `the column of this model is missing; ${wantedBy} has it`);
  const extra = other.models.find((model) => !models.includes(model));
  if (extra !== undefined) throw dataError(file, 1, extra, `${wantedBy} has no such model`);
  if (places.every((place, m) => place === m)) return other;
  const reorder = (matrix: Float64Array): Float64Array => {
    const out = new Float64Array(matrix.length);
    for (let row = 0; row < rowCount(other); row++) {
      const start = row * models.length;
      places.forEach((place, m) => (out[start + m] = matrix[start + place] ?? Number.NaN));
    }
    return out;
  };
  return {
    ...other,
    models,
    quality: reorder(other.quality),
    costUsd: other.costUsd === null ? null : reorder(other.costUsd),
  };
}
