import type { Candidate } from '../core/candidate.ts';
import type { PolicyDecision } from '../core/policy.ts';
import type { Random } from '../core/random.ts';
import { callOf, mixUniform, moveToFront, short } from '../math/choice.ts';

/**
 * A route's own exploration on top of any policy: with probability epsilon one candidate is drawn uniformly, so that
 * the log supports off-policy evaluation. Propensities are those of the mixture, whether or not it explored this time.
 */
export function explore(
  decision: PolicyDecision,
  candidates: readonly Candidate[],
  epsilon: number,
  random: Random,
): PolicyDecision {
  if (epsilon === 0 || decision.plan.type === 'reject') return decision;
  const propensities = decision.propensities.slice();
  mixUniform(propensities, epsilon);
  if (random.next() >= epsilon) return { ...decision, propensities };
  const ranking = decision.ranking.slice();
  moveToFront(ranking, random.integer(candidates.length));
  const plan = callOf(candidates, ranking[0]);
  const reason = `the route explores with probability ${short(epsilon)}, drawn among ${candidates.length}`;
  return { ...decision, plan, ranking, propensities, reason };
}
