import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { TrainingRows } from '../src/core/estimator.ts';
import { hash32 } from '../src/core/random.ts';
import { createHashingEmbedder, hashingShape } from '../src/embedding/hashing.ts';
import type { HashingShape } from '../src/embedding/hashing.ts';
import knn from '../src/estimators/knn.ts';
import ridge from '../src/estimators/ridge.ts';
import { checkOptions } from '../src/routing/options.ts';
import { collectDataset } from '../src/replay/datasets/dataset.ts';
import type { Dataset } from '../src/replay/datasets/dataset.ts';
import { openDataset } from '../src/replay/datasets/open-dataset.ts';

/**
 * What the shape of the hashing embedder does to predictions: share of the variance of quality explained on rows left
 * out (3 folds), mean over models, for ridge and knn. Training parts only; sets without one give 70 % of their rows by
 * a hash of the text. Writes the table in docs/embedding.md.
 * Run: POINTSMAN_SHARED_DATA=DIR npx tsx bench/embedding.ts
 */
const root = process.env['POINTSMAN_SHARED_DATA'] ?? '../shared/data';
const names = ['routerbench', 'llmrouter9', 'zeroeval', 'mmlupro'];
const folds = 3;
const mostRows = 1200;

const shapes: readonly (readonly [string, number, HashingShape])[] = [
  ['default', 256, hashingShape],
  ['128 dimensions', 128, hashingShape],
  ['512 dimensions', 512, hashingShape],
  ['1024 dimensions', 1024, hashingShape],
  ['no words', 256, { ...hashingShape, words: 0, bigrams: 0 }],
  ['no bigrams', 256, { ...hashingShape, bigrams: 0 }],
  ['bigrams as words', 256, { ...hashingShape, bigrams: 1 }],
  ['no characters', 256, { ...hashingShape, characters: 0 }],
  ['characters doubled', 256, { ...hashingShape, characters: 1.4 }],
  ['no surface', 256, { ...hashingShape, surface: 0 }],
  ['surface doubled', 256, { ...hashingShape, surface: 2.5 }],
];

interface Sample {
  readonly texts: readonly string[];
  readonly models: readonly string[];
  /** [rows x models] */
  readonly quality: Float64Array;
}

function sample(data: Dataset, hasTrain: boolean): Sample {
  const kept = data.texts
    .map((text, row) => ({ row, hash: hash32(text) }))
    .filter(({ hash }) => hasTrain || hash % 10 < 7)
    .sort((a, b) => a.hash - b.hash)
    .slice(0, mostRows)
    .map(({ row }) => row);
  const width = data.models.length;
  return {
    texts: kept.map((row) => data.texts[row] ?? ''),
    models: data.models,
    quality: Float64Array.from(kept.flatMap((row) => [...data.quality.subarray(row * width, (row + 1) * width)])),
  };
}

function training(data: Sample, vectors: readonly Float32Array[], rows: readonly number[]): TrainingRows {
  const dimensions = vectors[0]?.length ?? 0;
  const width = data.models.length;
  const embeddings = new Float32Array(rows.length * dimensions);
  const values = new Float64Array(rows.length * width);
  rows.forEach((row, i) => {
    embeddings.set(vectors[row] ?? [], i * dimensions);
    values.set(data.quality.subarray(row * width, (row + 1) * width), i * width);
  });
  return { models: data.models, dimensions, embeddings, promptTokens: new Float64Array(rows.length), values };
}

/** 1 − squared error / variance, mean over models. */
function explained(data: Sample, predicted: Float64Array): number {
  const width = data.models.length;
  const count = data.texts.length;
  let sum = 0;
  for (let column = 0; column < width; column++) {
    let total = 0;
    for (let row = 0; row < count; row++) total += data.quality[row * width + column] ?? 0;
    let error = 0;
    let variance = 0;
    for (let row = 0; row < count; row++) {
      const value = data.quality[row * width + column] ?? 0;
      error += (value - (predicted[row * width + column] ?? 0)) ** 2;
      variance += (value - total / count) ** 2;
    }
    sum += 1 - error / variance;
  }
  return sum / width;
}

function scores(data: Sample, dimensions: number, shape: HashingShape): readonly number[] {
  const embedder = createHashingEmbedder({ dimensions }, shape);
  const vectors = data.texts.map((text) => embedder.embed(text));
  const candidates = data.models.map((model) => ({ model, price: null }));
  const context = { quantity: 'quality', dimensions } as const;
  return [ridge, knn].map((definition) => {
    const options = definition === knn ? { k: 40 } : { alpha: 3 };
    const predicted = new Float64Array(data.quality.length);
    for (let fold = 0; fold < folds; fold++) {
      const rows = vectors.map((_, row) => row);
      const estimator =
        definition === knn
          ? knn.create(checkOptions('knn', knn.options, options, 'knn'), context)
          : ridge.create(checkOptions('ridge', ridge.options, options, 'ridge'), context);
      estimator.fit(
        training(
          data,
          vectors,
          rows.filter((row) => row % folds !== fold),
        ),
      );
      for (const row of rows.filter((row) => row % folds === fold)) {
        const embedding = vectors[row] ?? new Float32Array(dimensions);
        predicted.set(estimator.predict({ embedding, promptTokens: 0 }, candidates).mean, row * candidates.length);
      }
    }
    return explained(data, predicted);
  });
}

const samples: Sample[] = [];
for (const name of names) {
  const { reader, file } = await openDataset(`${root}/${name}`, 'train');
  samples.push(sample(await collectDataset(reader), file.includes('train')));
}
const table = [`| shape | ${names.join(' | ')} |`, `| --- |${' --- |'.repeat(names.length)}`];
for (const [label, dimensions, shape] of shapes) {
  const cells: string[] = [];
  for (const data of samples) {
    cells.push(
      scores(data, dimensions, shape)
        .map((value) => value.toFixed(3))
        .join(' / '),
    );
  }
  table.push(`| ${label} | ${cells.join(' | ')} |`);
  process.stdout.write(`${table.at(-1)}\n`);
}
const page = new URL('../docs/embedding.md', import.meta.url);
if (existsSync(page)) {
  const marked = /(<!-- table -->\n)[^]*(<!-- end -->)/;
  writeFileSync(page, readFileSync(page, 'utf8').replace(marked, `$1${table.join('\n')}\n$2`));
}
