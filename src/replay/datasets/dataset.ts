import { dataError } from './data-error.ts';

/** What a set's owner allows: `bundle` may be shipped, `research` measured and published, `evaluation-only` never fitted on. */
export type DatasetUse = 'bundle' | 'research' | 'evaluation-only' | 'unstated';

/** Which text is embedded: the question alone where the set has it apart, else the whole prompt. */
export type EmbeddedText = 'query_text' | 'prompt';

/** Where rows came from. */
export interface DataSource {
  /** Data set and file, e.g. `routerbench/train.csv.gz`; no path of a machine. */
  readonly name: string;
  /** Hex, of the file's bytes. */
  readonly sha256: string;
  readonly licence: string | null;
  readonly use: DatasetUse;
  readonly rows: number;
}

/** One query and what every model made of it. */
export interface DatasetRow {
  readonly sampleId: string;
  /** Everything the models were asked, few-shot examples included. */
  readonly prompt: string;
  /** What is embedded; the same string as `prompt` where the set has nothing better. */
  readonly text: string;
  /** RouterBench's eval_name. */
  readonly group: string;
  /** [M] in [0, 1]; NaN where a partial set does not know it. */
  readonly quality: readonly number[];
  /** [M] US dollars, >= 0; null where the set knows no cost; NaN where a partial one does not know this one. */
  readonly costUsd: readonly number[] | null;
  /** [M] each, NaN where unknown; absent where the set counts none. */
  readonly tokens?: { readonly input: readonly number[]; readonly output: readonly number[] };
  /** [M]; absent unless asked for. */
  readonly answers?: readonly (string | null)[];
  /** [M] how likely the logging policy was to take each model; absent but in logs. */
  readonly propensities?: readonly number[];
  /** The part of its source that the row is from, where that is told row by row. */
  readonly split?: string;
}

/** What rows may carry beside quality and cost. */
export type RowExtra = 'tokens' | 'answers' | 'propensities';

/** The seam: a file format becomes a data set by giving this. Rows stream, so a reader holds no more than a batch. */
export interface DatasetReader {
  readonly name: string;
  /** [M]: the order of `quality` and `costUsd` in every row. */
  readonly models: readonly string[];
  readonly hasCost: boolean;
  readonly embeddedText: EmbeddedText;
  readonly source: Omit<DataSource, 'rows'>;
  /** Some rows know only some models' outcome. Such a set is no `Dataset`; see `completeRows`. */
  readonly partial?: boolean;
  /** The file itself says what is for training and what for testing, and only the part that was asked for comes. */
  readonly hasOwnParts?: boolean;
  /** What every row carries. */
  readonly extras?: readonly RowExtra[];
  /** Rejects with `invalid_data`, naming file, row and column. */
  rows(): AsyncIterable<readonly DatasetRow[]>;
  /** After the rows: what was put right on the way, counted, one line each. */
  warnings(): readonly string[];
}

/** A whole data set in columns; N rows, M models. */
export interface Dataset {
  readonly name: string;
  /** [M] */
  readonly models: readonly string[];
  readonly embeddedText: EmbeddedText;
  readonly sources: readonly DataSource[];
  readonly warnings: readonly string[];
  /** [N], unique. */
  readonly sampleIds: readonly string[];
  /** [N] */
  readonly prompts: readonly string[];
  /** [N] */
  readonly texts: readonly string[];
  /** [N] */
  readonly groups: readonly string[];
  /** [N x M], row-major, in [0, 1]. */
  readonly quality: Float64Array;
  /** [N x M], row-major, US dollars; null where the set knows no cost. */
  readonly costUsd: Float64Array | null;
}

export const rowCount = (dataset: Dataset): number => dataset.sampleIds.length;

/** Reads everything into columns. Throws `invalid_data` on duplicate ids and on an empty split. */
export async function collectDataset(reader: DatasetReader): Promise<Dataset> {
  if (reader.partial === true) {
    throw dataError(reader.source.name, null, null, 'its rows know only some models; name those to compare');
  }
  const sampleIds: string[] = [];
  const prompts: string[] = [];
  const texts: string[] = [];
  const groups: string[] = [];
  const seen = new Map<string, number>();
  const groupNames = new Map<string, string>();
  const width = reader.models.length;
  const quality = growingColumn(width);
  const cost = growingColumn(reader.hasCost ? width : 0);
  for await (const batch of reader.rows()) {
    for (const row of batch) {
      const place = sampleIds.length + 2;
      const earlier = seen.get(row.sampleId);
      if (earlier !== undefined) {
        throw dataError(reader.source.name, place, 'sample_id', `"${row.sampleId}" was already in row ${earlier}`);
      }
      seen.set(row.sampleId, place);
      sampleIds.push(row.sampleId);
      prompts.push(row.prompt);
      texts.push(row.text);
      // One string a group instead of one a row.
      const group = groupNames.get(row.group) ?? row.group;
      groupNames.set(group, group);
      groups.push(group);
      quality.append(row.quality);
      if (row.costUsd !== null) cost.append(row.costUsd);
    }
  }
  if (sampleIds.length === 0) throw dataError(reader.source.name, null, null, 'it has no rows');
  return {
    name: reader.name,
    models: reader.models,
    embeddedText: reader.embeddedText,
    sources: [{ ...reader.source, rows: sampleIds.length }],
    warnings: reader.warnings(),
    sampleIds,
    prompts,
    texts,
    groups,
    quality: quality.finish(),
    costUsd: reader.hasCost ? cost.finish() : null,
  };
}

/** The rows at `indices`, in that order. */
export function takeRows(dataset: Dataset, indices: readonly number[]): Dataset {
  const width = dataset.models.length;
  const pick = (column: readonly string[]): string[] => indices.map((index) => column[index] ?? '');
  const pickRows = (matrix: Float64Array): Float64Array => {
    const out = new Float64Array(indices.length * width);
    indices.forEach((index, i) => out.set(matrix.subarray(index * width, (index + 1) * width), i * width));
    return out;
  };
  return {
    ...dataset,
    sampleIds: pick(dataset.sampleIds),
    prompts: pick(dataset.prompts),
    texts: pick(dataset.texts),
    groups: pick(dataset.groups),
    quality: pickRows(dataset.quality),
    costUsd: dataset.costUsd === null ? null : pickRows(dataset.costUsd),
  };
}

/** A matrix that grows by rows: doubling, so memory stays within twice what it holds. */
function growingColumn(width: number): { append(row: readonly number[]): void; finish(): Float64Array } {
  let values = new Float64Array(width * 256);
  let used = 0;
  return {
    append(row) {
      if (used + width > values.length) {
        const larger = new Float64Array(values.length * 2);
        larger.set(values);
        values = larger;
      }
      for (let i = 0; i < width; i++) values[used + i] = row[i] ?? Number.NaN;
      used += width;
    },
    finish: () => values.slice(0, used),
  };
}
