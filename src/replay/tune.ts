import type { EstimatorDefinition } from '../core/estimator.ts';
import { PointsmanError } from '../core/errors.ts';
import { checkOptions } from '../routing/options.ts';
import type { Options, Setting } from './cross-predict.ts';
import { rowCount } from './datasets/dataset.ts';
import { trainingRows, type EmbeddedDataset, type FittedQuantity } from './embedded.ts';
import { createFoldPool, type FoldPool } from './fold-pool.ts';
import { foldRows, rowsOfFold, type Folded } from './folded.ts';
import { criterionOf, settingWorth } from './setting-worth.ts';
import type { OnProgress } from './progress.ts';

export interface TuneOptions {
  /** In the catalogue. */
  readonly name: string;
  readonly definition: EstimatorDefinition;
  /** The definition is Pointsman's own, so that threads can find it by its name. */
  readonly own: boolean;
  /** Null: as the machine allows. The choice is the same with any number. */
  readonly threads: number | null;
  /** At least 2. */
  readonly folds: number;
  readonly seed: string;
  readonly onProgress: OnProgress;
}

/** One setting that was tried, and what it came to on held-out rows. */
export interface Trial extends Setting {
  readonly score: number;
  /** Folds that it was scored on: fewer than all where it fell out of the race. */
  readonly folds: number;
}

/** The options chosen for an estimator, and how. */
export interface Tuned {
  readonly quality: Options;
  /** Null where the data set knows no cost. */
  readonly cost: Options | null;
  /** Of the pair chosen, over all folds. */
  readonly score: number;
  readonly criterion: string;
  readonly trials: readonly Trial[];
}

/** How many settings of each quantity go on to the folds after the heat. */
const finalists = { quality: 3, cost: 2 } as const;
/** Share of the folds that all settings run on. */
const heatShare = 0.2;

/**
 * Chooses an estimator's settings inside the training rows: every row is predicted by an estimator that never saw its
 * fold, and a pair of settings (quality, cost) is worth what `settingWorth` says of those predictions: what the
 * estimators are for, where R2 would rank them otherwise. A race saves time: all settings run on the first fold in
 * five, the best three for quality and two for cost on the rest. The settings of one quantity are ranked beside the
 * best of the other. Same data and seed, same choice, with any number of threads; of equals the earlier wins. Rejects
 * with `invalid_data`.
 */
export async function tuneEstimator(data: EmbeddedDataset, options: TuneOptions): Promise<Tuned> {
  const { folds, seed, name, onProgress } = options;
  const { dataset } = data;
  if (rowCount(dataset) < 2 * folds) {
    throw new PointsmanError(
      'invalid_data',
      `${dataset.name}: ${rowCount(dataset)} rows are too few to choose settings by ${folds} folds; give at least ${2 * folds}.`,
    );
  }
  const folded = foldRows(data, folds, seed);
  const race = { quality: entrants(data, folded, 'quality', options), cost: entrants(data, folded, 'cost', options) };
  const heat = Math.max(1, Math.round(folds * heatShare));
  const kept = Math.min(race.quality.length, finalists.quality) + Math.min(race.cost.length, finalists.cost);
  const total = heat * (race.quality.length + race.cost.length) + (folds - heat) * kept;
  let done = 0;
  const onSteps = (steps: number): void => {
    done += steps;
    onProgress({ stage: 'tune', what: name, done, total });
  };

  const trials: Trial[] = [];
  /** Best first, each beside `other`, by the first `scored` folds. */
  const rank = (field: readonly Entrant[], other: Entrant | undefined, scored: number): readonly Entrant[] => {
    const scores = new Map<Entrant, number>();
    for (const each of field) {
      const [quality, cost] = each.quantity === 'quality' ? [each, other] : [other, each];
      const score = settingWorth(folded, scored, quality?.predictions, cost?.predictions);
      scores.set(each, score);
      trials.push({ quantity: each.quantity, options: each.options, score, folds: scored });
    }
    return [...field].sort((a, b) => (scores.get(b) ?? 0) - (scores.get(a) ?? 0));
  };

  onSteps(0);
  const pool = createFoldPool({ ...options, folded });
  const run = (from: number, to: number, field: readonly Entrant[]): Promise<unknown> =>
    Promise.all(Array.from({ length: to - from }, (_, i) => runFold(pool, folded, from + i, field, onSteps)));
  let qualities: readonly Entrant[];
  let costs: readonly Entrant[];
  try {
    await run(0, heat, [...race.quality, ...race.cost]);
    const middle = race.quality[Math.floor(race.quality.length / 2)];
    costs = rank(race.cost, middle, heat).slice(0, finalists.cost);
    qualities = rank(race.quality, costs[0], heat).slice(0, finalists.quality);
    await run(heat, folds, [...qualities, ...costs]);
  } finally {
    await pool.close();
  }
  const [quality] = rank(qualities, costs[0], folds);
  const [cost] = rank(costs, quality, folds);
  return {
    quality: quality?.options ?? {},
    cost: cost?.options ?? null,
    score: settingWorth(folded, folds, quality?.predictions, cost?.predictions),
    criterion: criterionOf(folded),
    trials,
  };
}

/** A setting in the race, and its predictions [N x M] as far as its folds were predicted. */
interface Entrant extends Setting {
  readonly predictions: Float64Array;
}

/** Predicts one fold for all of them, in as many jobs as there are threads. */
async function runFold(
  pool: FoldPool,
  folded: Folded,
  fold: number,
  field: readonly Entrant[],
  onSteps: (steps: number) => void,
): Promise<void> {
  const start = rowsOfFold(folded, fold).from * folded.models.length;
  const jobs = Array.from({ length: pool.threads }, (_, job) => field.filter((_, i) => i % pool.threads === job));
  await Promise.all(
    jobs.map(async (part) => {
      if (part.length === 0) return;
      const settings = part.map(({ quantity, options }) => ({ quantity, options }));
      const predicted = await pool.predict({ fold, settings });
      part.forEach(({ predictions }, i) => predictions.set(predicted[i] ?? [], start));
      onSteps(part.length);
    }),
  );
}

/** The settings of a quantity with defaults filled in; an estimator without any has its defaults. */
function entrants(
  data: EmbeddedDataset,
  folded: Folded,
  quantity: FittedQuantity,
  { name, definition }: TuneOptions,
): readonly Entrant[] {
  const rows = trainingRows(data, quantity);
  if (rows === null) return [];
  const settings = definition.settings(rows);
  return (settings.length === 0 ? [{}] : settings).map((setting) => {
    const predictions = new Float64Array(folded.quality.length);
    return { quantity, options: settingOf(definition, name, setting), predictions };
  });
}

/** A setting with every default filled in. */
export function settingOf(definition: EstimatorDefinition, name: string, setting: unknown = {}): Options {
  const checked: unknown = checkOptions(`estimator ${name}`, definition.options, setting, `estimators.${name}`);
  return isOptions(checked) ? checked : {};
}

const isOptions = (value: unknown): value is Options => typeof value === 'object' && value !== null;
