import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { dataError } from './data-error.ts';
import type { Part } from './open-dataset.ts';

export interface Located {
  /** The folder of meta.json and its like. */
  readonly folder: string;
  /** Absolute, sorted by name, never empty. */
  readonly files: readonly string[];
}

const endings = ['.csv.gz', '.csv', '.jsonl.gz', '.jsonl', '.parquet', '.pkl', '.pkl.gz', '.pickle'];
/** What a folder may hold that is no part of its data. */
const notData =
  /(^|\.)meta\.json$|^(prices|package|question)\.json|^(responses|answers|query_text|output_chars|question|contaminated_prompts)\./;
const dataFile = /\.(csv|jsonl?|parquet|pkl|pickle)(\.gz|\.zip)?$/;
const deepest = 4;

export const isFolder = (path: string): boolean => statSync(path).isDirectory();
export const stemOf = (path: string): string =>
  basename(path).replace(/(\.(csv|jsonl?|parquet|pkl|pickle|db|sqlite))?(\.gz|\.zip)?$/, '');

/**
 * The files of a data set: the path itself, or of a folder `<part>.csv.gz` and its like, else `all.csv.gz`, else the
 * files whose names tell the part (`train-00000-of-00003.parquet`, `gsm8k-test.json`; train takes validation along),
 * else all there are, also in folders inside. Throws `invalid_data` where there is none.
 */
export function locate(path: string, part: Part): Located {
  const absolute = resolve(path);
  if (!existsSync(absolute)) {
    const isLink = lstatSync(absolute, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    const problem = isLink ? 'it is a link to something that is not there' : 'there is no such file or folder';
    throw dataError(path, null, null, problem);
  }
  if (!isFolder(absolute)) {
    if (!statSync(absolute).isFile()) throw dataError(path, null, null, 'it is neither a file nor a folder');
    return { folder: dirname(absolute), files: [absolute] };
  }
  for (const stem of [part, 'all']) {
    const file = endings.map((ending) => join(absolute, stem + ending)).find((each) => existsSync(each));
    if (file !== undefined) return { folder: absolute, files: [file] };
  }
  const files = walk(absolute, 0);
  const told = part === 'all' ? files : files.filter((file) => partOf(file.slice(absolute.length)) === part);
  const found = told.length > 0 ? told : files;
  if (found.length > 0) return { folder: absolute, files: found };
  const wanted = [`${part}.csv.gz`, `${part}.csv`, 'all.csv.gz', 'all.csv'];
  const others = 'and no other CSV, JSON, Parquet or pickle';
  throw dataError(path, null, null, `the folder has none of ${[...new Set(wanted)].join(', ')}, ${others}`);
}

function walk(folder: string, depth: number): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  const here = entries.filter((each) => each.isFile() && dataFile.test(each.name) && !notData.test(each.name));
  if (here.length > 0) return here.map((each) => join(folder, each.name));
  if (depth >= deepest) return [];
  return entries.filter((each) => each.isDirectory()).flatMap((each) => walk(join(folder, each.name), depth + 1));
}

/** What a name tells of its part; null: nothing. */
function partOf(path: string): Part | null {
  const words = path.toLowerCase().split(/[^a-z]+/);
  if (words.includes('test')) return 'test';
  return words.some((word) => ['train', 'val', 'valid', 'validation', 'dev'].includes(word)) ? 'train' : null;
}

/** The last folders and the name of a file. */
export const partsOf = (path: string): readonly string[] => path.split(sep).slice(-4);
