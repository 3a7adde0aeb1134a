import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Figure } from '../src/artefacts/manifest.ts';
import { writeArtefact } from '../src/artefacts/write-artefact.ts';
import type { Candidate } from '../src/core/candidate.ts';
import type { Estimator, Quantity, TrainingRows } from '../src/core/estimator.ts';
import prior from '../src/estimators/prior.ts';
import { openCsvTable } from '../src/replay/datasets/csv-table.ts';
import { collectDataset, type Dataset } from '../src/replay/datasets/dataset.ts';
import { openDataset } from '../src/replay/datasets/open-dataset.ts';
import { questionKey } from '../src/replay/datasets/question-key.ts';
import { numberOf } from '../src/replay/datasets/table.ts';
import { embedDataset, inputOf, type EmbeddedDataset } from '../src/replay/embedded.ts';
import { lambdasFor } from '../src/replay/lambdas.ts';
import { bootstrapAiq, type Interval } from '../src/replay/metrics/bootstrap.ts';
import { singleModels } from '../src/replay/metrics/singles.ts';
import { plugInSweep } from '../src/replay/plug-in-sweep.ts';
import { defaultEmbedder } from '../src/replay/replay.ts';
import { checkOptions } from '../src/routing/options.ts';

/**
 * Makes data/prior: what new installations believe of models that they never asked. Learns only from sets whose owner
 * allows it to be shipped, without any question that some other set asks and without any model of the set it is
 * measured on. Penalties are chosen by leaving one set out. Run: POINTSMAN_SHARED_DATA=DIR npx tsx scripts/make-prior.ts
 */
const root = fileURLToPath(new URL('../', import.meta.url));
const shared = process.env['POINTSMAN_SHARED_DATA'] ?? join(root, '..', 'shared', 'data');
const sets = ['llmrouter9', 'mmlupro', 'routellm', 'zeroeval'];
const measured = 'llmrouterbench32';
const others = [
  measured,
  'alpacaeval',
  'llamachat2',
  'math500cascade2',
  'messplus3',
  'routerarena2',
  'routerbench',
  'routerbench_0shot_1pct',
  'routerdc7',
];
const grid = { alpha: [30, 100, 300], extra_penalty: [30, 100] };

/** US dollars per million tokens of answer, list prices of their time as remembered: they tell the order of models, no more. */
const prices: Readonly<Record<string, number>> = {
  'claude-3-5-haiku-20241022': 4,
  'claude-3-5-sonnet-20240620': 15,
  'claude-3-5-sonnet-20241022': 15,
  'claude-3-haiku-20240307': 1.25,
  'claude-3-opus-20240229': 75,
  'codegemma-7b': 0.2,
  'deepseek-v2.5-0908': 0.28,
  'gemini-1.5-flash': 0.3,
  'gemini-1.5-flash-002': 0.3,
  'gemini-1.5-pro': 5,
  'gemini-1.5-pro-002': 5,
  'gpt-3.5-turbo-0125': 1.5,
  'gpt-4-1106-preview': 30,
  'gpt-4o-2024-05-13': 15,
  'gpt-4o-2024-08-06': 10,
  'gpt-4o-mini-2024-07-18': 0.6,
  'jamba-1.5-large': 8,
  'llama-3.1-nemotron-51b-instruct': 0.9,
  'llama-3.3-nemotron-super-49b-v1': 0.9,
  'llama3-chatqa-1.5-70b': 0.9,
  'llama3-chatqa-1.5-8b': 0.2,
  'mistral-7b-instruct-v0.3': 0.2,
  'Mistral-Large-2': 6,
  'mistralai/Mixtral-8x7B-Instruct-v0.1': 0.6,
  'Mixtral-8x7B-Instruct-v0.1': 0.6,
  'o1-mini-2024-09-12': 12,
  'qwen2.5-7b-instruct': 0.2,
};

const embedder = defaultEmbedder();
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function load(name: string): Promise<Dataset> {
  return await collectDataset((await openDataset(join(shared, name), 'all')).reader);
}

/** The same model under its other names: without owner, host, date and `meta-`. */
const plainName = (model: string): string =>
  model
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(/@.*$/, '')
    .replace(/^meta-/, '')
    .replaceAll('_', '.')
    .replace(/-(\d{4}-?\d\d-?\d\d|\d{8})$/, '')
    .replace(/-inst$/, '-instruct');

