import { createWriteStream, existsSync, mkdirSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGzip } from 'node:zlib';
import { seededRandom } from '../src/core/random.ts';
import { collectDataset, rowCount, type Dataset } from '../src/replay/datasets/dataset.ts';
import { openDataset } from '../src/replay/datasets/open-dataset.ts';

/** RouterBench's own size. */
export const fullRows = 36_497;
const models = 11;
const shared = process.env['POINTSMAN_SHARED_DATA'] ?? fileURLToPath(new URL('../../shared/data', import.meta.url));

/** Real rows to make a table of: RouterBench's own where they are at hand, else those of the planted world. */
async function baseRows(): Promise<Dataset> {
  const planted = fileURLToPath(new URL('../data/planted', import.meta.url));
  const folder = [join(shared, 'routerbench'), planted].find((each) => existsSync(each)) ?? planted;
  return await collectDataset((await openDataset(folder, 'train')).reader);
}

/**
 * A table of RouterBench's shape, JSON Lines or CSV: prompts of 200 to 3,800 characters (2 kB in the mean), each made of
 * pieces of real ones with a tenth of the words exchanged, so that no two are alike; scores of a real row with one in
 * twenty flipped; its costs with a factor from 0.7 to 1.4; answers beside them. Same rows, same table.
 */
export async function* makeTable(rows: number, format: 'csv' | 'jsonl'): AsyncGenerator<string> {
  const base = await baseRows();
  const random = seededRandom('routerbench-size');
  const words = base.prompts.flatMap((prompt) => prompt.slice(0, 200).split(/\s+/)).slice(0, 5_000);
  const pick = <T>(from: readonly T[], otherwise: T): T => from[Math.floor(random.next() * from.length)] ?? otherwise;
  const text = (row: number, length: number): string => {
    let out = `${row}. `;
    while (out.length < length) {
      const piece = pick(base.prompts, '');
      const start = Math.floor(random.next() * Math.max(1, piece.length - 400));
      const noisy = piece.slice(start, start + Math.min(400, length - out.length)).split(' ');
      out += `${noisy.map((word) => (random.next() < 0.1 ? pick(words, word) : word)).join(' ')} `;
    }
    return out;
  };
  const names = Array.from({ length: models }, (_, m) => base.models[m] ?? `vendor/model-${m}`);
  const columns = [
    'sample_id',
    'prompt',
    'eval_name',
    ...names,
    ...names.map((name) => `${name}|model_response`),
    ...names.map((name) => `${name}|total_cost`),
    'oracle_model_to_route_to',
  ];
  if (format === 'csv') yield `${columns.join(',')}\n`;
  const quote = (value: string | number): string | number =>
    typeof value === 'string' && /[,"\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  for (let row = 0; row < rows; row++) {
    const from = row % rowCount(base);
    const at = (m: number): number => from * base.models.length + (m % base.models.length);
    const length = 200 + random.next() * 3600;
    const values = [
      `${base.groups[from] ?? 'task'}.${row}`,
      text(row, length),
      base.groups[from] ?? 'task',
      ...names.map((_, m) => {
        const score = base.quality[at(m)] ?? 0;
        return random.next() < 0.05 ? 1 - score : score;
      }),
      ...names.map(() =>
        random.next() < 0.8 ? pick(['A', 'B', 'C', 'D'], 'A') : pick(base.prompts, '').slice(0, 300),
      ),
      ...names.map((_, m) => (base.costUsd?.[at(m)] ?? 0.001) * Math.exp(0.7 * (random.next() - 0.5))),
      pick(names, ''),
    ];
    if (format === 'csv') yield `${values.map(quote).join(',')}\n`;
    else yield `${JSON.stringify(Object.fromEntries(columns.map((column, i) => [column, values[i]])))}\n`;
  }
}

/** Where tables lie between runs. */
export function benchFolder(): string {
  const folder = join(tmpdir(), 'pointsman-bench-replay');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The table as a file, made where it is not there yet. */
export async function tableFile(rows: number, format: 'csv.gz' | 'jsonl'): Promise<string> {
  const path = join(benchFolder(), `table-${rows}.${format}`);
  if (existsSync(path)) return path;
  const draft = `${path}.draft`;
  const source = Readable.from(makeTable(rows, format === 'jsonl' ? 'jsonl' : 'csv'));
  if (format === 'jsonl') await pipeline(source, createWriteStream(draft));
  else await pipeline(source, createGzip(), createWriteStream(draft));
  renameSync(draft, path);
  return path;
}
