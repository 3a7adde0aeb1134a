import { Type } from 'typebox';
import { defineEstimator } from '../core/estimator.ts';
import { seededRandom } from '../core/random.ts';
import { trainByAdam } from '../math/adam.ts';
import { calibrateScores, loadCalibrated, type Scores } from '../math/calibrated-scores.ts';
import {
  contrastiveParameters,
  startContrastive,
  trainableContrastive,
  unitKeys,
  type ContrastiveShape,
} from '../math/contrastive.ts';
import { encode, newEncoding } from '../math/encoder.ts';
import { fitGeneralisedLinear } from '../math/generalised-linear.ts';
import { clusterRows } from '../math/k-means.ts';
import { loadLinearPart } from '../math/linear-part.ts';
import { bandedContrasts, costBands, plainContrasts } from '../math/model-contrasts.ts';
import { onlineNote, trainedDefaults, trainedEstimator, trainedOptions } from '../math/trained-estimator.ts';
import { dot } from '../math/vectors.ts';

const plan = { batch: 64, steps: 2000, patience: 8, heldOut: 0.1, learningRate: 1e-3 };
const strangers = 3;
const subjects = 8;
/** Penalty of the log-linear regression that estimates cost. */
const costAlpha = 3;

/** Queries and models in one space, drawn together where a model does well. */
export default defineEstimator({
  summary: 'Contrastive learning: a query is brought near the models that answer it well.',
  source:
    'RouterDC (arXiv 2409.19886): s_m = cos(h(x), k_m) / T; sample-LLM loss over the K+ best and K− worst models, ' +
    'sample-sample loss over 8 clusters of queries. Deviations, the first above all: the encoder is frozen (whatever ' +
    'embeds for the gateway) with two trained layers h = unit(W2 gelu(W1 e + b)) on it, so queries that the embedder ' +
    "takes for alike cannot be told apart and the paper's figures are not reproduced; T is learned from 0.1; clusters " +
    'are spherical k-means of the embedding instead of t-SNE of the encoder; a query is never its own positive; early ' +
    'stopping on a held-out tenth; a negative scores below its positive. With costs: the cost-banded variant after ' +
    'CSCR (arXiv 2508.12491), one positive per cost band and temperatures 0.05 + 0.25 x cost, without its penalty on ' +
    'dear negatives. Scores become quality by one slope around the mean of each model. Cost is the log-linear regression of ' +
    `logistic.${onlineNote}`,
  options: Type.Object({
    hidden: Type.Integer({ minimum: 1, maximum: 1024, default: 64, description: 'Units of the first layer.' }),
    output: Type.Integer({ minimum: 1, maximum: 1024, default: 32, description: 'Numbers of a query in the space.' }),
    positives: Type.Integer({ minimum: 1, default: 3, description: 'Best models of a query that are drawn near: K+.' }),
    negatives: Type.Integer({ minimum: 1, default: 3, description: 'Worst models that are pushed away: K−.' }),
    sample_weight: Type.Number({ minimum: 0, default: 1, description: 'Weight of the sample-sample loss.' }),
    decay: Type.Number({ minimum: 0, default: 1e-4, description: 'Penalty on all weights, per row.' }),
    costs: Type.Record(Type.String(), Type.Number({ minimum: 0 }), {
      default: {},
      description: 'Mean dollars per model; where any is given the losses are banded by cost, unnamed models dearest.',
    }),
    bands: Type.Integer({ minimum: 1, default: 5, description: 'Cost bands, where costs are given.' }),
    ...trainedOptions,
  }),
  needsEmbedding: true,
  quantities: ['quality', 'cost'],
  settings: (rows) =>
    (rows.promptTokens.length > 10_000 ? [1e-4] : [1e-3, 1e-4]).map((decay) => ({
      hidden: 64,
      output: 32,
      positives: 3,
      negatives: 3,
      sample_weight: 1,
      decay,
      costs: {},
      bands: 5,
      ...trainedDefaults,
    })),
  create(options, context) {
    const { quantity } = context;
    const { hidden, output } = options;
    return trainedEstimator(
      {
        name: 'router-dc',
        version: 1,
        fit(rows, models) {
          if (quantity !== 'quality') return fitGeneralisedLinear(quantity, rows, costAlpha);
          const shape = { width: rows.width, hidden, output, models: rows.models };
          const random = seededRandom('router-dc');
          const given = Object.values(options.costs);
          const bands = costBands(
            models.map((model) => options.costs[model] ?? Math.max(...given)),
            options.bands,
          );
          const contrasts =
            given.length > 0
              ? bandedContrasts(rows, bands, options.negatives)
              : plainContrasts(rows, options.positives, options.negatives);
          const network = trainableContrastive(
            rows,
            shape,
            startContrastive(shape, random),
            contrasts,
            clusterRows(rows.inputs, rows.width, context.dimensions, subjects, random),
            { sampleWeight: options.sample_weight, strangers, decay: options.decay },
          );
          const { heldOut } = trainByAdam(network, rows.count, plan, random);
          const judged = heldOut.length > 0 ? heldOut : Array.from({ length: rows.count }, (_, row) => row);
          return calibrateScores(contrastiveScores(shape, network.parameters), rows, judged);
        },
        load(reader, models, width) {
          if (quantity !== 'quality') return loadLinearPart(quantity, reader, models, width);
          reader.expect('hidden', hidden);
          reader.expect('output', output);
          const shape = { width, hidden, output, models };
          const scores = contrastiveScores(shape, reader.doubles('parameters', contrastiveParameters(shape)));
          return loadCalibrated(scores, reader, models);
        },
      },
      options,
      context,
    );
  },
});

/** Cosines; the temperature only scales them, which the calibration undoes. */
function contrastiveScores(shape: ContrastiveShape, parameters: Float64Array): Scores {
  const { keys } = unitKeys(parameters, shape);
  const encoding = newEncoding(shape);
  const { models, output, hidden } = shape;
  return {
    score(input, out) {
      encode(parameters, shape, input, 0, encoding);
      for (let m = 0; m < models; m++) out[m] = dot(encoding.unit, keys, m * output, output);
    },
    save: () => ({ data: { hidden, output }, arrays: { parameters } }),
  };
}
