import { readCsv } from './csv.ts';
import { dataError } from './data-error.ts';

/** `sample_id,query`: the question of each sample without few-shot examples. Rejects with `invalid_data`. */
export async function readQueryText(path: string, name: string): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  let columns: { id: number; query: number } | null = null;
  for await (const batch of readCsv(path, name)) {
    for (const record of batch) {
      if (columns === null) {
        columns = { id: record.indexOf('sample_id'), query: record.indexOf('query') };
        if (columns.id < 0) throw dataError(name, 1, 'sample_id', 'the column is missing');
        if (columns.query < 0) throw dataError(name, 1, 'query', 'the column is missing');
        continue;
      }
      texts.set(record[columns.id] ?? '', record[columns.query] ?? '');
    }
  }
  return texts;
}
