import { messageOf, PointsmanError } from '../../core/errors.ts';
import { openCsvTable } from './csv-table.ts';
import { dataError } from './data-error.ts';
import { firstBytes, isGzip, isZip, readBytes } from './file-bytes.ts';
import { openJsonTable } from './json-table.ts';
import { openParquetTable } from './parquet-table.ts';
import { openPickle, tableOfPickle, type OpenedPickle } from './pickle-table.ts';
import type { Table } from './table.ts';

/** What lies in a file: a table, a pickle of something else, or a database. */
export type Content =
  | { readonly type: 'table'; readonly table: Table }
  | { readonly type: 'pickle'; readonly opened: OpenedPickle }
  | { readonly type: 'database' };

/**
 * Opens a file by what its first bytes say: Parquet, a Python pickle, SQLite, JSON, else CSV; each of them may be gzip
 * or a zip of one file. Old pickles are told by their name only. Rejects with `invalid_data`.
 */
export async function openContent(path: string, name: string): Promise<Content> {
  let head: Buffer;
  let isPacked: boolean;
  try {
    const raw = await firstBytes(path, 16);
    isPacked = isGzip(raw) || isZip(raw);
    head = isPacked ? await firstUnpacked(path, name) : raw;
  } catch (cause) {
    if (cause instanceof PointsmanError) throw cause;
    throw dataError(name, null, null, `it cannot be read: ${messageOf(cause)}`);
  }
  if (head.toString('latin1').startsWith('SQLite format 3')) return { type: 'database' };
  if (head.toString('latin1').startsWith('PAR1')) {
    if (isPacked) throw dataError(name, null, null, 'a packed Parquet file; unpack it first');
    return { type: 'table', table: await openParquetTable(path, name) };
  }
  const isPickle = (head[0] === 0x80 && (head[1] ?? 9) <= 5) || /\.(pkl|pickle)(\.gz|\.zip)?$/.test(path);
  if (isPickle) {
    const opened = await openPickle(path, name, isPacked);
    const table = tableOfPickle(opened);
    return table === null ? { type: 'pickle', opened } : { type: 'table', table };
  }
  if (path.endsWith('.parquet')) throw dataError(name, null, null, 'it is named .parquet, but is no Parquet file');
  const isJson = /^(\u00ef\u00bb\u00bf)?\s*[[{]/.test(head.toString('latin1'));
  return { type: 'table', table: await (isJson ? openJsonTable(path, name) : openCsvTable(path, name)) };
}

async function firstUnpacked(path: string, name: string): Promise<Buffer> {
  for await (const chunk of readBytes(path, name)) return chunk.subarray(0, 64);
  return Buffer.alloc(0);
}
