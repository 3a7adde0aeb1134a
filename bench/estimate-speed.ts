/**
 * How long a decision takes: a query of 100 tokens is embedded, quality and cost of 11 models are predicted, and
 * `cost-aware` decides; and how long learning from 36,000 x 11 outcomes takes. Planted outcomes: what a model is good at
 * is linear in the embedding. One process: CPU seconds of learning; wall clock of 400 decisions after 50 that do not count.
 *
 * Run: npx tsx bench/estimate-speed.ts [--rows 36000] [-e ridge,knn]
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { EstimatorDefinition, TrainingRows } from '../src/core/estimator.ts';
import { seededRandom } from '../src/core/random.ts';
import { createHashingEmbedder, defaultDimensions } from '../src/embedding/hashing.ts';
import costAware from '../src/policies/cost-aware.ts';
import { loadCatalogue } from '../src/routing/catalogue.ts';
import { checkOptions } from '../src/routing/options.ts';
import { policyContext } from '../src/routing/policy-context.ts';
import { promptTokensOf } from '../src/wire/prompt-tokens.ts';

const { values: flags } = parseArgs({
  options: { rows: { type: 'string', default: '36000' }, estimator: { type: 'string', short: 'e' } },
});
const rowCount = Number(flags.rows);
const models = Array.from({ length: 11 }, (_, m) => `model-${m}`);
const candidates = models.map((model) => ({ model, price: { input: 1, cachedInput: 0.5, output: 4 } }));
const embedder = createHashingEmbedder({ dimensions: defaultDimensions });
const random = seededRandom('estimate-speed');
const vocabulary = Array.from({ length: 5000 }, () =>
  Array.from({ length: 2 + random.integer(8) }, () => String.fromCharCode(97 + random.integer(26))).join(''),
);

/** Words as frequent as in prose, as many as make the wanted number of tokens. */
function textOf(tokens: number): string {
  const words: string[] = [];
  while (promptTokensOf(words.join(' ')) < tokens) words.push(vocabulary[Math.floor(5000 * random.next() ** 3)] ?? '');
  return words.join(' ');
}

const tastes = models.map(() => Float32Array.from({ length: defaultDimensions }, () => random.normal()));

function planted(): { quality: TrainingRows; cost: TrainingRows } {
  const embeddings = new Float32Array(rowCount * defaultDimensions);
  const promptTokens = new Float64Array(rowCount);
  const quality = new Float64Array(rowCount * models.length);
  const cost = new Float64Array(rowCount * models.length);
  for (let row = 0; row < rowCount; row++) {
    const text = textOf(10 + random.integer(60));
    const embedding = embedder.embed(text);
    if (!(embedding instanceof Float32Array)) throw new Error('hashing does not wait');
    embeddings.set(embedding, row * defaultDimensions);
    promptTokens[row] = promptTokensOf(text);
    tastes.forEach((taste, m) => {
      let lean = 0;
      for (let i = 0; i < taste.length; i++) lean += (taste[i] ?? 0) * (embedding[i] ?? 0);
      const chance = 1 / (1 + Math.exp(-2 * lean - (m - 5) / 5));
      quality[row * models.length + m] = random.next() < chance ? 1 : 0;
      cost[row * models.length + m] = 1e-4 * (m + 1) * (0.5 + random.next());
    });
  }
  const rows = { models, dimensions: defaultDimensions, embeddings, promptTokens };
  return { quality: { ...rows, values: quality }, cost: { ...rows, values: cost } };
}

const trained = planted();
const questions = Array.from({ length: 450 }, () => textOf(100));
const policy = costAware.create({ lambda: 50 }, policyContext(models, new Map(), 'bench'));

/** CPU seconds to fit quality and cost, and milliseconds of each decision. */
function measure(definition: EstimatorDefinition): { fitS: number; decisionMs: number[] } {
  const make = (quantity: 'quality' | 'cost') =>
    definition.create(checkOptions('estimator', definition.options, {}, 'bench'), {
      quantity,
      dimensions: defaultDimensions,
    });
  const [quality, cost] = [make('quality'), make('cost')];
  const began = process.cpuUsage();
  quality.fit(trained.quality);
  cost.fit(trained.cost);
  const { user, system } = process.cpuUsage(began);
  const fitS = (user + system) / 1e6;
  const decisionMs = questions.map((text) => {
    const from = performance.now();
    const embedding = embedder.embed(text);
    if (!(embedding instanceof Float32Array)) throw new Error('hashing does not wait');
    const input = { embedding, promptTokens: 100 };
    const predictions = { quality: quality.predict(input, candidates), cost: cost.predict(input, candidates) };
    policy.decide({ candidates, predictions, lambda: null, random });
    return performance.now() - from;
  });
  return { fitS, decisionMs: decisionMs.slice(50).sort((a, b) => a - b) };
}

const { estimators } = await loadCatalogue();
const asked = flags.estimator?.split(',');
process.stdout.write(
  `${rowCount} rows x ${models.length} models, ${defaultDimensions} dimensions; ${cpus()[0]?.model ?? 'unknown'} x ${cpus().length}, Node ${process.version}\n\n` +
    '| estimator | fit quality and cost, CPU s | decision p50, us | p99, us |\n|---|---|---|---|\n',
);
for (const [name, definition] of estimators) {
  const able = definition.quantities.includes('quality') && definition.quantities.includes('cost');
  if (!able || (asked !== undefined && !asked.includes(name))) continue;
  const { fitS, decisionMs } = measure(definition);
  const at = (share: number): string =>
    (1000 * (decisionMs[Math.floor(share * decisionMs.length)] ?? 0)).toPrecision(3);
  process.stdout.write(`| ${name} | ${fitS.toFixed(1)} | ${Number(at(0.5))} | ${Number(at(0.99))} |\n`);
}
