import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { completeRows } from './complete-rows.ts';
import { withCostAttribute } from './cost-attribute.ts';
import { dataError } from './data-error.ts';
import type { DatasetReader, DataSource } from './dataset.ts';
import { layouts } from './layouts/index.ts';
import type { DataFile, LayoutInput } from './layouts/layout.ts';
import { openPointsmanLog } from './layouts/pointsman-log.ts';
import { openRouterEval } from './layouts/router-eval.ts';
import { isFolder, locate, partsOf, stemOf, type Located } from './locate.ts';
import { metaBeside, readMeta, type DatasetMeta } from './meta.ts';
import { openContent, type Content } from './open-table.ts';
import { readPrices } from './prices.ts';
import { readQueryText } from './query-text.ts';

/** Which part of a folder is wanted. A folder without that part gives its `all`. */
export type Part = 'train' | 'test' | 'all';

export interface OpenedDataset {
  readonly reader: DatasetReader;
  /** Which rows these are: files, absolute, and of a file with parts which. Two parts of the same have to be split by the caller. */
  readonly file: string;
}

export interface OpenOptions {
  /** Only these models; rows that do not know all of them are left out. */
  readonly models?: readonly string[] | undefined;
  /** Which of RouterEval's pools: `easy/5/strong_to_weak`. */
  readonly pool?: string | undefined;
  /** Rows that know only some models stay, with NaN for what is unknown. */
  readonly keepPartial?: boolean | undefined;
  /** `<model>|<attribute>` is what a call cost, e.g. `energy_joules`. Default: dollars. */
  readonly cost?: string | undefined;
  /** Rows carry the models' answers, where the set has them. */
  readonly answers?: boolean | undefined;
}

/**
 * Opens a data set, whoever's format it is in: see `layouts/` for the tables, `open-table.ts` for the files, and
 * `locate.ts` for what is taken from a folder. `meta.json`, `query_text.csv.gz` and `prices.json` beside the data are
 * used; a file inside a folder gets the help of its neighbours where meta.json lists it. Rejects with `invalid_data`.
 */
export async function openDataset(path: string, part: Part, options: OpenOptions = {}): Promise<OpenedDataset> {
  const { located, reader } = await openLocated(path, part, options);
  const models = options.models ?? null;
  const isKept = options.keepPartial === true && models === null;
  const rows = reader.hasOwnParts === true ? [...located.files, part] : located.files;
  return { reader: isKept ? reader : completeRows(reader, models), file: rows.join('\n') };
}

/** What the file system refuses (a folder without permission, a file that is gone by now) is bad data, told in one line. */
async function openLocated(
  path: string,
  part: Part,
  options: OpenOptions,
): Promise<{ readonly located: Located; readonly reader: DatasetReader }> {
  try {
    const located = locate(path, part);
    return { located, reader: await openFiles(path, located, part, options) };
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw dataError(basename(path), null, null, `it cannot be read: ${messageOf(cause)}`);
  }
}

async function openFiles(
  path: string,
  { folder, files }: Located,
  part: Part,
  options: OpenOptions,
): Promise<DatasetReader> {
  const [first = ''] = files;
  const found = readMeta(folder);
  const isMember = found !== null && (isFolder(path) || Object.hasOwn(found.files, basename(first)));
  const meta = isMember ? found : null;
  const label = meta?.name ?? (files.length > 1 ? basename(folder) : null);
  const nameOf = (file: string): string =>
    label === null ? basename(file) : `${label}/${file.slice(folder.length + 1)}`;
  const name = label ?? stemOf(first);
  const rules = rulesOf([meta, ...files.map((file) => readMeta(dirname(file), metaBeside(stemOf(file))))]);
  // Opened before they are read for their sums: what is no data is told at once, however large it is.
  const contents: Content[] = [];
  for (const file of files) contents.push(await openContent(file, nameOf(file)));
  const source = {
    name: files.length === 1 ? nameOf(first) : `${name} (${files.length} files)`,
    sha256: await fingerprint(files, nameOf),
    ...rules,
  };
  const opened: DataFile[] = [];
  for (const [i, content] of contents.entries()) {
    const file = files[i] ?? '';
    const other = openSingle(content, file, nameOf(file), { name, source, part, options });
    if (!('table' in other)) {
      if (files.length > 1) throw dataError(nameOf(file), null, null, 'a set of this kind is one file; name it');
      return other;
    }
    opened.push(other);
  }
  const queryText =
    meta === null ? undefined : ['query_text.csv.gz', 'query_text.csv'].find((each) => existsSync(join(folder, each)));
  return await openLayout({
    name,
    files: opened,
    models: meta?.models ?? null,
    source,
    queryText: queryText === undefined ? null : await readQueryText(join(folder, queryText), `${name}/${queryText}`),
    prices: readPrices(folder, basename(folder)),
    partial: options.keepPartial === true,
    answers: options.answers === true,
  });
}

