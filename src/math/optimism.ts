import type { Candidate } from '../core/candidate.ts';
import type { PolicyDecision } from '../core/policy.ts';
import type { Random } from '../core/random.ts';
import { callOf, dollars, leaderPropensities, rank, short } from './choice.ts';
import { newDoubles } from './slab.ts';

/** What an optimistic rule believes of each candidate, all [candidates]. */
export interface Optimism {
  readonly quality: ArrayLike<number>;
  /** What is added for not knowing; Infinity for a candidate that has to be tried first. */
  readonly bonus: ArrayLike<number>;
  readonly costUsd: ArrayLike<number>;
}

/** argmax of quality + bonus − lambda x cost. Candidates that have to be tried first come first, cheapest before dearer. */
export function optimisticDecision(
  candidates: readonly Candidate[],
  { quality, bonus, costUsd }: Optimism,
  lambda: number,
  random: Random,
): PolicyDecision {
  const scores = newDoubles(candidates.length);
  for (let i = 0; i < scores.length; i++) {
    const hope = bonus[i] ?? 0;
    // Costs of the untried stay out of their score: lambda may be large enough to drown any finite one.
    scores[i] = hope === Infinity ? Infinity : (quality[i] ?? 0) + hope - lambda * (costUsd[i] ?? 0);
  }
  const ranked = rank(scores, costUsd, random);
  const first = ranked.ranking[0] ?? 0;
  const reason =
    bonus[first] === Infinity
      ? `${candidates[first]?.model ?? ''} was not tried enough to judge it`
      : `quality ${short(quality[first] ?? 0)} + ${short(bonus[first] ?? 0)} for not knowing − ${short(lambda)} × ` +
        `${dollars(costUsd[first] ?? 0)} = ${short(scores[first] ?? 0)} is the highest of ${candidates.length}`;
  return {
    plan: callOf(candidates, first),
    ranking: ranked.ranking,
    propensities: leaderPropensities(ranked),
    reason,
    lambda,
  };
}
