import type { EstimatorDefinition } from '../core/estimator.ts';
import { PointsmanError } from '../core/errors.ts';
import { checkOptions } from '../routing/options.ts';
import { entrant, predictFold, type Entrant, type Options } from './cross-predict.ts';
import { rowCount } from './datasets/dataset.ts';
import { trainingRows, type EmbeddedDataset, type FittedQuantity } from './embedded.ts';
import { foldRows, type Folded } from './folded.ts';
import { lambdaGrid } from './lambdas.ts';
import { aiqPaperForm } from './metrics/aiq.ts';
import { curvePoints } from './metrics/outcomes.ts';
import { singleModels } from './metrics/singles.ts';
import { plugInSweep } from './plug-in-sweep.ts';
import type { OnProgress } from './progress.ts';

export interface TuneOptions {
  /** In the catalogue. */
  readonly name: string;
  readonly definition: EstimatorDefinition;
  /** At least 2. */
  readonly folds: number;
  readonly seed: string;
  readonly onProgress: OnProgress;
}

/** One setting that was tried, and what it came to on held-out rows. */
export interface Trial {
  readonly quantity: FittedQuantity;
  readonly options: Options;
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

/** Enough of the curve to rank settings by; the report's own sweep has 201 points. */
const tuningLambdas = 60;
/** How many settings of each quantity go on to the folds after the heat. */
const finalists = { quality: 3, cost: 2 } as const;

/**
 * Chooses an estimator's settings inside the training rows: every row is predicted by an estimator that never saw its
 * fold, and a pair of settings (quality, cost) is worth the AIQ of argmax(quality - lambda x cost) over those
 * predictions. That is what the estimators are for; R2 would not rank them so. A race saves time: all settings run on
 * the first two folds in five, the best three for quality and two for cost on the rest. Of each quantity the settings are ranked
 * beside the best of the other. Without cost the worth of a setting is the mean quality of the model predicted best.
 * Same data and seed, same choice; of equals the earlier wins.
 */
export function tuneEstimator(data: EmbeddedDataset, options: TuneOptions): Tuned {
  const { folds, seed, definition, name } = options;
  const { dataset } = data;
  const hasCost = dataset.costUsd !== null;
  if (rowCount(dataset) < 2 * folds) {
    throw new PointsmanError(
      'invalid_data',
      `${dataset.name}: ${rowCount(dataset)} rows are too few to choose settings by ${folds} folds; give at least ${2 * folds}.`,
    );
  }
  const folded = foldRows(data, folds, seed);
  const race = {
    quality: settingsOf(data, 'quality', options).map((setting) => entrant(folded, 'quality', setting)),
    cost: hasCost ? settingsOf(data, 'cost', options).map((setting) => entrant(folded, 'cost', setting)) : [],
  };
  const heat = Math.max(1, Math.round(folds * 0.4));
  const last = { quality: keep(race.quality, 'quality'), cost: keep(race.cost, 'cost') };
  const total = heat * (race.quality.length + race.cost.length) + (folds - heat) * (last.quality + last.cost);
  let done = 0;
  const onStep = (): void => options.onProgress({ stage: 'tune', what: name, done: ++done, total });

  const trials: Trial[] = [];
  /** Best first, each beside `other`. */
  const rank = (entrants: readonly Entrant[], other: Entrant | undefined, scored: number): readonly Entrant[] => {
    const scores = new Map<Entrant, number>();
    for (const each of entrants) {
      const [quality, cost] = each.quantity === 'quality' ? [each, other] : [other, each];
      const score = worth(folded, scored, quality, cost);
      scores.set(each, score);
      trials.push({ quantity: each.quantity, options: each.options, score, folds: scored });
    }
    return [...entrants].sort((a, b) => (scores.get(b) ?? 0) - (scores.get(a) ?? 0));
  };

  for (let fold = 0; fold < heat; fold++)
    predictFold(folded, fold, definition, [...race.quality, ...race.cost], onStep);
  const middle = race.quality[Math.floor(race.quality.length / 2)];
  const costs = rank(race.cost, middle, heat).slice(0, last.cost);
  const qualities = rank(race.quality, costs[0], heat).slice(0, last.quality);
  for (let fold = heat; fold < folds; fold++) predictFold(folded, fold, definition, [...qualities, ...costs], onStep);
  const [quality] = rank(qualities, costs[0], folds);
  const [cost] = rank(costs, quality, folds);
  return {
    quality: quality?.options ?? {},
    cost: cost?.options ?? null,
    score: worth(folded, folds, quality, cost),
    criterion: `${hasCost ? 'AIQ of argmax(quality - lambda x cost)' : 'mean quality of the model predicted best'}, ${folds}-fold cross-validation inside the training rows`,
    trials,
  };
}

const keep = (entrants: readonly Entrant[], quantity: FittedQuantity): number =>
  Math.min(entrants.length, finalists[quantity]);

/** With defaults filled in; an estimator without settings has its defaults. */
function settingsOf(data: EmbeddedDataset, quantity: FittedQuantity, options: TuneOptions): readonly Options[] {
  const { name, definition } = options;
  const rows = trainingRows(data, quantity);
  if (rows === null) return [];
  const settings = definition.settings(rows);
  return (settings.length === 0 ? [{}] : settings).map((setting) => {
    const checked: unknown = checkOptions(`estimator ${name}`, definition.options, setting, `estimators.${name}`);
    return isOptions(checked) ? checked : {};
  });
}

const isOptions = (value: unknown): value is Options => typeof value === 'object' && value !== null;

/** The criterion, over the rows of the first `scored` folds. */
function worth(folded: Folded, scored: number, quality: Entrant | undefined, cost: Entrant | undefined): number {
  const { dataset } = folded.data;
  const { models, costUsd } = dataset;
  const cells = (folded.starts[scored] ?? 0) * models.length;
  if (quality === undefined || cells === 0) return 0;
  const free = new Float64Array(cells);
  const actual = { quality: dataset.quality.subarray(0, cells), costUsd: costUsd?.subarray(0, cells) ?? free };
  const predicted = {
    quality: quality.predictions.subarray(0, cells),
    costUsd: cost?.predictions.subarray(0, cells) ?? free,
  };
  const lambdas = costUsd === null ? Float64Array.of(0) : lambdaGrid(tuningLambdas);
  const points = curvePoints(plugInSweep(predicted, actual, models.length, lambdas));
  if (costUsd === null) return points[0]?.quality ?? 0;
  return aiqPaperForm(points, curvePoints(singleModels(models.length, actual.quality, actual.costUsd)));
}
