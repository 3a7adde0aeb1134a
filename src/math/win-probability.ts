/** What a tie counts: nothing, as in RouteLLM's `mf`; or half a win, as in its `sw_ranking`. */
export type Ties = 'dropped' | 'half';

/** Keeps the odds of a quality of exactly 0 or 1 finite. */
const least = 1e-9;

/**
 * The probability that one model beats another on a query, from the probability that each is right.
 *
 * `half`: 1/2 + (strong − weak) / 2. For outcomes of 0 or 1 that is P(win) + P(tie) / 2 whatever the dependence between
 * the two. `dropped`: the odds of one over the odds of the other, which is Bradley-Terry with logits for strengths, and
 * P(win | no tie) where the two are independent given the query.
 *
 * @param strong expected quality in [0, 1]. @param weak likewise. @returns in [0, 1]; 0.5 where both are equal.
 */
export function winProbability(strong: number, weak: number, ties: Ties): number {
  switch (ties) {
    case 'half':
      return 0.5 + (strong - weak) / 2;
    case 'dropped': {
      const wins = Math.max(least, strong) * Math.max(least, 1 - weak);
      const losses = Math.max(least, weak) * Math.max(least, 1 - strong);
      return wins / (wins + losses);
    }
    default:
      return ties satisfies never;
  }
}
