import { Type } from 'typebox';
import { definePolicy } from '../core/policy.ts';
import { callOf, leaderPropensities, rank, short } from '../math/choice.ts';

/** Quality and cheapness, each relative to the candidates at hand. */
export default definePolicy({
  summary: 'Relative quality against relative cheapness, weighed by alpha.',
  source:
    'Avengers-Pro (arXiv 2508.12631): score = alpha x minmax(quality) + (1 − alpha) x (1 − cost / highest cost), with the ' +
    'estimator clusters. Deviations: it scales within each cluster and then sums over clusters, here the candidates of ' +
    'one query are scaled after that sum. For a price per dollar that means the same for every query, take cost-aware.',
  options: Type.Object({
    alpha: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.5,
      description: '1: the best predicted; 0: the cheapest.',
    }),
  }),
  uses: ['quality', 'cost'],
  example: () => ({ alpha: 0.5 }),
  create: ({ alpha }) => ({
    decide({ candidates, predictions, random }) {
      const quality = predictions.quality.mean;
      const costUsd = predictions.cost.mean;
      const lowest = Math.min(...quality);
      const range = Math.max(...quality) - lowest;
      const dearest = Math.max(...costUsd);
      const scores = Array.from(quality, (value, i) => {
        const relative = range > 0 ? (value - lowest) / range : 1;
        const cheapness = dearest > 0 ? 1 - (costUsd[i] ?? 0) / dearest : 1;
        return alpha * relative + (1 - alpha) * cheapness;
      });
      const ranked = rank(scores, costUsd, random);
      const [first = 0, second] = ranked.ranking;
      const next = second === undefined ? '' : `, next ${candidates[second]?.model} at ${short(scores[second] ?? 0)}`;
      return {
        plan: callOf(candidates, first),
        ranking: ranked.ranking,
        propensities: leaderPropensities(ranked),
        reason: `score ${short(scores[first] ?? 0)} at alpha ${short(alpha)}${next}`,
        lambda: null,
      };
    },
  }),
});
