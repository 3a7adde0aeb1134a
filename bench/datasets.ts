/**
 * How long a table of RouterBench's size takes to read (see routerbench-size.ts), as CSV.gz and, where a python3 has
 * pandas, as the pickle that pandas writes of it. pandas itself reads both in the same run.
 *
 *     node --import tsx bench/datasets.ts [--rows 36497] [--write]
 *
 * Each reading runs in a process of its own, so that RSS is its alone. The first reading of a file is not counted: the
 * second finds it in the page cache, as the figures of others do.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { collectDataset } from '../src/replay/datasets/dataset.ts';
import { openDataset } from '../src/replay/datasets/open-dataset.ts';
import { benchFolder, fullRows, tableFile } from './routerbench-size.ts';
import { median, provenance, writeBetween } from './write-table.ts';

const toPickle = `
import json, sys, pandas as pd
with open(sys.argv[1], encoding='utf8') as file:
    table = pd.DataFrame([json.loads(line) for line in file])
numbers = [name for name in table.columns if table[name].dtype != object]
table[numbers] = table[numbers].astype(float)
table.to_pickle(sys.argv[2])
`;

interface Reading {
  readonly ms: number;
  readonly rows: number;
  readonly rssMb: number;
}

async function readOnce(path: string): Promise<Reading> {
  const start = process.hrtime.bigint();
  const { reader } = await openDataset(path, 'all');
  const dataset = await collectDataset(reader);
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  // Kilobytes on Linux.
  return { ms, rows: dataset.sampleIds.length, rssMb: process.resourceUsage().maxRSS / 1024 };
}

const readings = 5;

/** A row of the table: ours and pandas' median, and our peak RSS. */
function measure(path: string, label: string, python: string | null): string {
  const runs = Array.from({ length: readings + 1 }, () => {
    const child = spawnSync(process.execPath, ['--import', 'tsx', fileURLToPath(import.meta.url), '--read', path], {
      encoding: 'utf8',
    });
    if (child.status !== 0) throw new Error(child.stderr);
    const reading: Reading = JSON.parse(child.stdout);
    return reading;
  }).slice(1);
  const times = runs.map(({ ms }) => ms).sort((a, b) => a - b);
  const rss = Math.max(...runs.map(({ rssMb }) => rssMb));
  const peer = python === null ? null : median(Array.from({ length: 3 }, () => pandasMs(python, path)));
  const seconds = (ms: number | undefined): string => ((ms ?? Number.NaN) / 1000).toFixed(2);
  const size = (statSync(path).size / 1e6).toFixed(0);
  const row = `| ${label}, ${size} MB, ${runs[0]?.rows ?? 0} rows | ${seconds(median(times))} s (${seconds(times[0])} to ${seconds(times.at(-1))}) | ${peer === null ? 'no pandas here' : `${seconds(peer)} s`} | ${rss.toFixed(0)} MB |`;
  console.log(row);
  return row;
}

const readInPandas = `
import sys, time, pandas
start = time.perf_counter()
pandas.read_csv(sys.argv[1]) if sys.argv[1].endswith('.gz') else pandas.read_pickle(sys.argv[1])
print((time.perf_counter() - start) * 1000)
`;

function pandasMs(python: string, path: string): number {
  const child = spawnSync(python, ['-c', readInPandas, path], { encoding: 'utf8' });
  if (child.status !== 0) throw new Error(child.stderr);
  return Number(child.stdout);
}

async function main(): Promise<void> {
  const at = process.argv.indexOf('--rows');
  const rows = at < 0 ? fullRows : Number(process.argv[at + 1]);
  const hasPandas = (each: string): boolean => spawnSync(each, ['-c', 'import pandas']).status === 0;
  const python = ['python3', '/usr/bin/python3'].find(hasPandas) ?? null;
  const lines = ['| file | read, median of 5 | pandas reads it in | peak RSS |', '|---|---|---|---|'];
  lines.push(measure(await tableFile(rows, 'csv.gz'), 'CSV.gz', python));
  const pickle = join(benchFolder(), `table-${rows}.pkl`);
  if (python !== null && !existsSync(pickle)) {
    const made = spawnSync(python, ['-c', toPickle, await tableFile(rows, 'jsonl'), pickle], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(made.stderr);
  }
  if (python === null) console.log('pickle: skipped, no python3 here has pandas');
  else lines.push(measure(pickle, 'pandas pickle', python));
  if (!process.argv.includes('--write')) return;
  const from = provenance('node --import tsx bench/datasets.ts --write');
  writeBetween('datasets.md', 'bench/datasets.ts', [...lines, '', from].join('\n'));
}

const only = process.argv.indexOf('--read');
if (only < 0) await main();
else console.log(JSON.stringify(await readOnce(process.argv[only + 1] ?? '')));
