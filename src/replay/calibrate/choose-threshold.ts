/** What is known of a pair on N queries. */
export interface PairRows {
  /** [N] what the policy compares with its threshold; the strong model is asked from there up. */
  readonly scores: Float64Array;
  /** [N] of either model, in [0, 1]; null where outcomes are not known. */
  readonly quality: { readonly strong: Float64Array; readonly weak: Float64Array } | null;
  /** [N] of either model, in US dollars; null where it is not known. */
  readonly costUsd: { readonly strong: Float64Array; readonly weak: Float64Array } | null;
}

/** `share` of the queries that go to the strong model; or the `ratio` of the strong model's mean quality to be kept. */
export type Goal =
  | { readonly type: 'share'; readonly share: number }
  | { readonly type: 'quality'; readonly ratio: number };

/** Of the policy's threshold. At `low` every query is strong. */
export interface ThresholdRange {
  readonly low: number;
  readonly high: number;
}

/** Scores nearer than this are one: a threshold is written with twelve decimals. */
const grain = 1e12;

/**
 * The threshold that comes nearest to a share, or the highest one that keeps a quality, on these rows. It has as few
 * decimals as tell its neighbours apart. A quality that no threshold keeps gets `low`: the strong model always.
 *
 * @param places the rows that count, at least one.
 */
export function chooseThreshold(
  rows: PairRows,
  places: readonly number[],
  goal: Goal,
  { low, high }: ThresholdRange,
): number {
  const scoreOf = (place: number): number => Math.round((rows.scores[place] ?? 0) * grain) / grain;
  const order = [...places].sort((a, b) => scoreOf(b) - scoreOf(a));
  const met = goalOf(rows, places, goal);
  let best = { threshold: high, distance: met(0, 0) };
  let gain = 0;
  for (let start = 0; start < order.length;) {
    const score = scoreOf(order[start] ?? 0);
    let end = start;
    for (; end < order.length && scoreOf(order[end] ?? 0) === score; end++) gain += gainOf(rows, order[end] ?? 0);
    const distance = met(end, gain);
    if (distance < best.distance) {
      const next = order[end];
      best = { threshold: next === undefined ? low : fewestDecimals(scoreOf(next), score), distance };
    }
    start = end;
  }
  return best.distance === Infinity ? low : best.threshold;
}

/** How far a cut is from the goal: with the first `strong` queries strong, which adds `gain` to the sum of quality. */
function goalOf(
  { quality }: PairRows,
  places: readonly number[],
  goal: Goal,
): (strong: number, gain: number) => number {
  switch (goal.type) {
    case 'share':
      return (strong) => Math.abs(strong / places.length - goal.share);
    case 'quality': {
      const sum = (of: Float64Array | undefined): number =>
        places.reduce((total, place) => total + (of?.[place] ?? 0), 0);
      const [wanted, weak] = [goal.ratio * sum(quality?.strong), sum(quality?.weak)];
      // Of the cuts that keep it, the one with the fewest strong calls. A hair is rounding.
      return (strong, gain) => (weak + gain >= wanted - 1e-9 ? strong : Infinity);
    }
    default:
      return goal satisfies never;
  }
}

const gainOf = ({ quality }: PairRows, place: number): number =>
  quality === null ? 0 : (quality.strong[place] ?? 0) - (quality.weak[place] ?? 0);

/** A number in (below, above] with as few decimals as there can be. */
function fewestDecimals(below: number, above: number): number {
  const middle = (below + above) / 2;
  for (let decimals = 1; decimals < 12; decimals++) {
    const rounded = Number(middle.toFixed(decimals));
    if (rounded > below && rounded <= above) return rounded;
  }
  return above;
}

/** Means over the rows that count. */
export interface PairOutcome {
  readonly share: number;
  /** Null where outcomes are not known. */
  readonly quality: number | null;
  /** US dollars per query; null where they are not known. */
  readonly costUsd: number | null;
}

/** What a threshold comes to on these rows. */
export function outcomeAt(rows: PairRows, places: readonly number[], threshold: number): PairOutcome {
  const { scores, quality, costUsd } = rows;
  const isStrong = (place: number): boolean => Math.round((scores[place] ?? 0) * grain) / grain >= threshold;
  const mean = (value: (place: number) => number): number =>
    places.reduce((sum, place) => sum + value(place), 0) / places.length;
  const taken = (of: PairRows['quality']): number | null =>
    of === null ? null : mean((place) => (isStrong(place) ? of.strong : of.weak)[place] ?? 0);
  return { share: mean((place) => Number(isStrong(place))), quality: taken(quality), costUsd: taken(costUsd) };
}
