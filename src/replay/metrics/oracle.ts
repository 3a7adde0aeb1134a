import type { Outcomes } from './outcomes.ts';

/**
 * RouterBench's oracle: for each query a model with the highest quality, of equals the cheapest; a query that no model
 * gets right (all 0) costs nothing. Knows the answers and rides on lucky guesses: a bound, not a goal.
 * Source: withmartian/routerbench, column oracle_model_to_route_to. One way over the same queries.
 */
export function oracleOutcomes(singles: Outcomes): Outcomes {
  const { ways, queries } = singles;
  const quality = new Float64Array(queries);
  const costUsd = new Float64Array(queries);
  for (let query = 0; query < queries; query++) {
    let best = 0;
    let cost = 0;
    for (let way = 0; way < ways; way++) {
      const score = singles.quality[way * queries + query] ?? 0;
      const price = singles.costUsd[way * queries + query] ?? 0;
      if (score > best || (score === best && score > 0 && price < cost)) {
        best = score;
        cost = price;
      }
    }
    quality[query] = best;
    costUsd[query] = cost;
  }
  return { ways: 1, queries, quality, costUsd };
}
