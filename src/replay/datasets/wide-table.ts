import { createCellCheck, type CellCheck } from './cell-check.ts';
import { dataError, quoteCell } from './data-error.ts';
import type { DataSource, DatasetReader, DatasetRow } from './dataset.ts';
import { parsePythonList } from './python-list.ts';
import { textOfCell, type Cell, type Table } from './table.ts';

export interface WideTableOptions {
  readonly table: Table;
  readonly name: string;
  /** From meta.json; null: every column that can be one is a model. */
  readonly models: readonly string[] | null;
  readonly source: Omit<DataSource, 'rows'>;
  /** By sample id; null: the prompt itself is embedded. */
  readonly queryText: ReadonlyMap<string, string> | null;
  /** An empty score or cost is unknown instead of an error. */
  readonly partial?: boolean | undefined;
  /** Rows carry the answers, where every model has a `|model_response` column. */
  readonly answers?: boolean | undefined;
}

const notModels = new Set(['sample_id', 'prompt', 'eval_name', 'oracle_model_to_route_to']);
const costSuffix = '|total_cost';
const answerSuffix = '|model_response';

/**
 * RouterBench's wide layout (Hu et al., arXiv 2403.12031): `sample_id,prompt,eval_name,<model>...,<model>|total_cost...`
 * and further `<model>|<attribute>` columns, which are left alone. A table has a cost for every model or for none.
 * Throws `invalid_data` where the columns do not fit.
 */
export function openWideTable(options: WideTableOptions): DatasetReader {
  const { table, source } = options;
  const layout = readLayout(table.columns, options);
  const check = createCellCheck(source.name, options.partial === true);
  return {
    name: options.name,
    models: layout.models,
    hasCost: layout.cost !== null,
    embeddedText: options.queryText === null ? 'prompt' : 'query_text',
    source,
    ...(options.partial === true ? { partial: true } : {}),
    ...(layout.answers === null ? {} : { extras: ['answers' as const] }),
    async *rows() {
      let row = table.firstRow;
      for await (const batch of table.records(layout.columns)) {
        yield batch.map((record) => readRow(record, row++, layout, check, options));
      }
    },
    warnings: () => check.warnings(),
  };
}

/** Which columns are read, and where things stand in a record of them. */
interface Layout {
  readonly columns: readonly string[];
  readonly models: readonly string[];
  readonly id: number;
  readonly prompt: number;
  readonly group: number;
  readonly quality: readonly number[];
  readonly cost: readonly number[] | null;
  readonly answers: readonly number[] | null;
}

function readLayout(header: readonly string[], { models: wanted, source, answers }: WideTableOptions): Layout {
  const known = new Set(header);
  const columns: string[] = [];
  const place = (column: string, problem = 'the column is missing'): number => {
    if (!known.has(column)) throw dataError(source.name, 1, column, problem);
    return columns.push(column) - 1;
  };
  const models = wanted ?? header.filter((column) => !notModels.has(column) && !column.includes('|'));
  if (models.length === 0) throw dataError(source.name, 1, null, 'no column is a model');
  const hasCost = models.some((model) => known.has(model + costSuffix));
  return {
    columns,
    models,
    id: place('sample_id'),
    prompt: place('prompt'),
    group: known.has('eval_name') ? place('eval_name') : -1,
    quality: models.map((model) => place(model, 'the column of this model is missing')),
    cost: hasCost ? models.map((model) => place(model + costSuffix, 'this model has no cost, others have')) : null,
    answers:
      answers === true && models.every((model) => known.has(model + answerSuffix))
        ? models.map((model) => place(model + answerSuffix))
        : null,
  };
}

function readRow(
  record: readonly Cell[],
  row: number,
  layout: Layout,
  check: CellCheck,
  options: WideTableOptions,
): DatasetRow {
  const { models } = layout;
  const file = options.source.name;
  const quality = layout.quality.map((place, m) => check.score(record[place], row, models[m] ?? ''));
  const costUsd =
    layout.cost?.map((place, m) => check.cost(record[place], row, `${models[m] ?? ''}${costSuffix}`)) ?? null;
  const sampleId = textOfCell(record[layout.id]) ?? '';
  if (sampleId === '') throw dataError(file, row, 'sample_id', 'it is empty');
  const prompt = parsePythonList(check.text(record[layout.prompt], row, 'prompt'));
  const text = options.queryText === null ? prompt : options.queryText.get(sampleId);
  if (text === undefined) throw dataError(file, row, 'sample_id', `query_text has no ${quoteCell(sampleId)}`);
  const group = textOfCell(record[layout.group]) ?? '';
  const { answers } = layout;
  if (answers === null) return { sampleId, prompt, text, group, quality, costUsd };
  return {
    sampleId,
    prompt,
    text,
    group,
    quality,
    costUsd,
    answers: answers.map((place) => textOfCell(record[place])),
  };
}
