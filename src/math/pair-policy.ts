import { PointsmanError } from '../core/errors.ts';
import type { Policy } from '../core/policy.ts';
import { callOf, moveToFront, rank, short } from './choice.ts';
import { newDoubles } from './slab.ts';

/** Which of two models is asked, by one number. */
export interface PairRule {
  /** The policy's name, for errors. */
  readonly policy: string;
  /** Model id of the route. */
  readonly strong: string;
  /** Model id of the route. */
  readonly weak: string;
  /** The strong model is asked from here up. */
  readonly threshold: number;
  /** What is compared with the threshold, as the reason calls it: `gain of gpt-4 over mixtral`. */
  readonly what: string;
  /** Of expected qualities in [0, 1]. */
  score(strongQuality: number, weakQuality: number): number;
}

/**
 * The strong model where the score reaches the threshold, else the weak one; the other of the pair is the first
 * fallback. Where only one of them is eligible it is taken; where neither is, the best predicted. Throws
 * `invalid_config` where the two are not two models of the route.
 *
 * @param models every model id of the route.
 */
export function pairPolicy(rule: PairRule, models: readonly string[]): Policy<'quality'> {
  const { policy, strong, weak, threshold, what } = rule;
  for (const [param, model] of [
    ['strong', strong],
    ['weak', weak],
  ] as const) {
    if (models.includes(model)) continue;
    throw new PointsmanError(
      'invalid_config',
      `${policy}: ${param} "${model}" is not one of the route's: ${models.join(', ')}.`,
      { param },
    );
  }
  if (strong === weak && models.length > 1) {
    throw new PointsmanError('invalid_config', `${policy}: strong and weak are both "${strong}"; name two models.`, {
      param: 'weak',
    });
  }
  return {
    decide({ candidates, predictions, random }) {
      const quality = predictions.quality.mean;
      const { ranking, leaders } = rank(quality, null, random);
      const strongAt = candidates.findIndex(({ model }) => model === strong);
      const weakAt = candidates.findIndex(({ model }) => model === weak);
      const propensities = newDoubles(candidates.length);
      let reason: string;
      if (strongAt >= 0 && weakAt >= 0) {
        const score = rule.score(quality[strongAt] ?? 0, quality[weakAt] ?? 0);
        const worth = score >= threshold;
        moveToFront(ranking, worth ? weakAt : strongAt);
        moveToFront(ranking, worth ? strongAt : weakAt);
        reason = `${what} is ${short(score)}, ${worth ? 'at least' : 'below'} ${short(threshold)}`;
      } else if (strongAt >= 0 || weakAt >= 0) {
        moveToFront(ranking, Math.max(strongAt, weakAt));
        reason = `only ${strongAt >= 0 ? strong : weak} of the pair is eligible`;
      } else {
        for (let place = 0; place < leaders; place++) propensities[ranking[place] ?? 0] = 1 / leaders;
        reason = `neither ${strong} nor ${weak} is eligible, quality ${short(quality[ranking[0] ?? 0] ?? 0)} is the best of the rest`;
      }
      if (strongAt >= 0 || weakAt >= 0) propensities[ranking[0] ?? 0] = 1;
      return { plan: callOf(candidates, ranking[0]), ranking, propensities, reason, lambda: null };
    },
  };
}

/** Options of every policy over a pair. */
export const pairDescriptions = {
  strong: 'Model id of the route: the better and dearer one.',
  weak: 'Model id of the route: the cheaper one.',
} as const;
