import { Type } from 'typebox';
import { defineEstimator } from '../core/estimator.ts';
import { seededRandom } from '../core/random.ts';
import { trainByAdam } from '../math/adam.ts';
import { linearFactors, trainableFactors } from '../math/factors.ts';
import { linearPart, loadLinearPart } from '../math/linear-part.ts';
import { linkOf } from '../math/link.ts';
import { targetMeans } from '../math/prepared-rows.ts';
import { onlineNote, trainedDefaults, trainedEstimator, trainedOptions } from '../math/trained-estimator.ts';

const plan = { batch: 64, steps: 3000, patience: 8, heldOut: 0.1, learningRate: 3e-3 };

/** Models and queries as vectors in one space of abilities. */
export default defineEstimator({
  summary: 'Learns a vector of abilities per model and what a query asks of them.',
  source:
    "EmbedLLM's matrix factorisation (arXiv 2410.02223): P(right) = sigma(w . (P_m / |P_m| * W e)), cross-entropy, Adam, " +
    'normal noise 0.05 on the embedding. Deviations: an intercept per model, so that a query that says nothing gets ' +
    'the mean; rank 32 instead of 232, as pools are smaller; the noise is spread over the whole vector; early ' +
    'stopping on a held-out tenth instead of 50 epochs; scores between 0 and 1 are fractional labels; a frozen ' +
    `embedder of the gateway.${onlineNote}`,
  options: Type.Object({
    rank: Type.Integer({ minimum: 1, maximum: 512, default: 32, description: 'Abilities.' }),
    noise: Type.Number({ minimum: 0, default: 0.05, description: 'Length of the noise added to a query in training.' }),
    decay: Type.Number({ minimum: 0, default: 1e-4, description: 'Penalty on all factors, per row.' }),
    ...trainedOptions,
  }),
  needsEmbedding: true,
  quantities: ['quality', 'cost'],
  settings: (rows) =>
    (rows.promptTokens.length > 10_000 ? [1e-4] : [1e-3, 3e-4, 1e-4]).map((decay) => ({
      rank: 32,
      noise: 0.05,
      decay,
      ...trainedDefaults,
    })),
  create(options, context) {
    const { quantity } = context;
    const link = linkOf(quantity);
    return trainedEstimator(
      {
        name: 'matrix-factorization',
        version: 1,
        fit(rows) {
          const { width, models, targets } = rows;
          const shape = { width, models, rank: options.rank };
          const random = seededRandom('matrix-factorization');
          const starts = targetMeans(rows, quantity === 'quality' ? 0.5 : 1).map((mean) => link.score(mean));
          const rowLoss = (row: number, scores: Float64Array, slopes: Float64Array): number => {
            let loss = 0;
            for (let m = 0; m < models; m++) {
              const target = targets[row * models + m] ?? NaN;
              if (Number.isNaN(target)) continue;
              loss += link.loss(scores[m] ?? 0, target);
              slopes[m] = link.mean(scores[m] ?? 0) - target;
            }
            return loss;
          };
          const factors = trainableFactors(rows.inputs, shape, starts, options, rowLoss, random);
          trainByAdam(factors, rows.count, plan, random);
          const { weights, intercepts } = linearFactors(factors.parameters, shape);
          return linearPart(quantity, weights, intercepts);
        },
        load: (reader, models, width) => loadLinearPart(quantity, reader, models, width),
      },
      options,
      context,
    );
  },
});
