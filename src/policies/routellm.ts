import { Type } from 'typebox';
import { definePolicy } from '../core/policy.ts';
import { pairDescriptions, pairPolicy } from '../math/pair-policy.ts';
import { winProbability } from '../math/win-probability.ts';

/** Two models and the win rate from which the strong one is asked. */
export default definePolicy({
  summary: 'The strong model where it is predicted to win over the weak one with at least a threshold of probability.',
  source:
    "RouteLLM (arXiv 2406.18665): strong iff P(strong beats weak | query) >= alpha, RouteLLM's alpha being the threshold " +
    'here. Its routers are estimators: `mf` is preference, `sw_ranking` is sw-ranking, and any other estimator of quality ' +
    'will do. Deviations: the probability is worked out from the expected quality of the two. With ties at half a win (as in ' +
    'sw_ranking) it is 1/2 + (strong − weak) / 2, exact for answers that are right or wrong; with ties dropped (as in mf) it is the odds of ' +
    'one over the odds of the other, which is Bradley-Terry with logits for strengths. So thresholds published for ' +
    "RouteLLM's own routers mean nothing here, and do not transfer from one set of queries to another: " +
    '`pointsman calibrate` finds yours. A request may name it: `router-mf-0.11593`.',
  options: Type.Object({
    strong: Type.String({ description: pairDescriptions.strong }),
    weak: Type.String({ description: pairDescriptions.weak }),
    threshold: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.5,
      description: 'Least probability that the strong model wins; 0: always strong.',
    }),
    ties: Type.Union([Type.Literal('half'), Type.Literal('dropped')], {
      default: 'half',
      description: 'What a tie counts: half a win, or nothing.',
    }),
  }),
  uses: ['quality'],
  example: (models) => ({ strong: models.at(-1) ?? '', weak: models[0] ?? '', threshold: 0.5, ties: 'half' as const }),
  create: ({ strong, weak, threshold, ties }, { models }) =>
    pairPolicy(
      {
        policy: 'routellm',
        strong,
        weak,
        threshold,
        what: `chance that ${strong} beats ${weak}`,
        score: (strongQuality, weakQuality) => winProbability(strongQuality, weakQuality, ties),
      },
      models,
    ),
});