/** What is left of a set. */
interface Part {
  readonly data: EmbeddedDataset;
  readonly rows: readonly number[];
  /** Columns of models. */
  readonly columns: readonly number[];
}

/** Rows of several sets in one matrix; a model of two sets has one column. */
function joined(parts: readonly Part[]): TrainingRows {
  const nameAt = ({ data }: Part, column: number): string => data.dataset.models[column] ?? '';
  const models = [...new Set(parts.flatMap((part) => part.columns.map((column) => nameAt(part, column))))];
  const count = parts.reduce((sum, { rows }) => sum + rows.length, 0);
  const { dimensions } = embedder;
  const embeddings = new Float32Array(count * dimensions);
  const promptTokens = new Float64Array(count);
  const values = new Float64Array(count * models.length).fill(NaN);
  let at = 0;
  for (const part of parts) {
    const { data, rows, columns } = part;
    const places = columns.map((column) => models.indexOf(nameAt(part, column)));
    for (const row of rows) {
      const input = inputOf(data, row);
      embeddings.set(input.embedding, at * dimensions);
      promptTokens[at] = input.promptTokens;
      columns.forEach((column, i) => {
        values[at * models.length + (places[i] ?? 0)] =
          data.dataset.quality[row * data.dataset.models.length + column] ?? NaN;
      });
      at++;
    }
  }
  return { models, dimensions, embeddings, promptTokens, values };
}

function create(
  quantity: Quantity,
  change: object,
): { estimator: Estimator; options: Readonly<Record<string, unknown>> } {
  const options = checkOptions('prior', prior.options, { prices, ...change }, 'prior');
  return { estimator: prior.create(options, { quantity, dimensions: embedder.dimensions }), options };
}

/** Mean log loss over the cells of a set that was left out, its models as if never seen. */
function lossOn(held: Part, estimator: Estimator): number {
  const { dataset } = held.data;
  const candidates = held.columns.map((column): Candidate => {
    const model = dataset.models[column] ?? '';
    const output = prices[model];
    return { model: `new/${model}`, price: output === undefined ? null : { input: 0, cachedInput: 0, output } };
  });
  let loss = 0;
  for (const row of held.rows) {
    const { mean } = estimator.predict(inputOf(held.data, row), candidates);
    held.columns.forEach((column, i) => {
      const value = dataset.quality[row * dataset.models.length + column] ?? 0;
      const guess = Math.min(0.999, Math.max(0.001, mean[i] ?? 0.5));
      loss -= value * Math.log(guess) + (1 - value) * Math.log(1 - guess);
    });
  }
  return loss / (held.rows.length * held.columns.length);
}

/** List prices of the measured set: what was billed, by tokens; an answer's token at four times a prompt's. 0: it runs at home. */
async function billedPrices(models: readonly string[]): Promise<readonly Candidate[]> {
  const billed = models.map(() => ({ usd: 0, tokens: 0 }));
  const table = await openCsvTable(join(shared, measured, 'all.csv.gz'), measured);
  const attributes = ['total_cost', 'completion_tokens', 'prompt_tokens'];
  const columns = models.flatMap((model) => attributes.map((attribute) => `${model}|${attribute}`));
  for await (const batch of table.records(columns)) {
    for (const record of batch) {
      billed.forEach((sum, m) => {
        const [usd = 0, output = 0, input = 0] = attributes.map((_, i) => numberOf(record[m * attributes.length + i]));
        if (!(usd > 0 && output >= 0 && input >= 0)) return;
        sum.usd += usd;
        sum.tokens += output + input / 4;
      });
    }
  }
  return models.map((model, m) => {
    const { usd = 0, tokens = 0 } = billed[m] ?? {};
    const output = tokens > 0 ? (usd / tokens) * 1e6 : 0;
    return { model, price: { input: output / 4, cachedInput: output / 4, output } };
  });
}

const keysOfOthers = new Set((await Promise.all(others.map(load))).flatMap(({ texts }) => texts.map(questionKey)));
const test = await embedDataset(await load(measured), embedder, () => undefined);
const testModels = new Set(test.dataset.models.map(plainName));
const parts: Part[] = [];
for (const name of sets) {
  const data = await embedDataset(await load(name), embedder, () => undefined);
  const { texts, models, sources } = data.dataset;
  if (sources.some(({ use }) => use !== 'bundle')) throw new Error(`${name} may not be shipped`);
  const rows = [...texts.keys()].filter((row) => !keysOfOthers.has(questionKey(texts[row] ?? '')));
  const columns = [...models.keys()].filter((column) => !testModels.has(plainName(models[column] ?? '')));
  parts.push({ data, rows, columns });
  say(`${name}: ${rows.length} of ${texts.length} questions, ${columns.length} of ${models.length} models`);
}

