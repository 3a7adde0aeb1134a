import { seededRandom } from '../../core/random.ts';
import { aiqPaperForm } from './aiq.ts';
import { curvePoints, distinctWays, type Outcomes } from './outcomes.ts';
import { sortedQuantile } from './quantile.ts';

/** A figure with its 95 % interval; both ends are NaN, null in JSON, where none was asked for or none can be had. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A figure that some draws, or the data themselves, do not have: null is 'never reached', the worst there is. */
export interface ReachedInterval {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** A figure over the whole set and on every resample. */
export interface Drawn {
  readonly value: number;
  /** [resamples]; those of figures with the same queries, resamples and seed are of the same draws, and may be subtracted. */
  readonly draws: Float64Array;
}

export interface AiqIntervals {
  readonly router: Interval;
  readonly zero: Interval;
  /** router - zero, resample by resample: the interval that says whether routing is worth it. */
  readonly gain: Interval;
  /** What `gain` was made of. */
  readonly drawnGain: Drawn;
}

/** Two figures of the same queries, and their difference resample by resample. */
export interface PairedIntervals {
  readonly a: Interval;
  readonly b: Interval;
  /** a - b. */
  readonly difference: Interval;
}

/** What is measured of a draw; `weights` [N] says how often each query was drawn, and is reused between calls. */
export type MeasureDraw<Measured> = (weights: Float64Array) => Measured;

/**
 * Paired bootstrap by query (Efron): each resample draws N queries with replacement, then the router's curve, the single
 * models, the cost range, both hulls and both AIQs are computed anew from the same draw. Percentiles 2.5 and 97.5.
 * Same seed, same numbers. 1,000 resamples of 650 queries x 11 models x 201 settings take about half a second.
 */
export function bootstrapAiq(router: Outcomes, singles: Outcomes, resamples: number, seed: string): AiqIntervals {
  const curve = distinctWays(router);
  const drawn = drawFigures(router.queries, resamples, seed, (weights) => {
    const points = curvePoints(singles, weights);
    return { own: aiqPaperForm(curvePoints(curve, weights), points), zero: aiqPaperForm(points, points) };
  });
  const drawnGain = difference(drawn('own'), drawn('zero'));
  return {
    router: intervalOf(drawn('own')),
    zero: intervalOf(drawn('zero')),
    gain: intervalOf(drawnGain),
    drawnGain,
  };
}

/** Mean difference of two ways [N] over the same queries, paired by query. */
export function bootstrapGain(a: Float64Array, b: Float64Array, resamples: number, seed: string): Interval {
  const differences = a.map((value, query) => value - (b[query] ?? 0));
  return bootstrapInterval(a.length, resamples, seed, (weights) => {
    let sum = 0;
    for (let query = 0; query < weights.length; query++) sum += (weights[query] ?? 0) * (differences[query] ?? 0);
    return sum / weights.length;
  });
}

/**
 * The interval of any difference between two figures of the same N queries: both are measured on every draw, so what
 * they share (hard queries, lucky queries) cancels.
 */
export function bootstrapDifference(
  queries: number,
  resamples: number,
  seed: string,
  measure: MeasureDraw<readonly [a: number, b: number]>,
): PairedIntervals {
  const drawn = drawFigures(queries, resamples, seed, (weights) => {
    const [a, b] = measure(weights);
    return { a, b };
  });
  const [a, b] = [drawn('a'), drawn('b')];
  return { a: intervalOf(a), b: intervalOf(b), difference: intervalOf(difference(a, b)) };
}

/** a - b, draw by draw. Both must be of the same queries, resamples and seed. */
export const difference = (a: Drawn, b: Drawn): Drawn => ({
  value: a.value - b.value,
  draws: a.draws.map((value, i) => value - (b.draws[i] ?? 0)),
});

/** The unweighted mean, draw by draw, of figures with the same number of resamples; NaN of none. */
export const meanDrawn = (figures: readonly Drawn[]): Drawn => ({
  value: figures.reduce((sum, { value }) => sum + value, 0) / figures.length,
  draws: Float64Array.from(
    figures[0]?.draws ?? [],
    (_, i) => figures.reduce((sum, { draws }) => sum + (draws[i] ?? 0), 0) / figures.length,
  ),
});

export const intervalOf = ({ value, draws }: Drawn): Interval => percentileInterval(value, draws);

/**
 * For a figure whose draws hold an infinity where it was not reached (-Infinity where more is better, else Infinity):
 * an end of the interval that falls among those is null.
 */
export function reachedInterval({ value, draws }: Drawn): ReachedInterval {
  const finite = (each: number): number | null => (Number.isFinite(each) ? each : null);
  const { low, high } = percentileInterval(value, draws);
  return { value: finite(value), low: finite(low), high: finite(high) };
}

/** Asked for a figure by its name. */
export type DrawnFigures<Figure extends string> = (figure: Figure) => Drawn;

/** As many figures at once as `measure` tells, each over the whole set and on every resample of N queries. */
export function drawFigures<Figure extends string>(
  queries: number,
  resamples: number,
  seed: string,
  measure: MeasureDraw<Readonly<Record<Figure, number>>>,
): DrawnFigures<Figure> {
  const whole = measure(new Float64Array(queries).fill(1));
  const drawn = new Map<Figure, Drawn>();
  for (const figure in whole) drawn.set(figure, { value: whole[figure], draws: new Float64Array(resamples) });
  eachResample(queries, resamples, seed, (weights, i) => {
    const measured = measure(weights);
    for (const [figure, { draws }] of drawn) draws[i] = measured[figure];
  });
  return (figure) => {
    const found = drawn.get(figure);
    if (found === undefined) throw new RangeError(`no figure "${figure}" was measured`);
    return found;
  };
}

/** The interval of any figure of N queries. */
export function bootstrapInterval(
  queries: number,
  resamples: number,
  seed: string,
  measure: MeasureDraw<number>,
): Interval {
  return intervalOf(drawFigures(queries, resamples, seed, (weights) => ({ only: measure(weights) }))('only'));
}

/** The intervals of several figures of N queries, in the order in which `measure` tells them. */
export function bootstrapIntervals(
  queries: number,
  resamples: number,
  seed: string,
  measure: MeasureDraw<readonly number[]>,
): readonly Interval[] {
  const names = measure(new Float64Array(queries).fill(1)).map((_, place) => String(place));
  const drawn = drawFigures(queries, resamples, seed, (weights): Readonly<Record<string, number>> => {
    const values = measure(weights);
    return Object.fromEntries(names.map((name, place) => [name, values[place] ?? Number.NaN]));
  });
  return names.map((name) => intervalOf(drawn(name)));
}

function eachResample(
  queries: number,
  resamples: number,
  seed: string,
  visit: (weights: Float64Array, resample: number) => void,
): void {
  const random = seededRandom(seed);
  const weights = new Float64Array(queries);
  for (let i = 0; i < resamples; i++) {
    weights.fill(0);
    for (let draw = 0; draw < queries; draw++) {
      const query = random.integer(queries);
      weights[query] = (weights[query] ?? 0) + 1;
    }
    visit(weights, i);
  }
}

/** The middle 95 % of `draws`, by linear interpolation between order statistics; NaN where there are none. */
export function percentileInterval(value: number, draws: Float64Array): Interval {
  if (draws.length === 0) return { value, low: NaN, high: NaN };
  const sorted = draws.slice().sort();
  return { value, low: sortedQuantile(sorted, 0.025), high: sortedQuantile(sorted, 0.975) };
}
