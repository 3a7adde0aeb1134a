import type { Candidate } from '../core/candidate.ts';
import type { Predictions } from '../core/decision.ts';
import type { PolicyDecision } from '../core/policy.ts';
import type { SessionView } from '../core/session.ts';
import { callOf, moveToFront, short } from '../math/choice.ts';

/**
 * Predicted costs with what prompt caches save: of a model that still holds t tokens of this conversation, t tokens of
 * the prompt are charged at the cached price. So leaving a warm model costs what its cache was worth, and coming back
 * within its lifetime is cheap again. Never below what the cached tokens cost.
 */
export function warmedCosts(
  predictions: Predictions,
  candidates: readonly Candidate[],
  session: SessionView,
  promptTokens: number,
): Predictions {
  const { cost } = predictions;
  if (cost === undefined) return predictions;
  let mean: Float64Array | null = null;
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i];
    if (candidate === undefined || candidate.price === null) continue;
    const warm = Math.min(session.warmTokens(candidate.model), promptTokens);
    if (warm === 0) continue;
    const { input, cachedInput } = candidate.price;
    mean ??= cost.mean.slice();
    const full = mean[i] ?? 0;
    mean[i] = Math.min(full, Math.max(full - warm * (input - cachedInput) * 1e-6, warm * cachedInput * 1e-6));
  }
  return mean === null ? predictions : { ...predictions, cost: { mean, deviation: cost.deviation } };
}

/**
 * Keeps a conversation on its model unless the switch pays: utility gained (quality - lambda x cost, at warmed costs)
 * must exceed the margin. Propensities follow: what would have been a switch that does not pay is a stay.
 */
export function stayOrSwitch(
  chosen: PolicyDecision,
  candidates: readonly Candidate[],
  predictions: Predictions,
  session: SessionView,
  lambda: number | null,
): PolicyDecision {
  const current = session.stay ? candidates.findIndex(({ model }) => model === session.model) : -1;
  if (current === -1 || chosen.plan.type !== 'route') return chosen;
  const utility = (i: number): number =>
    (predictions.quality?.mean[i] ?? 0) - (lambda ?? 0) * (predictions.cost?.mean[i] ?? 0);
  const stands = utility(current);
  const propensities = chosen.propensities.slice();
  for (let i = 0; i < candidates.length; i++) {
    if (i === current || utility(i) - stands > session.switchMargin) continue;
    propensities[current] = (propensities[current] ?? 0) + (propensities[i] ?? 0);
    propensities[i] = 0;
  }
  const wanted = chosen.ranking[0] ?? current;
  const gain = utility(wanted) - stands;
  if (wanted === current || gain > session.switchMargin) return { ...chosen, propensities };
  const ranking = chosen.ranking.slice();
  moveToFront(ranking, current);
  const model = candidates[wanted]?.model ?? '';
  return {
    ...chosen,
    plan: callOf(candidates, current),
    ranking,
    propensities,
    reason: `the conversation stays: switching to ${model} would gain ${short(gain)}`,
    note: undefined,
  };
}
