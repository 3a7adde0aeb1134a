import { createHash } from 'node:crypto';
import { writeArtefact, checkDestination, type StateToWrite } from '../artefacts/write-artefact.ts';
import type { Figure, Manifest } from '../artefacts/manifest.ts';
import { PointsmanError } from '../core/errors.ts';
import type { Estimator, TrainingRows } from '../core/estimator.ts';
import { hash32, seededRandom } from '../core/random.ts';
import { openDecisionLog, type LoggedDecision } from '../outcomes/log.ts';
import { loadCatalogue, type Catalogue } from '../routing/catalogue.ts';
import type { FittedQuantity } from './embedded.ts';
import { estimatorNamed } from './fitted.ts';
import { fitEach, type FitWhat } from './fit-thread.ts';
import { bootstrapGain } from './metrics/bootstrap.ts';
import type { OnProgress } from './progress.ts';
import { settingOf } from './tune.ts';

export interface TrainLogOptions {
  /** The outcome database of a gateway, which may go on writing. */
  readonly log: string;
  /** Only requests of this route. Default: all. */
  readonly route?: string | undefined;
  readonly out: string;
  readonly estimators: readonly string[];
  readonly catalogue?: Catalogue | undefined;
  readonly seed: string;
  readonly threads?: number | undefined;
  readonly resamples?: number | undefined;
}

export interface TrainLogResult {
  readonly out: string;
  readonly manifest: Manifest;
  readonly warnings: readonly string[];
}

/** Requests held out for the figures, by a hash of their id. */
const heldShare = 0.3;
/** With fewer rewarded requests nothing is learned that the running mean does not know. */
const fewestRows = 50;
/** A request counts at most so much more than the mean one: one lucky draw must not speak for hundreds. */
const mostWeight = 10;

/** A rewarded request and how much it counts, mean 1. */
interface Weighed {
  readonly row: LoggedDecision;
  readonly served: string;
  readonly quality: number;
  readonly embedding: Float32Array;
  readonly weight: number;
}

/**
 * Learns from a gateway's own outcomes: of each request the outcome of the one model that served it. Requests count by one
 * over the probability with which their model was chosen (cut at ten times the mean), so that what the policy of that
 * time seldom did counts as if it had been done as often as the rest: rows are drawn with these weights (systematic
 * resampling, so each is there its weight times, rounded up or down). Requests whose client named the model count 1.
 * Estimators take their default options: choosing settings needs the outcomes of all models. Figures come from 30 % of
 * the requests, which the measured estimators did not see; the artefact learns from all. Same log, same bytes. Rejects with
 * `invalid_data` where too little is known.
 */
export async function trainFromLog(
  options: TrainLogOptions,
  onProgress: OnProgress = () => undefined,
): Promise<TrainLogResult> {
  const { out, seed, resamples = 1000 } = options;
  checkDestination(out);
  const catalogue = options.catalogue ?? (await loadCatalogue());
  const definitions = options.estimators.map((name) => ({ name, definition: estimatorNamed(catalogue, name) }));
  onProgress({ stage: 'read', what: options.log, done: 0, total: 1 });
  const { rows, embedder, left } = readLog(options);
  onProgress({ stage: 'read', what: options.log, done: 1, total: 1 });
  const models = [...new Set(rows.map(({ served }) => served))].sort();
  const isHeld = ({ row }: Weighed): boolean => hash32(row.decision, hash32(seed)) / 2 ** 32 < heldShare;
  const test = rows.filter(isHeld);
  const learnt = rows.filter((each) => !isHeld(each));
  const own = options.catalogue === undefined;
  const figures: Figure[] = [];
  const states: StateToWrite[] = [];
  let best: { name: string; error: number } | null = null;
  for (const { name, definition } of definitions) {
    const setting = settingOf(definition, name);
    const plan = { name, definition, own, threads: options.threads ?? null };
    const fit = async (from: readonly Weighed[]): Promise<readonly (readonly [FittedQuantity, Estimator])[]> => {
      const what = (['quality', 'cost'] as const).map((quantity): FitWhat => ({
        quantity,
        options: setting,
        rows: rowsOf(from, models, quantity, seed),
      }));
      const fitted = await fitEach(what, plan);
      return what.flatMap(({ quantity }, i) => {
        const estimator = fitted[i];
        return estimator === undefined ? [] : [[quantity, estimator] as const];
      });
    };
    onProgress({ stage: 'fit', what: name, done: 0, total: 2 });
    const probe = await fit(learnt);
    onProgress({ stage: 'fit', what: name, done: 1, total: 2 });
    const { figure, error } = measure(name, probe, learnt, test, { resamples, seed });
    figures.push(figure);
    if (best === null || error < best.error) best = { name, error };
    for (const [quantity, estimator] of await fit(rows)) {
      states.push({ estimator: name, quantity, options: setting, state: estimator.save() });
    }
    onProgress({ stage: 'fit', what: name, done: 2, total: 2 });
  }
  const fingerprint = createHash('sha256')
    .update(rows.map(({ row }) => row.decision).join('\n'))
    .digest('hex');
  const effective = effectiveSize(rows);
  const criterion = `default options: a log knows one outcome a request; ${rows.length} requests, effective sample size ${effective.toFixed(0)}`;
  onProgress({ stage: 'write', what: out, done: 0, total: 1 });
  const manifest = writeArtefact(out, {
    embedder: { id: embedder.id, dimensions: embedder.dimensions, text: 'as the gateway embedded it' },
    models,
    recommended: best?.name ?? '',
    sources: [
      { name: 'outcomes of a gateway', sha256: fingerprint, licence: null, use: 'unstated', rows: rows.length },
    ],
    states,
    tuning: definitions.map(({ name }) => ({ estimator: name, criterion, tried: [] })),
    figures,
    questionKeys: [],
    seed,
  });
  onProgress({ stage: 'write', what: out, done: 1, total: 1 });
  return { out, manifest, warnings: left };
}

