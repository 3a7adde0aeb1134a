/** Writes `data/planted/`: `npx tsx scripts/make-planted.ts`. Running it again writes the same rows. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { PlantedRow } from '../src/math/planted-rows.ts';
import { plantedCsv, plantedRows, plantedSeed } from '../src/math/planted-rows.ts';
import { plantedModels, plantedPrices, plantedSkills } from '../src/math/planted-world.ts';

export const plantedSizes = { train: 150, test: 50 } as const;

/** File name to bytes. The rows depend on nothing but the seed; the gzip frame may differ between versions of zlib. */
export function plantedFiles(): Record<string, Buffer> {
  const train = plantedRows('train', plantedSizes.train);
  const test = plantedRows('test', plantedSizes.test);
  const meta = {
    name: 'planted',
    description:
      'A planted world made by this project (scripts/make-planted.ts): three imaginary models whose skill by subject is known. No real model answered.',
    sources: [
      {
        repo: 'this project',
        paths: ['src/math/planted-world.ts', 'src/math/planted-prompts.ts'],
        licence: 'Apache-2.0',
      },
    ],
    licence: 'Apache-2.0',
    use: 'bundle',
    seed: plantedSeed,
    prompt: 'Plain text, one turn.',
    quality:
      '0 or 1 for code, math and facts; quarters from 0 to 1 for writing, translation and chat. Drawn around the planted skill.',
    cost: 'US dollars per call, from the planted prices per million tokens',
    has_cost: true,
    models: plantedModels,
    skills: plantedSkills,
    prices: plantedPrices,
    files: { 'train.csv.gz': train.length, 'test.csv.gz': test.length },
    splits: { train: summary(train), test: summary(test) },
  };
  return {
    'train.csv.gz': gzipSync(plantedCsv(train), { level: 9 }),
    'test.csv.gz': gzipSync(plantedCsv(test), { level: 9 }),
    'meta.json': Buffer.from(`${JSON.stringify(meta, null, 2)}\n`),
  };
}

function summary(rows: readonly PlantedRow[]): object {
  const mean = (of: (row: PlantedRow) => number): number =>
    Number((rows.reduce((sum, row) => sum + of(row), 0) / rows.length).toPrecision(6));
  return {
    rows: rows.length,
    mean_quality: Object.fromEntries(plantedModels.map((model) => [model, mean((row) => row.quality[model])])),
    mean_cost: Object.fromEntries(plantedModels.map((model) => [model, mean((row) => row.costUsd[model])])),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = fileURLToPath(new URL('../data/planted/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(plantedFiles())) writeFileSync(`${folder}${name}`, bytes);
}
