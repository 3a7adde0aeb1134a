import { Type } from 'typebox';
import { defineEstimator } from '../core/estimator.ts';
import { calibrateScores, loadCalibrated, type Scores } from '../math/calibrated-scores.ts';
import { fitGeneralisedLinear } from '../math/generalised-linear.ts';
import { loadLinearPart } from '../math/linear-part.ts';
import { takePrepared, targetMeans } from '../math/prepared-rows.ts';
import { onlineNote, trainedDefaults, trainedEstimator, trainedOptions } from '../math/trained-estimator.ts';
import { gamesOf, gameScores, loadGames, type Games } from '../math/weighted-games.ts';

/** Penalty of the log-linear regression that estimates cost. */
const costAlpha = 3;
/** Rows that the scale of quality is fitted on: a tenth, and at most so many, since each asks all others. */
const mostJudged = 500;

/** Who would win, by a ranking made for each query from the games on queries like it. */
export default defineEstimator({
  summary: 'Bradley-Terry strengths fitted anew for every query, with games on similar queries weighing more.',
  source:
    "RouteLLM's sw_ranking (arXiv 2406.18665): every row is a game between each two of its models, a tie half a win each, " +
    'with the weight base^(cosine / highest cosine); strengths maximise the weighted Bradley-Terry likelihood, without an ' +
    'intercept. Deviations: any number of models instead of two; every model is ranked itself, where RouteLLM ranks ten tiers of ' +
    'the models of an arena; natural strengths instead of Elo (a factor of 400 / ln 10); half a win of prior games ' +
    'between each two, so that whoever never lost is not infinitely strong; at most max_rows games are kept. Quality is ' +
    'the mean of the model plus a common slope, fitted on held-out rows, times how far its strength stands above the others. Cost has no winners: ' +
    `it is the log-linear regression of logistic. Slow: a prediction reads every row.${onlineNote}`,
  options: Type.Object({
    base: Type.Number({
      minimum: 1,
      maximum: 1e12,
      default: 10,
      description: "How many times as much the nearest row counts as one at a right angle; RouteLLM's is 10.",
    }),
    prior_wins: Type.Number({
      exclusiveMinimum: 0,
      default: 0.5,
      description: 'Wins of every model against every other beforehand, each as heavy as the nearest row.',
    }),
    max_rows: Type.Integer({ minimum: 1, default: 20_000, description: 'Training rows kept, drawn by a hash.' }),
    ...trainedOptions,
  }),
  needsEmbedding: true,
  quantities: ['quality', 'cost'],
  settings: () => [10, 1e3, 1e6].map((base) => ({ base, prior_wins: 0.5, max_rows: 20_000, ...trainedDefaults })),
  create(options, context) {
    const { quantity } = context;
    const shapeOf = (models: number, width: number) => ({
      models,
      width,
      base: options.base,
      prior: options.prior_wins,
    });
    return trainedEstimator(
      {
        name: 'sw-ranking',
        version: 1,
        fit(rows) {
          if (quantity !== 'quality') return fitGeneralisedLinear(quantity, rows, costAlpha);
          // Canonical order is as good as shuffled, so its first rows are a fair sample.
          const places = Array.from({ length: Math.min(rows.count, options.max_rows) }, (_, place) => place);
          const kept = places.length === rows.count ? rows : takePrepared(rows, places);
          const judged = places.slice(0, Math.min(mostJudged, Math.ceil(kept.count / 10)));
          const shape = shapeOf(rows.models, rows.width);
          const held = takePrepared(kept, judged);
          const current: { scores: Scores } = { scores: gameScores(gamesOf(kept, judged.length), shape) };
          const scores: Scores = {
            score: (input, out) => current.scores.score(input, out),
            save: () => current.scores.save(),
          };
          const part = calibrateScores(scores, held, judged, targetMeans(rows, 0.5));
          // What was held out to find the scale is read from now on.
          current.scores = gameScores(gamesOf(kept, 0), shape);
          return part;
        },
        load(reader, models, width) {
          if (quantity !== 'quality') return loadLinearPart(quantity, reader, models, width);
          const games: Games = loadGames(reader, models, width);
          return loadCalibrated(gameScores(games, shapeOf(models, width)), reader, models);
        },
      },
      options,
      context,
    );
  },
});
