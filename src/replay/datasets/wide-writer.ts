import type { DatasetReader, DatasetRow, RowExtra } from './dataset.ts';

/** A reader's rows as CSV in RouterBench's wide layout; what is unknown is an empty field. */
export interface WideWriter {
  /** With a line break. */
  readonly header: string;
  /** With line breaks. */
  lines(rows: readonly DatasetRow[]): string;
}

export function createWideWriter(reader: DatasetReader): WideWriter {
  const { models } = reader;
  const has = (extra: RowExtra): boolean => reader.extras?.includes(extra) === true;
  const suffixes = [
    ...(reader.hasCost ? ['total_cost'] : []),
    ...(has('tokens') ? ['prompt_tokens', 'completion_tokens'] : []),
    ...(has('propensities') ? ['propensity'] : []),
  ];
  const columns = ['sample_id', 'prompt', 'eval_name', ...models];
  for (const suffix of suffixes) columns.push(...models.map((model) => `${model}|${suffix}`));
  const numbers = (values: readonly number[] | null | undefined): string[] =>
    models.map((_, m) => numberField(values?.[m] ?? Number.NaN));
  const line = (row: DatasetRow): string => {
    const fields = [field(row.sampleId), field(row.prompt), field(row.group), ...numbers(row.quality)];
    if (reader.hasCost) fields.push(...numbers(row.costUsd));
    if (has('tokens')) fields.push(...numbers(row.tokens?.input), ...numbers(row.tokens?.output));
    if (has('propensities')) fields.push(...numbers(row.propensities));
    return `${fields.join(',')}\n`;
  };
  return { header: `${columns.map(field).join(',')}\n`, lines: (rows) => rows.map(line).join('') };
}

const numberField = (value: number): string => (Number.isNaN(value) ? '' : String(value));

/** Quoted where RFC 4180 asks for it. */
function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