/** The narrowest use that any of them states, and every licence. */
function rulesOf(metas: readonly (DatasetMeta | null)[]): Pick<DataSource, 'licence' | 'use'> {
  const told = metas.filter((meta) => meta !== null);
  const licences = [...new Set(told.flatMap(({ licence }) => licence ?? []))];
  const use = (['evaluation-only', 'research', 'bundle'] as const).find((each) =>
    told.some((meta) => meta.use === each),
  );
  return { licence: licences.length === 0 ? null : licences.join('; '), use: use ?? 'unstated' };
}

interface SingleContext {
  readonly name: string;
  readonly source: Omit<DataSource, 'rows'>;
  readonly part: Part;
  readonly options: OpenOptions;
}

/** A table, or the reader of a file that is no table. */
function openSingle(content: Content, file: string, label: string, context: SingleContext): DataFile | DatasetReader {
  const { name, source, part, options } = context;
  switch (content.type) {
    case 'table':
      return {
        table: options.cost === undefined ? content.table : withCostAttribute(content.table, options.cost),
        parts: partsOf(file),
        stem: stemOf(file),
      };
    case 'database':
      return openPointsmanLog(file, name, source);
    case 'pickle': {
      const reader = openRouterEval({ ...content.opened, name, source, part, pool: options.pool ?? null });
      if (reader !== null) return reader;
      throw dataError(label, null, null, "the pickle holds neither a pandas DataFrame nor one of RouterEval's sets");
    }
    default:
      return content satisfies never;
  }
}

async function openLayout(input: LayoutInput): Promise<DatasetReader> {
  const [first, ...others] = input.files;
  const columns = first?.table.columns ?? [];
  const layout = layouts.find((each) => each.matches(new Set(columns)));
  if (layout === undefined) {
    const shown = columns.slice(0, 8).join(', ') + (columns.length > 8 ? ', …' : '');
    throw dataError(first?.table.name ?? input.name, 1, null, `its columns are those of no known data set: ${shown}`);
  }
  const stranger = others.find(({ table }) => !layout.matches(new Set(table.columns)));
  if (stranger !== undefined) {
    throw dataError(stranger.table.name, 1, null, `it is not in the layout of its neighbours (${layout.name})`);
  }
  return await layout.open(input);
}

/** SHA-256 of the file; of several, that of their names and sums, a line each. */
async function fingerprint(files: readonly string[], nameOf: (file: string) => string): Promise<string> {
  const sums: string[] = [];
  for (const file of files) {
    const hash = createHash('sha256');
    try {
      for await (const chunk of createReadStream(file)) hash.update(chunk);
    } catch (cause) {
      throw dataError(nameOf(file), null, null, `it cannot be read: ${messageOf(cause)}`);
    }
    sums.push(hash.digest('hex'));
  }
  const [only = ''] = sums;
  if (sums.length === 1) return only;
  return createHash('sha256')
    .update(sums.map((sum, i) => `${sum}  ${nameOf(files[i] ?? '')}\n`).join(''))
    .digest('hex');
}
