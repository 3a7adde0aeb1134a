import { Type } from 'typebox';
import { defineEstimator, type Estimator, type EstimatorContext } from '../core/estimator.ts';
import { PointsmanError } from '../core/errors.ts';
import { priorOutputTokens } from '../math/price.ts';
import { heldOutParts } from '../math/held-out-parts.ts';
import { mixturesOf } from '../math/stack-choice.ts';
import { fewestStacked, Stacked } from '../math/stacked.ts';
import { trainedDefaults } from '../math/trained-estimator.ts';
import clusters from './clusters.ts';
import knn from './knn.ts';
import linearBayes from './linear-bayes.ts';
import logistic from './logistic.ts';
import matrixFactorization from './matrix-factorization.ts';
import mean from './mean.ts';
import mlp from './mlp.ts';
import preference from './preference.ts';
import ridge from './ridge.ts';
import routerDc from './router-dc.ts';
import swRanking from './sw-ranking.ts';

type Make = (context: EstimatorContext) => Estimator;

const priors = { prior_mean: 0.5, prior_output_tokens: priorOutputTokens };
const neighbours = { sharpness: 8, prior_strength: 2, max_rows: 20_000, max_online_rows: 2000, ...priors };
const abilities = { rank: 32, noise: 0.05, decay: 3e-4, ...trainedDefaults };
const contrast = {
  hidden: 64,
  output: 32,
  positives: 3,
  negatives: 3,
  sample_weight: 1,
  decay: 1e-4,
  costs: {},
  bands: 5,
};
const beliefs = {
  components: 32,
  alpha: 10,
  discount: 1,
  window: 0,
  staleness: 1,
  seed_strength: 1000,
  ...priors,
};
const tables = { nearest: 3, sharpness: 9, shrinkage: 5, ...trainedDefaults };

/** For cost these take long and tell little more than a line does; those that only rank are the same line there. */
const forQualityOnly: ReadonlySet<string> = new Set(['logistic', 'mlp', 'preference', 'router-dc', 'sw-ranking']);

/** Several settings of a component stand side by side: the weights choose among them, so nothing else has to. */
const library: Readonly<Record<string, readonly Make[]>> = {
  ridge: [3, 30].map((alpha) => (context) => ridge.create({ alpha, ...priors }, context)),
  knn: [40, 160].map((k) => (context) => knn.create({ k, ...neighbours }, context)),
  clusters: [16, 64].map((count) => (context) => clusters.create({ clusters: count, ...tables }, context)),
  logistic: [2, 10].map((alpha) => (context) => logistic.create({ alpha, ...trainedDefaults }, context)),
  mlp: [
    (context) => mlp.create({ hidden: 64, decay: 1e-3, learning_rate: 3e-3, passes: 60, ...trainedDefaults }, context),
  ],
  'matrix-factorization': [(context) => matrixFactorization.create(abilities, context)],
  preference: [(context) => preference.create({ rank: 32, noise: 0.1, decay: 1e-4, ...trainedDefaults }, context)],
  'router-dc': [(context) => routerDc.create({ ...contrast, ...trainedDefaults }, context)],
  'sw-ranking': [10, 1e6].map(
    (base) => (context) => swRanking.create({ base, prior_wins: 0.5, max_rows: 20_000, ...trainedDefaults }, context),
  ),
  'linear-bayes': [(context) => linearBayes.create(beliefs, context)],
  mean: [(context) => mean.create({ prior_strength: 1, discount: 1, ...priors }, context)],
};

/** Several estimators at once, weighed by how well they did on rows that they had not seen. */
export default defineEstimator({
  summary: 'Several estimators weighed by their held-out predictions, then calibrated per model.',
  source:
    'Stacked regressions (Wolpert 1992; Breiman 1996), chosen as in the Super Learner (van der Laan 2007): components in ' +
    'two settings each predict rows that they did not see. There is to choose from: each alone, all alike, weights >= 0 ' +
    'with sum 1 by least squares on the values or on the differences between models, and these two with isotonic ' +
    'calibration per model (Zadrozny and Elkan 2002) shrunk by n / (n + 2000); weights and calibration are judged on folds ' +
    'that they did not see. `train` and `replay` choose by AIQ on these held-out rows (without costs: by the quality of the model ' +
    'predicted best) and write weights and calibration_strength into the options; a stack that is fitted without weights chooses ' +
    'by what choosing comes to under random prices. At most 6,000 rows speak in the choice; the chosen are then fitted on all. For ' +
    'cost logistic, mlp and those that rank are left out, and squared error decides. Single outcomes are learned by the components; weights and ' +
    'calibration stay. A prediction costs what all components with a weight cost. Deviations: calibration is part of what is chosen from, and AIQ the criterion where a Super Learner has a loss per row.',
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
      default: 5,
      description: 'Parts of the rows that are held out in turn.',
    }),
    weights: Type.Optional(
      Type.Array(Type.Number({ minimum: 0, maximum: 1 }), {
        description: 'One for each setting of each component, in order; `train` writes them. Left out: chosen by fit.',
      }),
    ),
    calibration_strength: Type.Optional(
      Type.Number({
        minimum: 0,
        description:
          'Outcomes that a prediction as it is is worth against its calibration. Left out beside weights: not calibrated; ' +
          'left out without weights: chosen by fit.',
      }),
    ),
  }),
  needsEmbedding: true,
  quantities: ['quality', 'cost'],
  settings: () => [],
  alternatives(options, context, rows) {
    if (rows.promptTokens.length < fewestStacked) return null;
    const held = heldOutParts(context.quantity, rows, options.folds, membersOf(options.components, context));
    const choices = mixturesOf(held).map(({ weights, strength, predictions }) => ({
      options: {
        components: options.components,
        folds: options.folds,
        weights: [...weights],
        ...(strength === Infinity ? {} : { calibration_strength: strength }),
      },
      mean: predictions,
    }));
    return { rows: held.rows, choices };
  },
  create({ components, folds, weights, calibration_strength: strength }, context) {
    const members = membersOf(components, context);
    if (weights !== undefined && weights.length !== members().length) {
      throw new PointsmanError(
        'invalid_config',
        `stack: ${weights.length} weights for ${members().length} settings of components; give one each, or none at all.`,
        { param: 'weights' },
      );
    }
    const given = weights === undefined ? null : Float64Array.from(weights);
    const plan = { owner: 'stack', folds, weights: given, strength: strength ?? null, components: members };
    return new Stacked(plan, context);
  },
});

/** Makes fresh members, always in the same order. Throws `invalid_config` for a name that there is not. */
function membersOf(components: readonly string[], context: EstimatorContext): () => readonly Estimator[] {
  const known = components.map((name) => {
    const makers = Object.hasOwn(library, name) ? library[name] : undefined;
    if (makers !== undefined) return { name, makers };
    throw new PointsmanError(
      'invalid_config',
      `stack: there is no component "${name}"; there is ${Object.keys(library).join(', ')}.`,
      { param: 'components' },
    );
  });
  const able = known.filter(({ name }) => context.quantity === 'quality' || !forQualityOnly.has(name));
  const makers = (able.length > 0 ? able : known).flatMap((each) => each.makers);
  return () => makers.map((make) => make(context));
}
