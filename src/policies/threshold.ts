import { Type } from 'typebox';
import { definePolicy } from '../core/policy.ts';
import { pairDescriptions, pairPolicy } from '../math/pair-policy.ts';

/** Two models and one number. Where only one of the pair is eligible it is taken; where neither is, the best predicted. */
export default definePolicy({
  summary: 'The strong model where it is predicted to be better than the weak one by at least a threshold.',
  source:
    "RouteLLM's rule (arXiv 2406.18665) on predicted quality: strong iff quality[strong] − quality[weak] >= threshold. " +
    'Deviations: RouteLLM thresholds a win rate alpha in [0, 1] (that is `routellm`); this is the gain in [−1, 1], so that ' +
    'a threshold says how much quality a call of the strong model has to bring. `pointsman calibrate` finds the threshold ' +
    'for a share of strong calls or for a quality.',
  options: Type.Object({
    strong: Type.String({ description: pairDescriptions.strong }),
    weak: Type.String({ description: pairDescriptions.weak }),
    threshold: Type.Number({
      minimum: -1,
      maximum: 1,
      default: 0.1,
      description: 'Least predicted gain in quality that is worth the strong model.',
    }),
  }),
  uses: ['quality'],
  example: (models) => ({ strong: models.at(-1) ?? '', weak: models[0] ?? '', threshold: 0.1 }),
  create: ({ strong, weak, threshold }, { models }) =>
    pairPolicy(
      {
        policy: 'threshold',
        strong,
        weak,
        threshold,
        what: `gain of ${strong} over ${weak}`,
        score: (strongQuality, weakQuality) => strongQuality - weakQuality,
      },
      models,
    ),
});
