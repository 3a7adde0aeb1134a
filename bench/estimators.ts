import { cpus } from 'node:os';
import type { Estimator, EstimatorDefinition, Quantity } from '../src/core/estimator.ts';
import { seededRandom } from '../src/core/random.ts';
import { createHashingEmbedder } from '../src/embedding/hashing.ts';
import knn from '../src/estimators/knn.ts';
import mean from '../src/estimators/mean.ts';
import ridge from '../src/estimators/ridge.ts';
import { embeddingTypes } from '../src/embedding/index.ts';
import { checkOptions } from '../src/routing/options.ts';

/**
 * CPU time per embedding, prediction and update: 11 models, 2,000 rows.
 * Run: npx tsx bench/estimators.ts
 */
const models = Array.from({ length: 11 }, (_, i) => `model-${i}`);
const candidates = models.map((model) => ({ model, price: { input: 1, cachedInput: 0.5, output: 4 } }));
const dimensions = checkOptions('hashing', embeddingTypes.hashing.options, {}, 'embedder').dimensions;
const embedder = createHashingEmbedder({ dimensions });
const random = seededRandom('bench');
const vocabulary = Array.from({ length: 3000 }, () =>
  Array.from({ length: 2 + random.integer(8) }, () => String.fromCharCode(97 + random.integer(26))).join(''),
);
const textOf = (words: number): string =>
  Array.from({ length: words }, () => vocabulary[Math.floor(3000 * random.next() ** 3)]).join(' ');

/** Median of 9 rounds, in microseconds of CPU per call. */
function measure(calls: number, run: (call: number) => void): string {
  const rounds = Array.from({ length: 9 }, () => {
    const before = process.cpuUsage();
    for (let call = 0; call < calls; call++) run(call);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / calls;
  });
  return (rounds.sort((a, b) => a - b)[4] ?? 0).toFixed(1);
}

const rows = 2000;
const embeddings = new Float32Array(rows * dimensions);
const queries: Float32Array[] = [];
for (let row = 0; row < rows; row++) {
  const vector = embedder.embed(textOf(40));
  queries.push(vector);
  embeddings.set(vector, row * dimensions);
}
const promptTokens = new Float64Array(rows).fill(60);
const values = Float64Array.from({ length: rows * models.length }, () => random.next());
const training = { models, dimensions, embeddings, promptTokens, values };
const query = (call: number): Float32Array => queries[call % rows] ?? new Float32Array(dimensions);

const lines = [`${cpus()[0]?.model}, Node ${process.version}, ${dimensions} dimensions, ${rows} rows, 11 models`];
for (const words of [8, 80, 400]) {
  const texts = Array.from({ length: 200 }, () => textOf(words));
  const microseconds = measure(400, (call) => void embedder.embed(texts[call % 200] ?? ''));
  lines.push(`embed ${words} words (${Math.round((texts[0] ?? '').length / 4)} tokens): ${microseconds} us`);
}

function create(definition: EstimatorDefinition, quantity: Quantity, options: object): Estimator {
  const estimator = definition.create(checkOptions('bench', definition.options, options, 'bench'), {
    quantity,
    dimensions,
  });
  estimator.fit(training);
  return estimator;
}

for (const quantity of ['quality', 'cost'] as const) {
  for (const [name, definition, options] of [
    ['mean', mean, {}],
    ['ridge', ridge, {}],
    ['knn k=40', knn, { k: 40 }],
    ['knn k=100', knn, { k: 100 }],
    ['knn k=300', knn, { k: 300 }],
  ] as const) {
    const estimator = create(definition, quantity, options);
    const predict = (call: number): void =>
      void estimator.predict({ embedding: query(call), promptTokens: 60 }, candidates);
    const fitted = measure(1000, predict);
    const update = measure(300, (call) =>
      estimator.update({
        seq: call,
        decision: '',
        route: '',
        model: models[call % 11] ?? '',
        quantity,
        value: values[call] ?? 0,
        weight: 1,
        propensity: null,
        promptTokens: 60,
        embedding: query(call),
      }),
    );
    const diverged = measure(1000, predict);
    lines.push(
      `${quantity} ${name}: predict ${fitted} us, update ${update} us, predict after 2,700 updates ${diverged} us`,
    );
  }
}
process.stdout.write(`${lines.join('\n')}\n`);