/** What a log is worth to training. */
interface ReadLog {
  readonly rows: readonly Weighed[];
  readonly embedder: { readonly id: string; readonly dimensions: number };
  /** What was left out and why. */
  readonly left: readonly string[];
}

function readLog({ log: path, route }: TrainLogOptions): ReadLog {
  const log = openDecisionLog(path);
  let [unrewarded, unembedded] = [0, 0];
  const found: Omit<Weighed, 'weight'>[] = [];
  let newest: { id: string; dimensions: number } | null = null;
  try {
    for (const row of log.decisions()) {
      const { served, quality, embedding, embedder } = row;
      if (route !== undefined && row.route !== route) continue;
      if (served === null || quality === null) unrewarded++;
      else if (embedding === null || embedder === null) unembedded++;
      else {
        newest = { id: embedder, dimensions: embedding.length };
        found.push({ row, served, quality, embedding });
      }
    }
  } finally {
    log.close();
  }
  const embedder = newest;
  // An embedder that was changed leaves vectors behind that mean something else.
  const kept = found.filter(({ row }) => row.embedder === embedder?.id);
  const otherEmbedder = found.length - kept.length;
  const reasons: readonly (readonly [number, string])[] = [
    [unrewarded, 'without a reward'],
    [unembedded, 'without an embedding (no estimator of their route reads one)'],
    [otherEmbedder, 'embedded by an earlier embedder'],
  ];
  const left = reasons.flatMap(([count, why]) => (count === 0 ? [] : [`${count} requests are left out: ${why}`]));
  if (embedder === null || kept.length < fewestRows) {
    throw new PointsmanError(
      'invalid_data',
      `${path}: ${kept.length} requests have a reward and an embedding, at least ${fewestRows} are needed` +
        `${left.length === 0 ? '' : ` (${left.join('; ')})`}. Send feedback for more of them.`,
    );
  }
  const raw = kept.map(({ row, served }) => {
    const chance = row.pinned ? 1 : (row.propensities[row.candidates.indexOf(served)] ?? 0);
    return row.pinned || !(chance > 0) ? 1 : 1 / chance;
  });
  const mean = raw.reduce((sum, weight) => sum + weight, 0) / raw.length;
  const rows = kept.map((each, i) => ({ ...each, weight: Math.min(mostWeight, (raw[i] ?? mean) / mean) }));
  return { rows, embedder, left };
}

/** Kish: so many requests of equal weight say as much. */
function effectiveSize(rows: readonly Weighed[]): number {
  const sum = rows.reduce((total, { weight }) => total + weight, 0);
  const squares = rows.reduce((total, { weight }) => total + weight * weight, 0);
  return squares === 0 ? 0 : (sum * sum) / squares;
}

/** One outcome a row, the others NaN; each request as often as its weight says. */
function rowsOf(
  from: readonly Weighed[],
  models: readonly string[],
  quantity: FittedQuantity,
  seed: string,
): TrainingRows {
  const valueOf = ({ quality, row }: Weighed): number => (quantity === 'quality' ? quality : (row.costUsd ?? NaN));
  const known = from.filter((each) => !Number.isNaN(valueOf(each)));
  const drawn: Weighed[] = [];
  let passed = seededRandom(`train from log ${seed}`).next();
  for (const each of known) {
    for (passed += each.weight; passed >= 1; passed--) drawn.push(each);
  }
  const dimensions = from[0]?.embedding.length ?? 0;
  const embeddings = new Float32Array(drawn.length * dimensions);
  const promptTokens = new Float64Array(drawn.length);
  const values = new Float64Array(drawn.length * models.length).fill(NaN);
  drawn.forEach((each, i) => {
    embeddings.set(each.embedding, i * dimensions);
    promptTokens[i] = each.row.promptTokens;
    values[i * models.length + models.indexOf(each.served)] = valueOf(each);
  });
  return { models, dimensions, embeddings, promptTokens, values };
}

/** Squared error of the served model's quality, weighed, less that of the model's own mean: below zero is learned. */
function measure(
  name: string,
  fitted: readonly (readonly [FittedQuantity, Estimator])[],
  train: readonly Weighed[],
  test: readonly Weighed[],
  { resamples, seed }: { readonly resamples: number; readonly seed: string },
): { readonly figure: Figure; readonly error: number } {
  const quality = fitted.find(([quantity]) => quantity === 'quality')?.[1];
  const sums = new Map<string, { weight: number; value: number }>();
  for (const { served, weight, quality: value } of train) {
    const sum = sums.get(served) ?? { weight: 0, value: 0 };
    sums.set(served, { weight: sum.weight + weight, value: sum.value + weight * value });
  }
  const own = new Float64Array(test.length);
  const plain = new Float64Array(test.length);
  test.forEach((each, i) => {
    const { served, weight, row, embedding } = each;
    const candidates = [{ model: served, price: null }];
    const predicted = quality?.predict({ embedding, promptTokens: row.promptTokens }, candidates).mean[0] ?? NaN;
    const sum = sums.get(served);
    const mean = sum === undefined ? 0.5 : sum.value / sum.weight;
    own[i] = weight * (each.quality - predicted) ** 2;
    plain[i] = weight * (each.quality - mean) ** 2;
  });
  return {
    error: own.reduce((sum, value) => sum + value, 0),
    figure: {
      estimator: name,
      name: 'squared error of quality minus that of each model’s mean',
      interval: { ...bootstrapGain(own, plain, resamples, seed) },
      rows: test.length,
      how: 'requests held out by a hash of their id, weighed by one over their propensity; fitted on the others, before all were used',
    },
  };
}
