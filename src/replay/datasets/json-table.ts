import { dataError } from './data-error.ts';
import { readJsonRecords } from './json-values.ts';
import type { Table } from './table.ts';

/** JSON Lines, or a JSON array of objects, plain or packed. The first object says which columns there are. */
export async function openJsonTable(path: string, name: string): Promise<Table> {
  return {
    name,
    columns: await readKeys(path, name),
    firstRow: 1,
    async *records(wanted) {
      for await (const batch of readJsonRecords(path, name)) {
        yield batch.map((record) =>
          wanted.map((column) => (Object.hasOwn(record, column) ? (record[column] ?? null) : null)),
        );
      }
    },
  };
}

async function readKeys(path: string, name: string): Promise<readonly string[]> {
  for await (const batch of readJsonRecords(path, name)) {
    const [first] = batch;
    if (first !== undefined) return Object.keys(first);
  }
  throw dataError(name, null, null, 'it is empty');
}
