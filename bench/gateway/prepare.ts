/**
 * Writes into a folder what the gateway needs to be measured: 2,000 rows of the planted world spread over 11 models, knn
 * and ridge trained on them (with vectors of 256 numbers, the default, and of 128), and configurations over the mock
 * upstream on port 9100. `npm run build` first.
 *
 *     npx tsx bench/gateway/prepare.ts FOLDER
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { plantedModels } from '../../src/math/planted-world.ts';
import { plantedRows } from '../../src/math/planted-rows.ts';
import { createHashingEmbedder, defaultDimensions } from '../../src/embedding/hashing.ts';
import { runTrain } from '../../src/replay/train.ts';

const folder = resolve(process.argv[2] ?? 'bench-gateway');
mkdirSync(folder, { recursive: true });

const models = Array.from({ length: 11 }, (_, i) => `model-${i}`);
/** Eleven models out of three: the same skill, a price of their own. */
const planted = (index: number) => plantedModels[index % plantedModels.length] ?? 'small';
const rows = plantedRows('train', 334, 'bench').slice(0, 2000);
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const header = ['sample_id', 'prompt', 'eval_name', ...models, ...models.map((model) => `${model}|total_cost`)];
const lines = rows.map((row) =>
  [
    row.id,
    quoted(row.text),
    row.subject,
    ...models.map((_, i) => row.quality[planted(i)]),
    ...models.map((_, i) => (row.costUsd[planted(i)] * (1 + i / 20)).toFixed(9)),
  ].join(','),
);
const data = join(folder, 'rows.csv');
writeFileSync(data, `${[header.join(','), ...lines].join('\n')}\n`);
const fewer = 128;
for (const dimensions of [defaultDimensions, fewer]) {
  const embedder = createHashingEmbedder({ dimensions });
  await runTrain({ data, embedder, out: join(folder, `artefact-${dimensions}`), resamples: 20 });
}

const modelYaml = models.map(
  (id, i) => `  - id: ${id}
    base_url: http://127.0.0.1:9100/v1
    upstream_model: mock-model
    price: { input: ${(0.1 * (i + 1)).toFixed(1)}, output: ${(0.4 * (i + 1)).toFixed(1)} }
    context_tokens: 1000000`,
);
const routes = [
  ['static', 9301, '{ type: static, model: model-3 }', 'mean', defaultDimensions],
  ['ridge', 9302, '{ type: cost-aware, lambda: 100 }', 'ridge', defaultDimensions],
  ['knn', 9303, '{ type: cost-aware, lambda: 100 }', 'knn', defaultDimensions],
  ['ridge-128', 9304, '{ type: cost-aware, lambda: 100 }', 'ridge', fewer],
  ['knn-128', 9305, '{ type: cost-aware, lambda: 100 }', 'knn', fewer],
] as const;
for (const [name, port, policy, estimator, dimensions] of routes) {
  writeFileSync(
    join(folder, `${name}.yaml`),
    `listen: { port: ${port} }
storage: { path: ${name}.db }
models:
${modelYaml.join('\n')}
embedder: { type: hashing, dimensions: ${dimensions} }
estimators:
  knn: { type: knn, artefact: artefact-${dimensions} }
  ridge: { type: ridge, artefact: artefact-${dimensions} }
routes:
  auto:
    policy: ${policy}
    estimators: { quality: ${estimator}, cost: ${estimator} }
`,
  );
}
console.log(`${rows.length} rows, ${models.length} models in ${folder}`);
