import type { PreparedRows } from './prepared-rows.ts';

/** A model that should stand near a query, and those that should stand farther away. Indices of models. */
export interface Contrast {
  readonly positive: number;
  readonly negatives: readonly number[];
  /** Multiplies the scores: 1 / T over the common temperature. */
  readonly scale: number;
}

/** Values up to this make a model a negative (RouterDC). */
const highestNegative = 0.5;

/** RouterDC: each of the best `positives` models with a value above 0, against the worst `negatives` of at most 0.5. */
export function plainContrasts(
  rows: PreparedRows,
  positives: number,
  negatives: number,
): (row: number) => readonly Contrast[] {
  return remembered(rows.count, (row) => {
    const order = byValue(rows, row);
    const low = order.slice(-negatives).filter((m) => valueOf(rows, row, m) <= highestNegative);
    return contrasts(
      rows,
      row,
      order.slice(0, positives).map((positive) => ({ positive, scale: 1 })),
      low,
    );
  });
}

export interface CostBands {
  /** [models] band of each, 0 the cheapest. */
  readonly bandOf: readonly number[];
  /** [bands] temperature over the common one. */
  readonly scales: readonly number[];
}

const leastTemperature = 0.05;
const temperatureRise = 0.25;

/**
 * Models by mean cost in at most `count` bands of equal size. As in CSCR, the temperature of a band is 0.05 + 0.25 x its
 * mean cost (here: over the dearest model's), so that cheap bands are told apart more sharply.
 */
export function costBands(costs: readonly number[], count: number): CostBands {
  const order = [...costs.keys()].sort((a, b) => (costs[a] ?? 0) - (costs[b] ?? 0) || a - b);
  const bands = Math.min(count, costs.length);
  const bandOf = costs.map(() => 0);
  order.forEach((m, place) => (bandOf[m] = Math.floor((place * bands) / order.length)));
  const dearest = Math.max(...costs, 1e-12);
  const scales = Array.from({ length: bands }, (_, band) => {
    const members = order.filter((m) => bandOf[m] === band);
    const mean = members.reduce((sum, m) => sum + (costs[m] ?? 0), 0) / Math.max(1, members.length);
    return leastTemperature / (leastTemperature + (temperatureRise * mean) / dearest);
  });
  return { bandOf, scales };
}

/** CSCR: the best model of every band against the worst `negatives` of at most 0.5, whatever their band. */
export function bandedContrasts(
  rows: PreparedRows,
  { bandOf, scales }: CostBands,
  negatives: number,
): (row: number) => readonly Contrast[] {
  return remembered(rows.count, (row) => {
    const order = byValue(rows, row);
    const low = order.slice(-negatives).filter((m) => valueOf(rows, row, m) <= highestNegative);
    const best = scales.flatMap((scale, band) => {
      const positive = order.find((m) => bandOf[m] === band);
      return positive === undefined ? [] : [{ positive, scale }];
    });
    return contrasts(rows, row, best, low);
  });
}

/** Every row is asked for many times, and its contrasts never change. */
function remembered(count: number, of: (row: number) => readonly Contrast[]): (row: number) => readonly Contrast[] {
  const known: (readonly Contrast[] | undefined)[] = Array.from({ length: count });
  return (row) => (known[row] ??= of(row));
}

const valueOf = ({ models, targets }: PreparedRows, row: number, m: number): number => targets[row * models + m] ?? NaN;

/** Models that were observed, best first; of equals the earlier. */
function byValue(rows: PreparedRows, row: number): number[] {
  return Array.from({ length: rows.models }, (_, m) => m)
    .filter((m) => !Number.isNaN(valueOf(rows, row, m)))
    .sort((a, b) => valueOf(rows, row, b) - valueOf(rows, row, a) || a - b);
}

function contrasts(
  rows: PreparedRows,
  row: number,
  positives: readonly { readonly positive: number; readonly scale: number }[],
  low: readonly number[],
): readonly Contrast[] {
  return positives.flatMap(({ positive, scale }) => {
    const value = valueOf(rows, row, positive);
    const negatives = low.filter((m) => valueOf(rows, row, m) < value);
    return value > 0 && negatives.length > 0 ? [{ positive, negatives, scale }] : [];
  });
}
