import type { Alternatives } from '../core/estimator.ts';
import type { EmbeddedDataset } from './embedded.ts';
import { criterionText, settingWorth } from './setting-worth.ts';
import type { Trial, Tuned } from './tune.ts';

/**
 * Chooses among alternatives for quality and for cost by what they come to together, over the rows that both held out
 * and whose outcomes are all known: costs beside the last alternative for quality, then qualities beside the best cost.
 * Of equals the first. Null where there are no such rows.
 *
 * @param cost null for a data set without cost.
 */
export function chooseAlternative(
  { dataset }: EmbeddedDataset,
  quality: Alternatives,
  cost: Alternatives | null,
): Tuned | null {
  const { models, costUsd } = dataset;
  const width = models.length;
  const placeInCost = new Map<number, number>();
  cost?.rows.forEach((row, place) => placeInCost.set(row, place));
  const kept = [...quality.rows.keys()].filter((place) => {
    const row = quality.rows[place] ?? -1;
    return (
      (cost === null || placeInCost.has(row)) && isWhole(dataset.quality, row, width) && isWhole(costUsd, row, width)
    );
  });
  if (kept.length === 0) return null;
  const take = (source: Float64Array, rowOf: (place: number) => number): Float64Array => {
    const out = new Float64Array(kept.length * width);
    kept.forEach((place, i) => {
      const row = rowOf(place);
      out.set(source.subarray(row * width, (row + 1) * width), i * width);
    });
    return out;
  };
  const rowOf = (place: number): number => quality.rows[place] ?? 0;
  const judged = {
    models,
    starts: [0, kept.length],
    quality: take(dataset.quality, rowOf),
    costUsd: costUsd === null ? null : take(costUsd, rowOf),
  };
  const qualities = quality.choices.map(({ options, mean }) => ({ options, mean: take(mean, (place) => place) }));
  const costs = (cost?.choices ?? []).map(({ options, mean }) => ({
    options,
    mean: take(mean, (place) => placeInCost.get(rowOf(place)) ?? 0),
  }));

  const trials: Trial[] = [];
  let score = 0;
  type Choice = (typeof qualities)[number];
  const best = (field: readonly Choice[], of: 'quality' | 'cost', other: Choice | undefined): Choice | undefined => {
    let found: Choice | undefined;
    for (const each of field) {
      const [q, c] = of === 'quality' ? [each, other] : [other, each];
      const worth = settingWorth(judged, 1, q?.mean, c?.mean);
      trials.push({ quantity: of, options: each.options, score: worth, folds: 1 });
      if (found !== undefined && worth <= score) continue;
      found = each;
      score = worth;
    }
    return found;
  };
  const cheapest = best(costs, 'cost', qualities.at(-1));
  const chosen = best(qualities, 'quality', cheapest);
  if (chosen === undefined) return null;
  const criterion = `${criterionText(costUsd !== null)}, over ${kept.length} rows held out in turn inside the training rows`;
  return { quality: chosen.options, cost: cheapest?.options ?? null, score, criterion, trials };
}

function isWhole(values: Float64Array | null, row: number, width: number): boolean {
  return values === null || !values.subarray(row * width, (row + 1) * width).some(Number.isNaN);
}
