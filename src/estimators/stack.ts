import { Type } from 'typebox';
import { defineEstimator, type Estimator, type EstimatorContext } from '../core/estimator.ts';
import { PointsmanError } from '../core/errors.ts';
import { priorOutputTokens } from '../math/price.ts';
import { Stacked } from '../math/stacked.ts';
import { trainedDefaults } from '../math/trained-estimator.ts';
import clusters from './clusters.ts';
import knn from './knn.ts';
import logistic from './logistic.ts';
import matrixFactorization from './matrix-factorization.ts';
import mlp from './mlp.ts';
import ridge from './ridge.ts';

type Make = (context: EstimatorContext) => Estimator;

const priors = { prior_mean: 0.5, prior_output_tokens: priorOutputTokens };
const neighbours = { sharpness: 8, prior_strength: 2, max_rows: 20_000, max_online_rows: 2000, ...priors };
const abilities = { rank: 32, noise: 0.05, decay: 3e-4, ...trainedDefaults };
const tables = { nearest: 3, sharpness: 9, shrinkage: 5, ...trainedDefaults };

/** Several settings of a component stand side by side: the weights choose among them, so nothing else has to. */
const library: Readonly<Record<string, readonly Make[]>> = {
  ridge: [3, 30].map((alpha) => (context) => ridge.create({ alpha, ...priors }, context)),
  knn: [40, 160].map((k) => (context) => knn.create({ k, ...neighbours }, context)),
  clusters: [16, 64].map((count) => (context) => clusters.create({ clusters: count, ...tables }, context)),
  logistic: [2, 10].map((alpha) => (context) => logistic.create({ alpha, ...trainedDefaults }, context)),
  mlp: [(context) => mlp.create({ hidden: 64, decay: 1e-3, learning_rate: 3e-3, ...trainedDefaults }, context)],
  'matrix-factorization': [(context) => matrixFactorization.create(abilities, context)],
};

/** Several estimators at once, weighed by how well they did on rows that they had not seen. */
export default defineEstimator({
  summary: 'Several estimators weighed by their held-out predictions, then calibrated per model.',
  source:
    'Stacked regressions (Wolpert 1992; Breiman 1996): out-of-fold predictions, weights >= 0 with sum 1 by least squares, ' +
    'one set for all models; isotonic calibration of quality per model (Zadrozny and Elkan 2002) and the ratio of ' +
    'totals for cost, both shrunk by n / (n + calibration_strength): steps fitted per model blur the order of models, which ' +
    'costs more than calibration gains where rows are few. Each component stands in two settings, so the ' +
    'weights also choose these. At most 5,000 held-out rows speak. Single outcomes are learned by the components; ' +
    'weights and calibration stay. A prediction costs what all components with a weight cost.',
  options: Type.Object({
    components: Type.Array(Type.String(), {
      minItems: 1,
      uniqueItems: true,
      default: ['ridge', 'knn', 'clusters', 'logistic', 'mlp'],
      description: `Any of ${Object.keys(library).join(', ')}.`,
    }),
    folds: Type.Integer({
      minimum: 2,
      maximum: 20,
      default: 3,
      description: 'Parts of the rows that are held out in turn.',
    }),
    calibration_strength: Type.Number({
      minimum: 0,
      default: 20_000,
      description: 'Outcomes that a prediction as it is is worth against its calibration.',
    }),
  }),
  needsEmbedding: true,
  quantities: ['quality', 'cost'],
  settings: () => [],
  create({ components, folds, calibration_strength: strength }, context) {
    const makers = components.flatMap((name) => {
      const known = Object.hasOwn(library, name) ? library[name] : undefined;
      if (known !== undefined) return known;
      throw new PointsmanError(
        'invalid_config',
        `stack: there is no component "${name}"; there is ${Object.keys(library).join(', ')}.`,
        { param: 'components' },
      );
    });
    const plan = { owner: 'stack', folds, strength, components: () => makers.map((make) => make(context)) };
    return new Stacked(plan, context);
  },
});
