import { Type } from 'typebox';
import type { Embedder } from '../core/embedder.ts';
import { PointsmanError } from '../core/errors.ts';
import { defineEstimator, type EstimatorDefinition } from '../core/estimator.ts';
import type { Catalogue } from '../routing/catalogue.ts';
import { checkOptions, propertiesOf } from '../routing/options.ts';
import type { EstimatorSlots } from '../routing/predictor.ts';
import { createRoute, type Route } from '../routing/route.ts';
import type { PolicyToReplay } from './contenders.ts';
import type { Options } from './cross-predict.ts';
import { rowCount, type Dataset } from './datasets/dataset.ts';
import { curvePoints } from './metrics/outcomes.ts';
import { singleModels, suggestedPair } from './metrics/singles.ts';

export interface RouteToReplay {
  readonly policy: PolicyToReplay;
  readonly models: readonly string[];
  readonly slots: EstimatorSlots;
  /** What options that nobody gave are suggested from. Knows every outcome; may lack a model of the route. */
  readonly train: Dataset;
  readonly embedder: Embedder;
  readonly seed: string;
  readonly catalogue: Catalogue;
}

/** A route as the gateway builds it. Throws `invalid_config` for options that do not fit. */
export function routeOf({ policy, models, slots, train, embedder, seed, catalogue }: RouteToReplay): Route {
  const definition = catalogue.policies.get(policy.name);
  if (definition === undefined) throw new PointsmanError('internal_error', `The policy "${policy.name}" has gone.`);
  const path = `policy ${policy.name}`;
  const given = { ...pairOf(train, propertiesOf(definition.options)), ...policy.options };
  const options: unknown = checkOptions(path, definition.options, given, path);
  return createRoute({
    name: 'replay',
    models: models.map((id) => ({
      id,
      price: null,
      contextTokens: null,
      capabilities: null,
      simulated: true,
      targets: [],
    })),
    policy: { name: policy.name, definition, options, path },
    policies: catalogue.policies,
    estimators: slots,
    lambda: null,
    exploration: { epsilon: 0 },
    embedder,
    seed,
  });
}

/** Stands for predictions that come from outside, query by query, so that a route knows that there are some. */
export function toldSlots(name: string): EstimatorSlots {
  const definition: EstimatorDefinition = told;
  const slot = { name, definition, fingerprint: name };
  return {
    quality: { ...slot, estimator: definition.create({}, { quantity: 'quality', dimensions: 0 }) },
    cost: { ...slot, estimator: definition.create({}, { quantity: 'cost', dimensions: 0 }) },
  };
}

const never = (): never => {
  throw new PointsmanError('internal_error', 'Predictions from outside are told with each query, not asked for.');
};

const told = defineEstimator({
  summary: 'Predictions that come from outside.',
  source: 'Whoever made them.',
  options: Type.Object({}),
  needsEmbedding: false,
  quantities: ['quality', 'cost'],
  settings: () => [],
  create: () => ({ fit: never, predict: never, update: never, save: never, load: never }),
});

/**
 * Models that a policy's options name and nobody gave, as the training rows suggest them: `strong` and `model` the best
 * single model, `weak` as in `suggestedPair`.
 */
function pairOf(train: Dataset, properties: Readonly<Record<string, unknown>>): Options {
  if (rowCount(train) === 0) return {};
  const points = curvePoints(singleModels(train.models.length, train.quality, train.costUsd));
  const { strong, weak } = suggestedPair(points, train.costUsd !== null);
  const suggested: Readonly<Record<string, string | undefined>> = {
    strong: train.models[strong],
    weak: train.models[weak],
    model: train.models[strong],
  };
  return Object.fromEntries(Object.entries(suggested).filter(([key]) => Object.hasOwn(properties, key)));
}
