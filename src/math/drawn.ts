import type { Candidate } from '../core/candidate.ts';
import type { PolicyDecision } from '../core/policy.ts';
import type { Random } from '../core/random.ts';
import { callOf, drawIndex, moveToFront, rank } from './choice.ts';

/**
 * A decision that is drawn: its propensities are the very numbers it was drawn with. Fallbacks follow by probability,
 * then by `scores`.
 *
 * @param reasonFor of the chosen place.
 */
export function drawnDecision(
  candidates: readonly Candidate[],
  propensities: Float64Array,
  lambda: number | null,
  random: Random,
  reasonFor: (chosen: number) => string,
): PolicyDecision {
  const chosen = drawIndex(propensities, random);
  const { ranking } = rank(propensities, null, random);
  moveToFront(ranking, chosen);
  return { plan: callOf(candidates, chosen), ranking, propensities, reason: reasonFor(chosen), lambda };
}
