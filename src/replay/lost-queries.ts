import type { Dataset } from './datasets/dataset.ts';
import { curvePoints } from './metrics/outcomes.ts';
import { bestSingle } from './metrics/singles.ts';
import type { PolicySweep } from './policy-sweep.ts';
import { noModel } from './tally.ts';

/** A query on which a router fell short of what some model could do. */
export interface LostQuery {
  readonly sampleId: string;
  readonly group: string;
  /** The beginning of what was asked; null where texts are to stay out of the report. */
  readonly text: string | null;
  /** Oracle's quality - expected quality. */
  readonly lost: number;
  /** Most likely chosen; null where none was. */
  readonly chosen: LostModel | null;
  /** The cheapest of the best. */
  readonly best: LostModel;
}

export interface LostModel {
  readonly model: string;
  readonly quality: number;
  readonly costUsd: number | null;
  /** What was predicted of it; null where nothing was. */
  readonly predicted: number | null;
}

export interface LostQueries {
  /** The point of the curve that is looked at. */
  readonly way: number;
  /** Sum of losses over all queries / their number. */
  readonly mean: number;
  readonly queries: readonly LostQuery[];
}

/** Quality that may be given up for money, in the point that is looked at: as operators would set it. */
const nearlyAll = 0.99;
const mostQueries = 25;
const textCharacters = 280;

/**
 * The queries where most was lost, at the cheapest point of the curve that keeps 99 % of the curve's best quality. Of
 * equal losses first those of which the router was surest: the difference of predictions, chosen - best.
 */
export function findLostQueries(sweep: PolicySweep, dataset: Dataset, withTexts: boolean): LostQueries {
  const { outcomes, leaders, predicted } = sweep;
  const { queries } = outcomes;
  const { models, quality, costUsd } = dataset;
  const width = models.length;
  const way = operatingWay(sweep);
  const modelAt = (row: number, m: number): LostModel => ({
    model: models[m] ?? '',
    quality: quality[row * width + m] ?? 0,
    costUsd: costUsd?.[row * width + m] ?? null,
    predicted: predicted.quality?.[row * width + m] ?? null,
  });
  const rows = Array.from({ length: queries }, (_, row) => {
    let best = 0;
    for (let m = 1; m < width; m++) {
      const gain = (quality[row * width + m] ?? 0) - (quality[row * width + best] ?? 0);
      const isCheaper = (costUsd?.[row * width + m] ?? 0) < (costUsd?.[row * width + best] ?? 0);
      if (gain > 0 || (gain === 0 && isCheaper)) best = m;
    }
    const leader = leaders[way * queries + row] ?? noModel;
    const lost = Math.max(0, (quality[row * width + best] ?? 0) - (outcomes.quality[way * queries + row] ?? 0));
    const trust = (m: number): number => predicted.quality?.[row * width + m] ?? 0;
    return { row, best, leader, lost, surety: leader === noModel ? 0 : trust(leader) - trust(best) };
  });
  const mean = rows.reduce((sum, { lost }) => sum + lost, 0) / Math.max(1, queries);
  const worst = rows
    .filter(({ lost }) => lost > 0)
    .sort((a, b) => b.lost - a.lost || b.surety - a.surety || a.row - b.row)
    .slice(0, mostQueries);
  return {
    way,
    mean,
    queries: worst.map(({ row, best, leader, lost }) => ({
      sampleId: dataset.sampleIds[row] ?? '',
      group: dataset.groups[row] ?? '',
      text: withTexts ? excerpt(dataset.texts[row] ?? '') : null,
      lost,
      chosen: leader === noModel ? null : modelAt(row, leader),
      best: modelAt(row, best),
    })),
  };
}

/** The cheapest point with nearly the best quality of the curve. */
function operatingWay({ outcomes }: PolicySweep): number {
  const points = curvePoints(outcomes);
  const top = points[bestSingle(points)]?.quality ?? 0;
  let chosen = 0;
  let cost = Number.POSITIVE_INFINITY;
  points.forEach((point, way) => {
    if (point.quality >= nearlyAll * top && point.costUsd < cost) [chosen, cost] = [way, point.costUsd];
  });
  return chosen;
}

function excerpt(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  if (line.length <= textCharacters) return line;
  // Half a character at the cut would be none.
  return `${line.slice(0, textCharacters - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
