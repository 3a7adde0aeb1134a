import type { Candidate } from '../core/candidate.ts';
import type { Plan } from '../core/decision.ts';
import { PointsmanError } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import { newDoubles } from './slab.ts';

/** An order over candidates, and how many of them share the first place. */
export interface Ranked {
  /** Indices, best first, each once. The first is already drawn fairly among the leaders. */
  readonly ranking: number[];
  /** Candidates tied for the first place, at least 1; they stand at the front of `ranking`. */
  readonly leaders: number;
}

/**
 * Indices by score, highest first; an exact tie goes to the lower cost, an exact tie in both to chance. Insertion sort:
 * a route has tens of candidates, and `decide` runs millions of times in a sweep.
 */
export function rank(scores: ArrayLike<number>, costs: ArrayLike<number> | null, random: Random): Ranked {
  const ranking: number[] = [];
  for (let i = 0; i < scores.length; i++) {
    let place = i;
    while (place > 0 && compare(scores, costs, i, ranking[place - 1] ?? 0) < 0) {
      ranking[place] = ranking[place - 1] ?? 0;
      place--;
    }
    ranking[place] = i;
  }
  let leaders = 0;
  for (let start = 0; start < ranking.length;) {
    let end = start + 1;
    while (end < ranking.length && compare(scores, costs, ranking[start] ?? 0, ranking[end] ?? 0) === 0) end++;
    shuffle(ranking, start, end, random);
    if (start === 0) leaders = end;
    start = end;
  }
  return { ranking, leaders };
}

/** Negative where `a` goes before `b`. */
function compare(scores: ArrayLike<number>, costs: ArrayLike<number> | null, a: number, b: number): number {
  const scoreA = scores[a] ?? 0;
  const scoreB = scores[b] ?? 0;
  if (scoreA !== scoreB) return scoreA > scoreB ? -1 : 1;
  if (costs === null) return 0;
  const costA = costs[a] ?? 0;
  const costB = costs[b] ?? 0;
  return costA === costB ? 0 : costA < costB ? -1 : 1;
}

/** Fisher-Yates over [start, end), in place. Draws nothing for a single item. */
export function shuffle(items: number[], start: number, end: number, random: Random): void {
  for (let last = end - 1; last > start; last--) {
    const other = start + random.integer(last - start + 1);
    const item = items[last] ?? 0;
    items[last] = items[other] ?? 0;
    items[other] = item;
  }
}

/** quality - lambda x cost of each candidate, in quality. */
export function utilities(quality: Float64Array, costUsd: Float64Array, lambda: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < quality.length; i++) out.push((quality[i] ?? 0) - lambda * (costUsd[i] ?? 0));
  return out;
}

/** What a deterministic rule with fair ties would choose: the first place split equally among its leaders. */
export function leaderPropensities({ ranking, leaders }: Ranked): Float64Array {
  const propensities = newDoubles(ranking.length);
  for (let place = 0; place < leaders; place++) propensities[ranking[place] ?? 0] = 1 / leaders;
  return propensities;
}

/** (1 - epsilon) x propensities + epsilon / n, in place. */
export function mixUniform(propensities: Float64Array, epsilon: number): void {
  const share = epsilon / propensities.length;
  for (let i = 0; i < propensities.length; i++) propensities[i] = (1 - epsilon) * (propensities[i] ?? 0) + share;
}

/** An index drawn with these probabilities; never one whose probability is 0. */
export function drawIndex(probabilities: Float64Array, random: Random): number {
  const mark = random.next();
  let sum = 0;
  let last = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const probability = probabilities[i] ?? 0;
    if (probability <= 0) continue;
    sum += probability;
    last = i;
    if (mark < sum) return i;
  }
  // Rounding can leave the sum a hair below 1 and the mark above it.
  return last;
}

/** Puts `index` first and keeps the order of the others, in place. */
export function moveToFront(ranking: number[], index: number): void {
  let carried = index;
  for (let place = 0; place < ranking.length; place++) {
    const here = ranking[place] ?? 0;
    ranking[place] = carried;
    if (here === index) return;
    carried = here;
  }
}

/** The plan of one call to one candidate. */
export function callOf(candidates: readonly Candidate[], index: number | undefined): Plan & { type: 'route' } {
  const candidate = index === undefined ? undefined : candidates[index];
  if (candidate === undefined) {
    throw new PointsmanError('internal_error', `A policy chose place ${index} of ${candidates.length} candidates.`);
  }
  return { type: 'route', model: candidate.model };
}

/** At most three decimals, for reasons: 0.8125 -> "0.813". */
export function short(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}

/** Two significant digits in dollars, for reasons: 0.000312 -> "$0.00031". */
export function dollars(costUsd: number): string {
  return `$${Number(costUsd.toPrecision(2))}`;
}

/** "quality 0.81 − 120 × $0.00031 = 0.773, next gpt-4 at 0.71": what settled a choice by utility. */
export function utilityReason(
  candidates: readonly Candidate[],
  quality: Float64Array,
  costUsd: Float64Array,
  lambda: number,
  scores: readonly number[],
  { ranking, leaders }: Ranked,
): string {
  const first = ranking[0] ?? 0;
  const sum = `quality ${short(quality[first] ?? 0)} − ${short(lambda)} × ${dollars(costUsd[first] ?? 0)} = ${short(scores[first] ?? 0)}`;
  const second = ranking[1];
  if (second === undefined) return `${sum}, the only candidate`;
  if (leaders > 1) return `${sum}, drawn among ${leaders} that tie exactly`;
  return `${sum}, next ${candidates[second]?.model ?? ''} at ${short(scores[second] ?? 0)}`;
}
