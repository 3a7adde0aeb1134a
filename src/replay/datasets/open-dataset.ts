import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { dataError } from './data-error.ts';
import type { DatasetReader } from './dataset.ts';
import { readMeta } from './meta.ts';
import { readQueryText } from './query-text.ts';
import { openWideTable } from './wide-table.ts';

/** Which part of a folder is wanted. A folder without that part gives its `all`. */
export type Part = 'train' | 'test' | 'all';

export interface OpenedDataset {
  readonly reader: DatasetReader;
  /** Absolute; two parts with the same file have to be split by the caller. */
  readonly file: string;
}

/**
 * Opens a data set in RouterBench's wide layout: a CSV file (gzip or plain), or a folder with `<part>.csv.gz` or
 * `all.csv.gz` and, where it has them, `meta.json` and `query_text.csv.gz`. A file inside such a folder gets the same
 * help from its neighbours. Rejects with `invalid_data`.
 */
export async function openDataset(path: string, part: Part): Promise<OpenedDataset> {
  const file = locate(path, part);
  const folder = dirname(file);
  const found = readMeta(folder);
  const isMember = found !== null && (isFolder(path) || Object.hasOwn(found.files, basename(file)));
  const meta = isMember ? found : null;
  const name = meta === null ? basename(file) : `${meta.name}/${basename(file)}`;
  const queryText = meta === null ? null : firstExisting(folder, ['query_text.csv.gz', 'query_text.csv']);
  const reader = await openWideTable({
    path: file,
    name: meta?.name ?? basename(file).replace(/\.csv(\.gz)?$/, ''),
    models: meta?.models ?? null,
    source: {
      name,
      sha256: await fingerprint(file, name),
      licence: meta?.licence ?? null,
      use: meta?.use ?? 'unstated',
    },
    queryText: queryText === null ? null : await readQueryText(queryText, `${meta?.name ?? ''}/${basename(queryText)}`),
  });
  return { reader, file };
}

function locate(path: string, part: Part): string {
  const absolute = resolve(path);
  if (!existsSync(absolute)) throw dataError(path, null, null, 'there is no such file or folder');
  if (!isFolder(absolute)) return absolute;
  const wanted = [`${part}.csv.gz`, `${part}.csv`, 'all.csv.gz', 'all.csv'];
  const found = firstExisting(absolute, wanted);
  if (found === null) throw dataError(path, null, null, `the folder has none of ${[...new Set(wanted)].join(', ')}`);
  return found;
}

const isFolder = (path: string): boolean => statSync(path).isDirectory();

function firstExisting(folder: string, names: readonly string[]): string | null {
  return names.map((name) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

async function fingerprint(path: string, name: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk);
  } catch (cause) {
    throw dataError(name, null, null, `it cannot be read: ${messageOf(cause)}`);
  }
  return hash.digest('hex');
}
