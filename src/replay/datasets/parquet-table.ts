import { parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import type { AsyncBuffer, FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { messageOf, PointsmanError } from '../../core/errors.ts';
import { dataError } from './data-error.ts';
import { openRandomFile, type RandomFile } from './pickle/byte-source.ts';
import type { Cell, Table } from './table.ts';

/** Rows that are in memory at once. A row group is the least that a Parquet column can be read by. */
const batchRows = 2048;

/**
 * An Apache Parquet file; the only file that knows hyparquet. Row groups are read one after the other, and of them only
 * the wanted columns. Rejects with `invalid_data`.
 */
export async function openParquetTable(path: string, name: string): Promise<Table> {
  const random = openRandomFile(path, name);
  const file = asyncBuffer(random);
  const metadata = await orRefuse(name, parquetMetadataAsync(file));
  const columns = topColumns(metadata);
  return {
    name,
    columns,
    firstRow: 1,
    async *records(wanted) {
      // A layout asks for all that may be there; a column that is not comes out as missing, as from any other file.
      const present = wanted.filter((column) => columns.includes(column));
      let start = 0;
      for (const group of metadata.row_groups) {
        const end = start + Number(group.num_rows);
        const rows: Record<string, unknown>[] = await orRefuse(
          name,
          parquetReadObjects({ file, metadata, columns: present, rowStart: start, rowEnd: end, compressors }),
        );
        for (let at = 0; at < rows.length; at += batchRows) {
          yield rows.slice(at, at + batchRows).map((row) => wanted.map((column) => cellOf(row[column])));
        }
        start = end;
      }
    },
  };
}

function asyncBuffer(file: RandomFile): AsyncBuffer {
  return {
    byteLength: file.size,
    slice(start, end = file.size) {
      const bytes = file.read(start, Math.max(0, Math.min(end, file.size) - start));
      const copy = new ArrayBuffer(bytes.length);
      new Uint8Array(copy).set(bytes);
      return copy;
    },
  };
}

async function orRefuse<T>(name: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    if (cause instanceof PointsmanError) throw cause;
    // What hyparquet stumbles over in a broken file may be an exception of JavaScript, which tells nobody anything.
    const why = cause instanceof TypeError || cause instanceof RangeError ? 'it is damaged' : messageOf(cause);
    throw dataError(name, null, null, `it cannot be read as Parquet: ${why}`);
  }
}

/** The schema is a tree written in preorder; the columns of the table are the children of its root. */
function topColumns({ schema }: FileMetaData): readonly string[] {
  const names: string[] = [];
  let at = 1;
  const skip = (): void => {
    const children = schema[at]?.num_children ?? 0;
    at += 1;
    for (let i = 0; i < children; i++) skip();
  };
  while (at < schema.length) {
    names.push(schema[at]?.name ?? '');
    skip();
  }
  return names;
}

function cellOf(value: unknown): Cell {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isNaN(value) ? null : value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(cellOf);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value !== 'object' || value === null) return null;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, cellOf(member)]));
}