const tried: { options: { alpha: number; extra_penalty: number }; score: number }[] = [];
for (const alpha of grid.alpha) {
  for (const extra_penalty of grid.extra_penalty) {
    const losses = parts.map((held) => {
      const { estimator } = create('quality', { alpha, extra_penalty, training_worth: 0 });
      estimator.fit(joined(parts.filter((part) => part !== held)));
      return lossOn(held, estimator);
    });
    const score = -losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    tried.push({ options: { alpha, extra_penalty }, score });
    say(
      `alpha ${alpha}, extra ${extra_penalty}: ${score.toFixed(4)} (${losses.map((loss) => loss.toFixed(3)).join(' ')})`,
    );
  }
}
const best = tried.reduce((one, other) => (other.score > one.score ? other : one));
const quality = create('quality', best.options);
const rows = joined(parts);
quality.estimator.fit(rows);
const cost = create('cost', best.options);

const candidates = await billedPrices(test.dataset.models);
const count = test.dataset.texts.length;
const width = candidates.length;
const predicted = { quality: new Float64Array(count * width), costUsd: new Float64Array(count * width) };
for (let row = 0; row < count; row++) {
  const input = inputOf(test, row);
  predicted.quality.set(quality.estimator.predict(input, candidates).mean, row * width);
  predicted.costUsd.set(cost.estimator.predict(input, candidates).mean, row * width);
}
const costUsd = test.dataset.costUsd ?? new Float64Array(count * width);
const actual = { quality: test.dataset.quality, costUsd };
const singles = singleModels(width, actual.quality, actual.costUsd);
const lambdas = lambdasFor(costUsd);
const withPrior = bootstrapAiq(plugInSweep(predicted, actual, width, lambdas), singles, 1000, '0');
const blind = { quality: predicted.quality.map(() => 0.5), costUsd: predicted.costUsd };
const without = bootstrapAiq(plugInSweep(blind, actual, width, lambdas), singles, 1000, '0');
const how =
  `${measured}, none of whose models or questions it learned from; list prices from what was billed per token; before any outcome. ` +
  'The zero router is the hull of single models chosen in hindsight, on the same questions';
const figure = (name: string, interval: Interval): Figure => ({
  estimator: 'prior',
  name,
  interval: { value: interval.value, low: interval.low, high: interval.high },
  rows: count,
  how,
});
const figures = [
  figure('AIQ', withPrior.router),
  figure('AIQ of the zero router', withPrior.zero),
  figure('AIQ minus zero router', withPrior.gain),
  figure('AIQ where nothing is known of quality', without.router),
];
for (const { name, interval } of figures) {
  say(`${name}: ${interval.value.toFixed(4)} (${interval.low.toFixed(4)} to ${interval.high.toFixed(4)})`);
}

const dropped = parts.reduce((sum, { data, rows: kept }) => sum + data.dataset.texts.length - kept.length, 0);
writeArtefact(join(root, 'data', 'prior'), {
  embedder: { id: embedder.id, dimensions: embedder.dimensions, text: 'prompt' },
  models: [...rows.models],
  recommended: 'prior',
  sources: parts.flatMap(({ data, rows: kept }) =>
    data.dataset.sources.map((source) => ({ ...source, rows: kept.length })),
  ),
  states: [
    { estimator: 'prior', quantity: 'quality', options: quality.options, state: quality.estimator.save() },
    { estimator: 'prior', quantity: 'cost', options: cost.options, state: cost.estimator.save() },
  ],
  tuning: [
    {
      estimator: 'prior',
      criterion:
        `log loss on a set that was left out, its models as if never seen, mean over ${sets.length} sets; ` +
        `${dropped} questions that other sets ask too were dropped first`,
      tried: tried.map(({ options, score }) => ({ quantity: 'quality', options, score, folds: sets.length })),
    },
  ],
  figures,
  questionKeys: parts.flatMap(({ data, rows: kept }) => kept.map((row) => questionKey(data.dataset.texts[row] ?? ''))),
  seed: '0',
});
say(readFileSync(join(root, 'data', 'prior', 'README.md'), 'utf8').split('\n')[0] ?? '');
