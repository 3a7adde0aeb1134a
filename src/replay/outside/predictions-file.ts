import { basename } from 'node:path';
import { dataError, quoteCell } from '../datasets/data-error.ts';
import { openContent } from '../datasets/open-table.ts';
import { numberOf, recordOf, textOfCell, type Cell, type Table } from '../datasets/table.ts';

/** What somebody's router says of queries, by sample id. */
export type RouterFile =
  | {
      readonly type: 'estimates';
      readonly name: string;
      readonly file: string;
      /** [M] each. */
      readonly rows: ReadonlyMap<string, Estimates>;
      readonly hasCost: boolean;
    }
  | {
      readonly type: 'choices';
      readonly name: string;
      readonly file: string;
      /** Ascending where all are numbers, else in the order of the file. */
      readonly settings: readonly string[];
      /** By setting, then by sample id: index of the model. */
      readonly rows: ReadonlyMap<string, ReadonlyMap<string, number>>;
    };

export interface Estimates {
  readonly quality: Float64Array;
  /** Null where the file tells none. */
  readonly costUsd: Float64Array | null;
}

const costSuffixes = ['|total_cost', '|cost_usd', '|cost'] as const;

/**
 * Reads a CSV, JSONL or Parquet file of either kind:
 *
 * - estimates: `sample_id`, a column of quality for each model and, for all or none, `<model>|total_cost`; or in JSON
 *   `{"sample_id", "quality": {model: number}, "cost_usd": {model: number}}`
 * - choices: `sample_id`, `model` and, where there are several trade-offs, `setting`.
 *
 * Rejects with `invalid_data`, naming file, row and column.
 */
export async function readRouterFile(path: string, models: readonly string[]): Promise<RouterFile> {
  const file = basename(path);
  const content = await openContent(path, file);
  if (content.type !== 'table') throw dataError(file, null, null, 'a table is needed: CSV, JSONL or Parquet');
  const { table } = content;
  const name = file.replace(/\.(csv|jsonl?|parquet)(\.gz|\.zip)?$/, '');
  const columns = new Set(table.columns);
  if (!columns.has('sample_id')) throw dataError(file, 1, 'sample_id', 'the column is missing');
  if (columns.has('model') && !models.includes('model')) return await readChoices(table, name, models);
  return await readEstimates(table, name, models);
}

async function readEstimates(table: Table, name: string, models: readonly string[]): Promise<RouterFile> {
  const file = table.name;
  const columns = new Set(table.columns);
  const isNested = columns.has('quality') && !models.includes('quality');
  const missing = models.find((model) => !isNested && !columns.has(model));
  if (missing !== undefined) throw dataError(file, 1, missing, 'the column of this model is missing');
  const suffix = costSuffixes.find((each) => models.some((model) => columns.has(model + each)));
  const hasCost = isNested ? columns.has('cost_usd') : suffix !== undefined;
  const unpriced = isNested || suffix === undefined ? undefined : models.find((model) => !columns.has(model + suffix));
  if (unpriced !== undefined) throw dataError(file, 1, `${unpriced}${suffix ?? ''}`, 'the column is missing');
  const wanted = isNested
    ? ['sample_id', 'quality', ...(hasCost ? ['cost_usd'] : [])]
    : ['sample_id', ...models, ...(suffix === undefined ? [] : models.map((model) => model + suffix))];

  const numbers = (read: (m: number) => Cell | undefined, row: number, what: (m: number) => string, least: number) =>
    Float64Array.from(models, (_, m) => {
      const value = numberOf(read(m));
      if (value >= least) return value;
      const needed = least === 0 ? 'a cost of 0 or more' : 'a finite number';
      throw dataError(file, row, what(m), `${needed} is needed, not ${quoteCell(textOfCell(read(m)) ?? '')}`);
    });
  const rows = new Map<string, Estimates>();
  let row = table.firstRow;
  for await (const batch of table.records(wanted)) {
    for (const record of batch) {
      const id = idOf(record[0], file, row);
      if (rows.has(id)) throw dataError(file, row, 'sample_id', `${quoteCell(id)} is there twice`);
      const place = row;
      const from =
        (cell: number, offset: number) =>
        (m: number): Cell | undefined =>
          isNested ? recordOf(record[cell])?.[models[m] ?? ''] : record[offset + m];
      const label = (kind: string, after: string) => (m: number) =>
        isNested ? `${kind}.${models[m] ?? ''}` : `${models[m] ?? ''}${after}`;
      rows.set(id, {
        quality: numbers(from(1, 1), place, label('quality', ''), Number.NEGATIVE_INFINITY),
        costUsd: hasCost ? numbers(from(2, 1 + models.length), place, label('cost_usd', suffix ?? ''), 0) : null,
      });
      row += 1;
    }
  }
  if (rows.size === 0) throw dataError(file, null, null, 'it has no rows');
  return { type: 'estimates', name, file, rows, hasCost };
}

async function readChoices(table: Table, name: string, models: readonly string[]): Promise<RouterFile> {
  const file = table.name;
  const hasSetting = table.columns.includes('setting');
  const rows = new Map<string, Map<string, number>>();
  let row = table.firstRow;
  for await (const batch of table.records(['sample_id', 'model', ...(hasSetting ? ['setting'] : [])])) {
    for (const record of batch) {
      const id = idOf(record[0], file, row);
      const model = textOfCell(record[1]) ?? '';
      const index = models.indexOf(model);
      if (index < 0) throw dataError(file, row, 'model', `there is no model ${quoteCell(model)}`);
      const setting = hasSetting ? (textOfCell(record[2]) ?? '') : '';
      const chosen = rows.get(setting) ?? new Map<string, number>();
      if (chosen.has(id)) throw dataError(file, row, 'sample_id', `${quoteCell(id)} is there twice for one setting`);
      chosen.set(id, index);
      rows.set(setting, chosen);
      row += 1;
    }
  }
  if (rows.size === 0) throw dataError(file, null, null, 'it has no rows');
  const settings = [...rows.keys()];
  if (settings.every((setting) => setting !== '' && Number.isFinite(Number(setting)))) {
    settings.sort((a, b) => Number(a) - Number(b));
  }
  return { type: 'choices', name, file, settings, rows };
}

function idOf(cell: Cell | undefined, file: string, row: number): string {
  const id = textOfCell(cell) ?? '';
  if (id === '') throw dataError(file, row, 'sample_id', 'it is empty');
  return id;
}
