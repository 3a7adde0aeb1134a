import { readCsv } from './csv.ts';
import { dataError } from './data-error.ts';
import type { Table } from './table.ts';

/** A CSV file with a header, plain or packed. Rejects with `invalid_data`. */
export async function openCsvTable(path: string, name: string): Promise<Table> {
  const columns = await readHeader(path, name);
  const places = new Map<string, number>();
  columns.forEach((column, i) => {
    if (places.has(column)) throw dataError(name, 1, column, 'the column is there twice');
    places.set(column, i);
  });
  return {
    name,
    columns,
    firstRow: 2,
    async *records(wanted) {
      const picked = wanted.map((column) => places.get(column) ?? -1);
      let isHeader = true;
      for await (const batch of readCsv(path, name)) {
        const records = isHeader ? batch.slice(1) : batch;
        isHeader = false;
        yield records.map((record) => picked.map((place) => record[place] ?? null));
      }
    },
  };
}

async function readHeader(path: string, name: string): Promise<readonly string[]> {
  for await (const batch of readCsv(path, name)) {
    const [header] = batch;
    if (header !== undefined) return header;
  }
  throw dataError(name, null, null, 'it is empty');
}
