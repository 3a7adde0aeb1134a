import { Type } from 'typebox';
import { defineEstimator } from '../core/estimator.ts';
import { seededRandom } from '../core/random.ts';
import { fitClusters, loadClusters } from '../math/cluster-tables.ts';
import { onlineNote, trainedDefaults, trainedEstimator, trainedOptions } from '../math/trained-estimator.ts';

/** k-means over the queries, and a table of what each model does in each cluster. */
export default defineEstimator({
  summary: 'Clusters of similar queries, and how each model did in the nearest ones.',
  source:
    'k-means over unit embeddings with a table per cluster. UniRoute (arXiv 2502.08773): nearest 1. Avengers-Pro (arXiv ' +
    '2508.12631): the nearest 3 weigh softmax(9 x cosine); its code sums 1/rank instead. Deviations: the tables hold ' +
    'expected quality and cost apart, which cost-aware or avengers then weigh; a cell is shrunk to the overall mean of ' +
    'its model, which is worth shrinkage rows; k-means is spherical, starts once by k-means++ and looks for centres ' +
    `among 10,000 rows at most.${onlineNote}`,
  options: Type.Object({
    clusters: Type.Integer({ minimum: 1, maximum: 4096, default: 64, description: 'Centres that are looked for.' }),
    nearest: Type.Integer({ minimum: 1, default: 3, description: 'Nearest clusters that speak; 1 is UniRoute.' }),
    sharpness: Type.Number({
      minimum: 0,
      maximum: 1000,
      default: 9,
      description: 'Weights are softmax(this x cosine).',
    }),
    shrinkage: Type.Number({
      exclusiveMinimum: 0,
      default: 5,
      description: "Rows of a cluster that a model's overall mean is worth.",
    }),
    ...trainedOptions,
  }),
  needsEmbedding: true,
  quantities: ['quality', 'cost'],
  settings: (rows) =>
    [8, 16, 32, 64, 128]
      .filter((clusters, i) => i === 0 || clusters * 8 <= rows.promptTokens.length)
      .map((clusters) => ({ clusters, nearest: 3, sharpness: 9, shrinkage: 5, ...trainedDefaults })),
  create(options, context) {
    const { clusters, nearest, sharpness, shrinkage } = options;
    const shape = { dimensions: context.dimensions, clusters, nearest, sharpness, strength: shrinkage };
    return trainedEstimator(
      {
        name: 'clusters',
        version: 1,
        fit: (rows) => fitClusters(rows, shape, seededRandom('clusters')),
        load: (reader, models) => loadClusters(reader, shape, models),
      },
      options,
      context,
    );
  },
});
