import { Type } from 'typebox';
import { defineEstimator } from '../core/estimator.ts';
import { seededRandom } from '../core/random.ts';
import { trainByAdam } from '../math/adam.ts';
import { calibrateScores, loadCalibrated } from '../math/calibrated-scores.ts';
import { linearFactors, trainableFactors } from '../math/factors.ts';
import { fitGeneralisedLinear } from '../math/generalised-linear.ts';
import { loadLinearPart } from '../math/linear-part.ts';
import { linearScores, loadLinearScores } from '../math/linear-scores.ts';
import { preferenceLoss } from '../math/preference-loss.ts';
import { onlineNote, trainedDefaults, trainedEstimator, trainedOptions } from '../math/trained-estimator.ts';

const plan = { batch: 64, steps: 3000, patience: 8, heldOut: 0.1, learningRate: 3e-3 };
/** Penalty of the log-linear regression that estimates cost. */
const costAlpha = 3;

/** Who would win: learned from which model did better, not from how well each did. */
export default defineEstimator({
  summary: 'Bradley-Terry strengths that depend on the query, learned from which of two models did better.',
  source:
    "RouteLLM's mf (arXiv 2406.18665): P(a beats b) = sigma(s_a − s_b), s_m = w . (P_m / |P_m| * W e), binary cross-" +
    'entropy, Adam, noise on the embedding, ties dropped. Deviations: any number of models instead of two, every pair ' +
    'of a row counts and each row weighs the same; an intercept per model (its strength whatever is asked); rank 32; ' +
    'early stopping on a held-out tenth. Quality is the mean of the model plus a common slope times how far its ' +
    'strength stands above the others, so differences carry meaning and the level is only the mean. Cost has no ' +
    `winners: it is the log-linear regression of logistic. A frozen embedder of the gateway.${onlineNote} A preference of ` +
    'one answer over another moves both models by half of what it says beyond the difference that was expected.',
  options: Type.Object({
    rank: Type.Integer({ minimum: 1, maximum: 512, default: 32, description: 'Abilities.' }),
    noise: Type.Number({ minimum: 0, default: 0.1, description: 'Length of the noise added to a query in training.' }),
    decay: Type.Number({ minimum: 0, default: 1e-4, description: 'Penalty on all factors, per row.' }),
    ...trainedOptions,
  }),
  needsEmbedding: true,
  takesPreferences: true,
  quantities: ['quality', 'cost'],
  settings: (rows) =>
    (rows.promptTokens.length > 10_000 ? [1e-4] : [1e-3, 3e-4, 1e-4]).map((decay) => ({
      rank: 32,
      noise: 0.1,
      decay,
      ...trainedDefaults,
    })),
  create(options, context) {
    const { quantity } = context;
    return trainedEstimator(
      {
        name: 'preference',
        version: 1,
        compares: true,
        fit(rows) {
          if (quantity !== 'quality') return fitGeneralisedLinear(quantity, rows, costAlpha);
          const { width, models } = rows;
          const shape = { width, models, rank: options.rank };
          const random = seededRandom('preference');
          const even = new Float64Array(models);
          const factors = trainableFactors(rows.inputs, shape, even, options, preferenceLoss(rows), random);
          const { heldOut } = trainByAdam(factors, rows.count, plan, random);
          const { weights, intercepts } = linearFactors(factors.parameters, shape);
          const judged = heldOut.length > 0 ? heldOut : Array.from({ length: rows.count }, (_, row) => row);
          return calibrateScores(linearScores(weights, intercepts), rows, judged);
        },
        load: (reader, models, width) =>
          quantity === 'quality'
            ? loadCalibrated(loadLinearScores(reader, models, width), reader, models)
            : loadLinearPart(quantity, reader, models, width),
      },
      options,
      context,
    );
  },
});
