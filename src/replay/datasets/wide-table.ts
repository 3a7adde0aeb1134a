import { readCsv } from './csv.ts';
import { dataError, quoteCell } from './data-error.ts';
import type { DataSource, DatasetReader, DatasetRow } from './dataset.ts';
import { parsePythonList } from './python-list.ts';

export interface WideTableOptions {
  readonly path: string;
  readonly name: string;
  /** From meta.json; null: every column that can be one is a model. */
  readonly models: readonly string[] | null;
  readonly source: Omit<DataSource, 'rows'>;
  /** By sample id; null: the prompt itself is embedded. */
  readonly queryText: ReadonlyMap<string, string> | null;
}

const notModels = new Set(['sample_id', 'prompt', 'eval_name', 'oracle_model_to_route_to']);
const costSuffix = '|total_cost';
/** Some graders overshoot by a little (METEOR, rescaled accuracies); more than this is another scale. */
const scoreSlack = 0.05;

/**
 * RouterBench's wide layout (Hu et al., arXiv 2403.12031): `sample_id,prompt,eval_name,<model>...,<model>|total_cost...`
 * and further `<model>|<attribute>` columns, which are left alone. A table has a cost for every model or for none.
 * Rejects with `invalid_data` where the header does not fit.
 */
export async function openWideTable(options: WideTableOptions): Promise<DatasetReader> {
  const { path, source } = options;
  const layout = readLayout(await readHeader(path, source.name), options);
  const counts = { clamped: 0 };
  return {
    name: options.name,
    models: layout.models,
    hasCost: layout.cost !== null,
    embeddedText: options.queryText === null ? 'prompt' : 'query_text',
    source,
    async *rows() {
      let row = 1;
      for await (const batch of readCsv(path, source.name)) {
        const rows: DatasetRow[] = [];
        for (const record of batch) {
          if (row > 1) rows.push(readRow(record, row, layout, options, counts));
          row += 1;
        }
        yield rows;
      }
    },
    warnings: () =>
      counts.clamped === 0 ? [] : [`${source.name}: ${counts.clamped} scores just outside 0 to 1 were taken as 0 or 1`],
  };
}

/** Where things stand in a record. */
interface Layout {
  readonly models: readonly string[];
  readonly id: number;
  readonly prompt: number;
  readonly group: number;
  readonly quality: readonly number[];
  readonly cost: readonly number[] | null;
}

async function readHeader(path: string, name: string): Promise<readonly string[]> {
  for await (const batch of readCsv(path, name)) {
    const [header] = batch;
    if (header !== undefined) return header;
  }
  throw dataError(name, null, null, 'it is empty');
}

function readLayout(header: readonly string[], { models: wanted, source }: WideTableOptions): Layout {
  const places = new Map<string, number>();
  header.forEach((column, i) => {
    if (places.has(column)) throw dataError(source.name, 1, column, 'the column is there twice');
    places.set(column, i);
  });
  const place = (column: string, problem = 'the column is missing'): number => {
    const found = places.get(column);
    if (found === undefined) throw dataError(source.name, 1, column, problem);
    return found;
  };
  const models = wanted ?? header.filter((column) => !notModels.has(column) && !column.includes('|'));
  if (models.length === 0) throw dataError(source.name, 1, null, 'no column is a model');
  const hasCost = models.some((model) => places.has(model + costSuffix));
  return {
    models,
    id: place('sample_id'),
    prompt: place('prompt'),
    group: places.get('eval_name') ?? -1,
    quality: models.map((model) => place(model, 'the column of this model is missing')),
    cost: hasCost ? models.map((model) => place(model + costSuffix, 'this model has no cost, others have')) : null,
  };
}

function readRow(
  record: readonly string[],
  row: number,
  layout: Layout,
  options: WideTableOptions,
  counts: { clamped: number },
): DatasetRow {
  const { models } = layout;
  const file = options.source.name;
  const quality = layout.quality.map((place, m) => {
    const value = readNumber(record[place] ?? '');
    if (value >= 0 && value <= 1) return value;
    if (value >= -scoreSlack && value <= 1 + scoreSlack) {
      counts.clamped += 1;
      return Math.min(1, Math.max(0, value));
    }
    throw dataError(
      file,
      row,
      models[m] ?? null,
      `a score from 0 to 1 is needed, not ${quoteCell(record[place] ?? '')}`,
    );
  });
  const costUsd =
    layout.cost?.map((place, m) => {
      const value = readNumber(record[place] ?? '');
      if (value >= 0) return value;
      const column = `${models[m] ?? ''}${costSuffix}`;
      throw dataError(file, row, column, `a cost in dollars is needed, not ${quoteCell(record[place] ?? '')}`);
    }) ?? null;
  const sampleId = record[layout.id] ?? '';
  if (sampleId === '') throw dataError(file, row, 'sample_id', 'it is empty');
  const prompt = parsePythonList(record[layout.prompt] ?? '');
  const text = options.queryText === null ? prompt : options.queryText.get(sampleId);
  if (text === undefined) throw dataError(file, row, 'sample_id', `query_text has no ${quoteCell(sampleId)}`);
  return { sampleId, prompt, text, group: record[layout.group] ?? '', quality, costUsd };
}

/** NaN, which fails every comparison, for anything that is not a plain finite number. */
function readNumber(cell: string): number {
  const value = cell.trim() === '' ? Number.NaN : Number(cell);
  return Number.isFinite(value) ? value : Number.NaN;
}
