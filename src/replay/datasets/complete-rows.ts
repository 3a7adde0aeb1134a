import { dataError } from './data-error.ts';
import type { DatasetReader, DatasetRow } from './dataset.ts';

/**
 * The columns of `models` (null: all), and of the rows those that know all of them: what is left of a partial set for a
 * comparison. Rows that are left out are counted in a warning; a set with none left is refused after its last row.
 * Throws `invalid_data` for a model that the set has not.
 */
export function completeRows(reader: DatasetReader, models: readonly string[] | null): DatasetReader {
  if (reader.partial !== true && models === null) return reader;
  const names = models ?? reader.models;
  const places = names.map((model) => reader.models.indexOf(model));
  const missing = names.find((_, m) => places[m] === -1);
  if (missing !== undefined) {
    throw dataError(reader.source.name, null, missing, `it has no such model; it has ${someOf(reader.models)}`);
  }
  let kept = 0;
  let left = 0;
  const { partial: _, ...rest } = reader;
  return {
    ...rest,
    models: names,
    async *rows() {
      [kept, left] = [0, 0];
      for await (const batch of reader.rows()) {
        const complete = batch.map((row) => pick(row, places)).filter(isComplete);
        kept += complete.length;
        left += batch.length - complete.length;
        if (complete.length > 0) yield complete;
      }
      if (kept === 0 && left > 0) {
        const which = models === null ? `all ${names.length} models` : names.join(' and ');
        throw dataError(reader.source.name, null, null, `none of ${left} rows knows ${which}; name fewer models`);
      }
    },
    warnings: () => [
      ...reader.warnings(),
      ...(left === 0
        ? []
        : [`${reader.source.name}: ${left} of ${kept + left} rows do not know every model and are left out`]),
    ],
  };
}

function pick(row: DatasetRow, places: readonly number[]): DatasetRow {
  const numbers = (values: readonly number[]): number[] => places.map((place) => values[place] ?? Number.NaN);
  return {
    ...row,
    quality: numbers(row.quality),
    costUsd: row.costUsd === null ? null : numbers(row.costUsd),
    ...(row.tokens === undefined
      ? {}
      : { tokens: { input: numbers(row.tokens.input), output: numbers(row.tokens.output) } }),
    ...(row.answers === undefined ? {} : { answers: places.map((place) => row.answers?.[place] ?? null) }),
    ...(row.propensities === undefined ? {} : { propensities: numbers(row.propensities) }),
  };
}

function isComplete(row: DatasetRow): boolean {
  return !row.quality.some(Number.isNaN) && !(row.costUsd?.some(Number.isNaN) ?? false);
}

function someOf(names: readonly string[]): string {
  return names.length <= 12 ? names.join(', ') : `${names.slice(0, 12).join(', ')} and ${names.length - 12} more`;
}
