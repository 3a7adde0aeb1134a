/**
 * An interval for the mean of values in [0, 1] that holds at every moment at once: with probability 1 - alpha it never misses,
 * however often one looks and whenever one stops. It needs no fixed distribution, only a mean that stays the same given the past.
 * Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 2024, theorem 2
 * (predictable plug-in empirical Bernstein); after Howard et al., Annals of Statistics 2021. Six numbers of state.
 */
export interface Sequence {
  count: number;
  sum: number;
  /** Sum of (x - running mean)^2, each with the mean after it. */
  squares: number;
  /** Sums over observations of the bet, of bet x value, and of the price of not knowing the variance. */
  bets: number;
  bet: number;
  price: number;
}

export const sequenceWidth = 6;

export const newSequence = (): Sequence => ({ count: 0, sum: 0, squares: 0, bets: 0, bet: 0, price: 0 });

/** Bets stay below 1, where the bound would be infinite. */
const highestBet = 0.5;

/** Folds one value in; outside of [0, 1] it counts as the nearer end. `alpha` must be the same for all of one sequence. */
export function addToSequence(sequence: Sequence, value: number, alpha: number): void {
  const x = Math.min(1, Math.max(0, value));
  const { count } = sequence;
  // Both are known before x is: a regularised mean and variance of what came before.
  const meanBefore = (0.5 + sequence.sum) / (count + 1);
  const varianceBefore = (0.25 + sequence.squares) / (count + 1);
  const next = count + 1;
  const bet = Math.min(highestBet, Math.sqrt((2 * Math.log(2 / alpha)) / (varianceBefore * next * Math.log(1 + next))));
  sequence.bets += bet;
  sequence.bet += bet * x;
  sequence.price += (x - meanBefore) ** 2 * (-Math.log(1 - bet) - bet);
  sequence.count = next;
  sequence.sum += x;
  const mean = (0.5 + sequence.sum) / (next + 1);
  sequence.squares += (x - mean) ** 2;
}

/** All of [0, 1] before the first value. */
export function sequenceInterval({ count, bets, bet, price }: Sequence, alpha: number): { low: number; high: number } {
  if (count === 0) return { low: 0, high: 1 };
  const centre = bet / bets;
  const half = (Math.log(2 / alpha) + price) / bets;
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}
