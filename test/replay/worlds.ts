import { seededRandom } from '../../src/core/random.ts';
import type { Dataset } from '../../src/replay/datasets/dataset.ts';

/** A small set whose truth is known: `cheap` is right about cats, `dear` about everything, for ten times the money. */
export function catsAndDogs(rows: number, seed: string, change: Partial<Dataset> = {}): Dataset {
  const random = seededRandom(seed);
  const animals = Array.from({ length: rows }, () => (random.next() < 0.5 ? 'cat' : 'dog'));
  const texts = animals.map((animal, i) => `${seed} ${i}: what does the ${animal} say, and does a ${animal} sleep?`);
  const chance = (likely: boolean): number => (random.next() < (likely ? 0.95 : 0.1) ? 1 : 0);
  return {
    name: 'cats-and-dogs',
    models: ['dear', 'cheap'],
    embeddedText: 'prompt',
    sources: [{ name: `cats-${seed}.csv`, sha256: '0'.repeat(64), licence: 'MIT', use: 'bundle', rows }],
    warnings: [],
    sampleIds: texts.map((_, i) => `${seed}.${i}`),
    prompts: texts,
    texts,
    groups: animals,
    quality: Float64Array.from(animals.flatMap((animal) => [chance(true), chance(animal === 'cat')])),
    costUsd: Float64Array.from(animals.flatMap(() => [0.01 * (0.9 + 0.2 * random.next()), 0.001])),
    ...change,
  };
}

/** The set as a file in RouterBench's wide layout. */
export function asCsv(dataset: Dataset): string {
  const { models, costUsd } = dataset;
  const head = ['sample_id', 'prompt', 'eval_name', ...models];
  if (costUsd !== null) head.push(...models.map((model) => `${model}|total_cost`));
  const lines = dataset.sampleIds.map((id, row) => {
    const cells = (matrix: Float64Array): string[] =>
      [...matrix.subarray(row * models.length, (row + 1) * models.length)].map(String);
    const text = `"${(dataset.prompts[row] ?? '').replaceAll('"', '""')}"`;
    return [
      id,
      text,
      dataset.groups[row] ?? '',
      ...cells(dataset.quality),
      ...(costUsd === null ? [] : cells(costUsd)),
    ];
  });
  return `${[head, ...lines].map((line) => line.join(',')).join('\n')}\n`;
}
