import { Type } from 'typebox';
import { defineEstimator } from '../core/estimator.ts';
import { seededRandom } from '../core/random.ts';
import { trainByAdam } from '../math/adam.ts';
import { perceptronParameters, perceptronPart, trainablePerceptron } from '../math/perceptron.ts';
import { onlineNote, trainedDefaults, trainedEstimator, trainedOptions } from '../math/trained-estimator.ts';

const plan = { batch: 64, steps: 3000, patience: 8, heldOut: 0.1 };

/** Penalty and passes: more of one needs more of the other. */
const shapes = [
  [1e-2, 20],
  [3e-3, 20],
  [3e-3, 60],
  [1e-3, 60],
  [3e-4, 60],
  [1e-3, 180],
] as const;

/** One hidden layer that all models share. */
export default defineEstimator({
  summary: 'A small neural network: one hidden layer that all models share, one head per model.',
  source:
    'MLP router of RouterBench (arXiv 2403.12031), hidden 100, relu, Adam 1e-3. Deviations: one network for all models ' +
    'instead of one regressor each; cross-entropy behind a logistic curve (CARROT, arXiv 2502.03261, multi-label) ' +
    'instead of squared error; mini-batches of 64 with early stopping on a held-out tenth, a decaying rate, and a ' +
    `hashed or other frozen embedder.${onlineNote}`,
  options: Type.Object({
    hidden: Type.Integer({ minimum: 1, maximum: 1024, default: 64, description: 'Units of the hidden layer.' }),
    decay: Type.Number({ minimum: 0, default: 1e-3, description: 'Penalty on the weights, per row.' }),
    learning_rate: Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 3e-3, description: "Adam's first rate." }),
    passes: Type.Integer({
      minimum: 1,
      default: 60,
      description: 'Times that a small set is passed, at most; at most 3,000 steps in all.',
    }),
    ...trainedOptions,
  }),
  needsEmbedding: true,
  quantities: ['quality', 'cost'],
  settings: () =>
    shapes.map(([decay, passes]) => ({ hidden: 64, decay, learning_rate: 3e-3, passes, ...trainedDefaults })),
  create: (options, context) =>
    trainedEstimator(
      {
        name: 'mlp',
        version: 1,
        fit(rows) {
          const shape = { width: rows.width, hidden: options.hidden, models: rows.models };
          const random = seededRandom('mlp');
          const network = trainablePerceptron(context.quantity, rows, shape, options.decay, random);
          trainByAdam(
            network,
            rows.count,
            { ...plan, learningRate: options.learning_rate, passes: options.passes },
            random,
          );
          return perceptronPart(context.quantity, shape, network.parameters);
        },
        load(reader, models, width) {
          reader.expect('hidden', options.hidden);
          const shape = { width, hidden: options.hidden, models };
          return perceptronPart(context.quantity, shape, reader.doubles('parameters', perceptronParameters(shape)));
        },
      },
      options,
      context,
    ),
});
