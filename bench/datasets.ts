/**
 * How long a table of RouterBench's size takes to read: 36,497 queries x 11 models, prompts of 2 kB mean, with costs and
 * answers, as CSV.gz and, where a python3 has pandas, as the pickle that pandas writes of it.
 *
 *     node --import tsx bench/datasets.ts [--rows 36497]
 *
 * Each reading runs in a process of its own, so that RSS is its alone. The first reading of a file is not counted: the
 * second finds it in the page cache, as the figures of others do.
 */
import { spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGzip } from 'node:zlib';
import { seededRandom, type Random } from '../src/core/random.ts';
import { collectDataset } from '../src/replay/datasets/dataset.ts';
import { openDataset } from '../src/replay/datasets/open-dataset.ts';

const models = Array.from({ length: 11 }, (_, m) => `vendor-${m}/model-${m}`);
const words = [
  'the',
  'question',
  'answer',
  'of',
  'number',
  'which',
  'naïve',
  'function',
  'returns',
  'list',
  'what',
  'is',
  'most',
];

function sentence(random: Random, bytes: number): string {
  let text = '';
  while (text.length < bytes)
    text += `${words[Math.floor(random.next() * words.length)] ?? ''} ${Math.floor(random.next() * 1e6)} `;
  return text;
}

/** JSON Lines, from which Python makes the pickle, or CSV. Same seed, same table. */
async function* makeTable(rows: number, format: 'csv' | 'jsonl'): AsyncGenerator<string> {
  const random = seededRandom('bench-datasets');
  const columns = ['sample_id', 'prompt', 'eval_name', ...models];
  columns.push(
    ...models.map((model) => `${model}|model_response`),
    ...models.map((model) => `${model}|total_cost`),
    'oracle_model_to_route_to',
  );
  if (format === 'csv') yield `${columns.join(',')}\n`;
  for (let row = 0; row < rows; row++) {
    const length = 200 + random.next() * 3600;
    const values: (string | number)[] = [
      `task-${row % 86}.${row}`,
      `['${sentence(random, length)}']`,
      `task-${row % 86}`,
    ];
    for (let m = 0; m < models.length; m++) values.push(random.next() < 0.6 ? 1 : 0);
    for (let m = 0; m < models.length; m++) values.push(random.next() < 0.8 ? 'A' : sentence(random, 300));
    for (let m = 0; m < models.length; m++) values.push(random.next() / 1000);
    values.push(models[row % models.length] ?? '');
    if (format === 'csv')
      yield `${values.map((value) => (typeof value === 'string' && /[,"]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(',')}\n`;
    else yield `${JSON.stringify(Object.fromEntries(columns.map((column, i) => [column, values[i]])))}\n`;
  }
}

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

function measure(path: string, label: string): void {
  const runs = Array.from({ length: 6 }, () => {
    const child = spawnSync(process.execPath, ['--import', 'tsx', fileURLToPath(import.meta.url), '--read', path], {
      encoding: 'utf8',
    });
    if (child.status !== 0) throw new Error(child.stderr);
    const reading: Reading = JSON.parse(child.stdout);
    return reading;
  }).slice(1);
  const sorted = runs.map(({ ms }) => ms).sort((a, b) => a - b);
  const rss = Math.max(...runs.map(({ rssMb }) => rssMb));
  const [least = 0] = sorted;
  const size = (statSync(path).size / 1e6).toFixed(0);
  console.log(
    `${label}: ${size} MB, ${runs[0]?.rows ?? 0} rows; read in ${(sorted[2] ?? 0).toFixed(0)} ms (median of 5; ${least.toFixed(0)} to ${(sorted[4] ?? 0).toFixed(0)}); peak RSS ${rss.toFixed(0)} MB`,
  );
}

async function main(): Promise<void> {
  const at = process.argv.indexOf('--rows');
  const rows = at < 0 ? 36_497 : Number(process.argv[at + 1]);
  const folder = join(tmpdir(), 'pointsman-bench-datasets');
  mkdirSync(folder, { recursive: true });
  const csv = join(folder, `table-${rows}.csv.gz`);
  const lines = join(folder, `table-${rows}.jsonl`);
  const pickle = join(folder, `table-${rows}.pkl`);
  if (!existsSync(csv)) await pipeline(Readable.from(makeTable(rows, 'csv')), createGzip(), createWriteStream(csv));
  measure(csv, 'CSV.gz');
  if (!existsSync(pickle)) {
    const python = ['python3', '/usr/bin/python3'].find(
      (each) => spawnSync(each, ['-c', 'import pandas']).status === 0,
    );
    if (python === undefined) return console.log('pickle: skipped, no python3 here has pandas');
    await pipeline(Readable.from(makeTable(rows, 'jsonl')), createWriteStream(lines));
    const made = spawnSync(python, ['-c', toPickle, lines, pickle], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(made.stderr);
  }
  measure(pickle, 'pandas pickle');
}

const only = process.argv.indexOf('--read');
if (only < 0) await main();
else console.log(JSON.stringify(await readOnce(process.argv[only + 1] ?? '')));
