/** How well spending kept to a budget per query. 1 is exactly on it, above 1 over it. */
export interface BudgetViolation {
  /** max over t of spend_t / (t x budget). */
  readonly worst: number;
  /** The first query (from 0) at which it stood there. */
  readonly worstAt: number;
  /** spend_N / (N x budget). */
  readonly final: number;
}

/**
 * Spending so far against what the budget allows so far. The first few queries say little (one dear answer is many times
 * a mean budget), so `from` queries are let pass before the maximum counts. NaN where nothing was asked.
 *
 * @param costUsd [N] in time order.
 * @param budgetUsd per query, > 0.
 * @param from at least 1; the maximum is over t >= from.
 * Source: budget-paced bandits, e.g. ParetoBandit; the ratio form is ours.
 */
export function budgetViolation(costUsd: Float64Array, budgetUsd: number, from = 1): BudgetViolation {
  let spend = 0;
  let worst = Number.NaN;
  let worstAt = 0;
  let ratio = Number.NaN;
  costUsd.forEach((cost, query) => {
    spend += cost;
    ratio = spend / ((query + 1) * budgetUsd);
    if (query + 1 < from) return;
    if (!(ratio <= worst)) [worst, worstAt] = [ratio, query];
  });
  return { worst, worstAt, final: ratio };
}
