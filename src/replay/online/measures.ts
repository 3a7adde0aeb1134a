import { sortedQuantile } from '../metrics/quantile.ts';
import { bestFixedWay } from '../metrics/regret.ts';
import { utilitiesOfWay } from '../metrics/utility.ts';
import { largestWindow } from '../metrics/windows.ts';
import type { Course } from './stream.ts';

/** Mean over [from, to). */
export function meanOver(values: ArrayLike<number>, from = 0, to = values.length): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += values[i] ?? 0;
  return sum / Math.max(1, to - from);
}

/** (utility − random) / (reference − random) over [from, to): 0 is choosing at random, 1 is the reference. */
export function normalisedUtility(course: Course, from: number, to = course.utility.length): number {
  const random = meanOver(course.random, from, to);
  return (meanOver(course.utility, from, to) - random) / (meanOver(course.reference, from, to) - random);
}

/** Mean utility of the best model for all steps, of those that were always there: what a fixed router would have had. */
export const bestFixed = ({ arms }: Course): number => meanOver(utilitiesOfWay(arms, bestFixedWay(arms)));

/** Mean cost over [from, to), in budgets. */
export const spending = (course: Course, budget: number, from = 0, to = course.costUsd.length): number =>
  meanOver(course.costUsd, from, to) / budget;

/** The dearest window of `width` steps inside [from, to), in budgets. */
export const worstSpending = (
  course: Course,
  budget: number,
  width: number,
  from = 0,
  to = course.costUsd.length,
): number => largestWindow(course.costUsd.subarray(from, to), width).sum / Math.min(width, to - from) / budget;

/** Share of [from, to) in which the model was asked. */
export function shareOf(chosen: Int32Array, model: number, from: number, to: number): number {
  let count = 0;
  for (let step = from; step < to; step++) if (chosen[step] === model) count++;
  return count / Math.max(1, to - from);
}

/**
 * First step after `from` whose last `width` steps (all after `from`) ask the model in a share for which `there` holds;
 * null where that never comes.
 */
export function firstShare(
  chosen: Int32Array,
  model: number,
  from: number,
  width: number,
  there: (share: number) => boolean,
): number | null {
  let count = 0;
  for (let step = from; step < chosen.length; step++) {
    if (chosen[step] === model) count++;
    if (step - width >= from && chosen[step - width] === model) count--;
    if (step - from + 1 >= width && there(count / width)) return step;
  }
  return null;
}

/** How often the model was asked in [from, to). */
export const pulls = (chosen: Int32Array, model: number, from: number, to: number): number =>
  shareOf(chosen, model, from, to) * Math.max(1, to - from);

/** `points` means of equal stretches: a curve to draw. */
export function curve(values: Float64Array, points: number): readonly number[] {
  return Array.from({ length: points }, (_, i) =>
    meanOver(values, Math.floor((i * values.length) / points), Math.floor(((i + 1) * values.length) / points)),
  );
}

/** Median and quartiles over seeds. */
export interface Quartiles {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

export function quartiles(values: readonly number[]): Quartiles {
  const sorted = Float64Array.from(values).sort();
  return { low: sortedQuantile(sorted, 0.25), median: sortedQuantile(sorted, 0.5), high: sortedQuantile(sorted, 0.75) };
}
