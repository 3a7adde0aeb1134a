/**
 * What a decision and an update of a bandit cost: `npx tsx bench/bandits.ts [--write]`. 11 models, 512-dimensional
 * embeddings, microseconds of wall time, p50 and p99 over 20,000 calls after as many to warm up. On a machine that does
 * nothing else; `--write` puts the table into docs/bandits.md.
 */
import { cpus, loadavg } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { Estimator } from '../src/core/estimator.ts';
import { seededRandom } from '../src/core/random.ts';
import { loadCatalogue } from '../src/routing/catalogue.ts';
import { checkOptions } from '../src/routing/options.ts';
import { policyContext } from '../src/routing/policy-context.ts';
import { provenance, writeBetween } from './write-table.ts';

const calls = 20_000;
/** Microseconds, asked for beforehand. */
const mostUpdateP99 = 50;
const mostDecideP50 = 150;
const write = process.argv.includes('--write');
const lines: string[] = [];
const [load = 0] = loadavg();
const dimensions = 512;
const models = Array.from({ length: 11 }, (_, i) => `model-${i}`);
const candidates = models.map((model) => ({ model, price: { input: 1, cachedInput: 0.5, output: 4 } }));
const random = seededRandom('bench');
const { policies, estimators } = await loadCatalogue();

const embeddings = Array.from({ length: 500 }, () => {
  const raw = Float32Array.from({ length: dimensions }, () => random.normal());
  const length = Math.hypot(...raw);
  return raw.map((value) => value / length);
});
const embeddingAt = (call: number): Float32Array =>
  embeddings[call % embeddings.length] ?? new Float32Array(dimensions);

function create(quantity: 'quality' | 'cost', options: object): Estimator {
  const definition = estimators.get('linear-bayes');
  if (definition === undefined) throw new Error('linear-bayes has gone.');
  const estimator = definition.create(checkOptions('linear-bayes', definition.options, options, 'bench'), {
    quantity,
    dimensions,
  });
  for (let call = 0; call < 2000; call++) update(estimator, quantity, call);
  return estimator;
}

function update(estimator: Estimator, quantity: 'quality' | 'cost', call: number): void {
  estimator.update({
    seq: call,
    decision: '',
    route: '',
    model: models[call % models.length] ?? '',
    quantity,
    value: quantity === 'quality' ? random.next() : 0.001 * random.next(),
    weight: 1,
    propensity: 0.5,
    promptTokens: 60,
    embedding: embeddingAt(call),
  });
}

interface Asked {
  readonly p50?: number;
  readonly p99?: number;
}

function measure(name: string, run: (call: number) => void, asked: Asked = {}): void {
  const times = new Float64Array(calls);
  for (let call = 0; call < calls; call++) run(call);
  for (let call = 0; call < calls; call++) {
    const start = performance.now();
    run(call);
    times[call] = (performance.now() - start) * 1000;
  }
  times.sort();
  const at = (share: number): number => times[Math.floor(share * calls)] ?? NaN;
  const [p50, p99] = [at(0.5), at(0.99)];
  const bars = [
    ...(asked.p50 === undefined ? [] : [`${p50 <= asked.p50 ? 'met' : '**missed**'} (p50 at most ${asked.p50})`]),
    ...(asked.p99 === undefined ? [] : [`${p99 <= asked.p99 ? 'met' : '**missed**'} (p99 at most ${asked.p99})`]),
  ].join(', ');
  process.stdout.write(`${name}: p50 ${p50.toFixed(1)} us, p99 ${p99.toFixed(1)} us ${bars}\n`);
  lines.push(`| ${name} | ${p50.toFixed(1)} | ${p99.toFixed(1)} | ${bars} |`);
}

process.stdout.write(`${cpus()[0]?.model}, Node ${process.version}\n`);
for (const [name, options] of [
  ['64 components', { components: 64 }],
  ['64 components, discount .99', { components: 64, discount: 0.99 }],
  ['64 components, window 1,000', { components: 64, window: 1000 }],
  ['32 components, discount .99', { components: 32, discount: 0.99 }],
] as const) {
  const quality = create('quality', options);
  measure(`linear-bayes ${name}, update`, (call) => update(quality, 'quality', call), { p99: mostUpdateP99 });
  measure(
    `linear-bayes ${name}, predict 11`,
    (call) => void quality.predict({ embedding: embeddingAt(call), promptTokens: 60 }, candidates),
  );
}

const [quality, cost] = [create('quality', { components: 64 }), create('cost', { components: 64 })];
const predicted = embeddings.map((embedding) => {
  const input = { embedding, promptTokens: 60 };
  const nothing = { mean: new Float64Array(11), deviation: new Float64Array(11) };
  return {
    quality: quality.predict(input, candidates),
    cost: cost.predict(input, candidates),
    latency: nothing,
    output_tokens: nothing,
  };
});
for (const name of [
  'cost-aware',
  'linucb',
  'linear-thompson',
  'thompson',
  'ucb',
  'exp3',
  'stabl',
  'budget-paced',
  'policy-bandit',
  'onboarding',
]) {
  const definition = policies.get(name);
  if (definition === undefined) continue;
  const options = checkOptions(name, definition.options, definition.example(models), 'bench');
  const policy = definition.create(options, policyContext(models, policies, 'bench'));
  measure(
    `${name}, decide with propensities`,
    (call) => {
      const predictions = predicted[call % predicted.length];
      if (predictions !== undefined) policy.decide({ candidates, predictions, lambda: 100, random });
    },
    { p50: mostDecideP50 },
  );
  if (!name.startsWith('lin')) continue;
  const nothing = { mean: new Float64Array(11), deviation: new Float64Array(11) };
  measure(`${name}, 64 components, predict quality and cost, and decide`, (call) => {
    const input = { embedding: embeddingAt(call), promptTokens: 60 };
    const predictions = {
      quality: quality.predict(input, candidates),
      cost: cost.predict(input, candidates),
      latency: nothing,
      output_tokens: nothing,
    };
    policy.decide({ candidates, predictions, lambda: 100, random });
  });
}
if (write) {
  const head = '| what | p50, us | p99, us | bar |\n|---|---|---|---|';
  const how = `11 models, embeddings of 512 numbers; load of the machine before the run: ${load.toFixed(1)}. ${provenance('npx tsx bench/bandits.ts --write')}`;
  writeBetween('bandits.md', 'bench/bandits.ts', `${head}\n${lines.join('\n')}\n\n${how}`);
}
