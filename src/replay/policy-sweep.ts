import type { PolicyDecision } from '../core/policy.ts';
import { seededRandom } from '../core/random.ts';
import type { Candidate } from '../core/candidate.ts';
import type { Predictions } from '../core/decision.ts';
import { propertiesOf } from '../routing/options.ts';
import type { Route } from '../routing/route.ts';
import { rowCount, type Dataset } from './datasets/dataset.ts';
import { inputOf, type EmbeddedDataset } from './embedded.ts';
import { lambdasFor } from './lambdas.ts';
import type { Outcomes } from './metrics/outcomes.ts';
import type { OptimalitySums } from './metrics/router-arena.ts';
import { argmaxSweep } from './argmax-sweep.ts';
import { createTally } from './tally.ts';

/** What is varied to draw a policy's curve. */
export type SweepAxis =
  | { readonly type: 'lambda'; readonly values: Float64Array }
  | { readonly type: 'option'; readonly option: string; readonly values: Float64Array }
  | { readonly type: 'point' };

export interface PolicySweep {
  readonly axis: SweepAxis;
  /** One way a value of the axis: what is expected under the policy's own propensities. */
  readonly outcomes: Outcomes;
  /** [ways x M] mean propensity of each model. */
  readonly shares: Float64Array;
  /** [ways x N] the model that each query most likely goes to; `noModel` where it goes to none. */
  readonly leaders: Uint16Array;
  readonly optimality: OptimalitySums;
  /** `quality:failed` and the like, with how many queries it befell. */
  readonly degraded: Readonly<Record<string, number>>;
  /** [N x M] each, row-major: what was predicted; null where nothing was. */
  readonly predicted: PredictedRows;
}

export interface PredictedRows {
  readonly quality: Float64Array | null;
  readonly costUsd: Float64Array | null;
}

/** What a route predicts for every row, and what had to be stood in for. */
export interface RowPredictions {
  /** [N] */
  readonly rows: readonly Predictions[];
  readonly degraded: Readonly<Record<string, number>>;
}

/** Asks the route's own `predict`: once a query, since predictions do not depend on the trade-off. */
export function predictRows(route: Route, data: EmbeddedDataset): RowPredictions {
  const candidates = candidatesOf(data.dataset.models);
  const degraded: Record<string, number> = {};
  const rows = Array.from({ length: rowCount(data.dataset) }, (_, row) => {
    const predicted = route.predict(inputOf(data, row), candidates);
    for (const what of predicted.degraded) degraded[what] = (degraded[what] ?? 0) + 1;
    return predicted.predictions;
  });
  return { rows, degraded };
}

export interface SweepOptions {
  readonly axis: SweepAxis;
  /** Seed of the decisions' streams, as the route's own. */
  readonly seed: string;
  /** True where the policy is `cost-aware` itself: its rule then runs without ranking and reasons, to the same bits. */
  readonly isPlainArgmax: boolean;
  /** After each way. */
  readonly onStep: (done: number, total: number) => void;
}

/**
 * Sends every query of the test set through the route's own `choose`: the code that serves. A decision draws from the
 * stream of its sample id, as online from that of its decision id. What a query comes to is its expected quality and
 * cost under the decision's propensities: for a policy that draws, its value rather than one draw.
 */
export function sweepPolicy(
  route: Route,
  dataset: Dataset,
  predictions: RowPredictions,
  { axis, seed, isPlainArgmax, onStep }: SweepOptions,
): PolicySweep {
  const queries = rowCount(dataset);
  const models = dataset.models.length;
  const candidates = candidatesOf(dataset.models);
  const predicted = predictedRows(predictions.rows, models);
  const { degraded } = predictions;
  if (isPlainArgmax && axis.type === 'lambda' && predicted.quality !== null && predicted.costUsd !== null) {
    const known = { quality: predicted.quality, costUsd: predicted.costUsd };
    return { ...argmaxSweep(known, dataset, axis.values, onStep), axis, degraded, predicted };
  }
  const ways = axis.type === 'point' ? 1 : axis.values.length;
  const tally = createTally(dataset, ways);
  for (let way = 0; way < ways; way++) {
    const [routeOfWay, lambda] = wayOf(route, axis, way);
    for (let row = 0; row < queries; row++) {
      const random = seededRandom(`${seed}:${dataset.sampleIds[row] ?? ''}`);
      const tags = { group: dataset.groups[row] ?? '' };
      const decision = routeOfWay.choose(candidates, predictions.rows[row] ?? {}, lambda, random, undefined, tags);
      tally.add(way, row, chancesOf(decision));
      if (decision.second !== undefined) tally.beside(way, row, secondUsd(decision, dataset, row));
    }
    onStep(way + 1, ways);
  }
  return { ...tally.finish(), axis, degraded, predicted };
}

/** Quality and cost as matrices; null where one of them was never predicted. */
function predictedRows(rows: readonly Predictions[], models: number): PredictedRows {
  const matrix = (quantity: 'quality' | 'cost'): Float64Array | null => {
    if (rows[0]?.[quantity] === undefined) return null;
    const out = new Float64Array(rows.length * models);
    rows.forEach((row, i) => out.set(row[quantity]?.mean ?? [], i * models));
    return out;
  };
  return { quality: matrix('quality'), costUsd: matrix('cost') };
}

/**
 * Lambda where the policy weighs cost; its `threshold` option, over its whole range, where it has one; else the policy
 * is one point. A set without cost has nothing to trade, so lambda stays 0.
 */
export function axisOf(
  route: Route,
  dataset: Dataset,
  predictions: RowPredictions,
  lambdas: Float64Array = lambdasFor(dataset.costUsd),
): SweepAxis {
  const candidates = candidatesOf(dataset.models);
  const mark = 1;
  const probe = route.choose(candidates, predictions.rows[0] ?? {}, mark, seededRandom('axis'));
  if (probe.lambda === mark) {
    return { type: 'lambda', values: lambdas };
  }
  const threshold = propertiesOf(route.policy.definition.options)['threshold'];
  if (threshold === undefined) return { type: 'point' };
  const [low, high] = [threshold['minimum'], threshold['maximum']].map((value) =>
    typeof value === 'number' ? value : 0,
  );
  const from = low ?? 0;
  const width = (high ?? 0) > from ? (high ?? 0) - from : 1;
  return {
    type: 'option',
    option: 'threshold',
    values: Float64Array.from({ length: 201 }, (_, i) => from + (width * i) / 200),
  };
}

/** A data set's models are candidates without a price: what they cost is learned from the set. */
export const candidatesOf = (models: readonly string[]): readonly Candidate[] =>
  models.map((model) => ({ model, price: null }));

function wayOf(route: Route, axis: SweepAxis, way: number): readonly [Route, number | null] {
  switch (axis.type) {
    case 'lambda':
      return [route, axis.values[way] ?? 0];
    case 'option': {
      const { policy } = route;
      const given = typeof policy.options === 'object' && policy.options !== null ? policy.options : {};
      return [route.withPolicy({ ...policy, options: { ...given, [axis.option]: axis.values[way] } }), null];
    }
    case 'point':
      return [route, null];
    default:
      return axis satisfies never;
  }
}

/** What the second answer that a policy asked for is expected to cost; the model that serves is not asked twice. */
function secondUsd({ plan, second, propensities }: PolicyDecision, { costUsd, models }: Dataset, row: number): number {
  if (second === undefined || plan.type !== 'route') return 0;
  return (1 - (propensities[second.place] ?? 0)) * (costUsd?.[row * models.length + second.place] ?? 0);
}

const nothing = new Float64Array(0);

/** [M] how likely each model is asked; a rejected query asks none and comes to nothing. */
function chancesOf(decision: PolicyDecision): Float64Array {
  switch (decision.plan.type) {
    case 'route':
      return decision.propensities;
    case 'reject':
      return nothing;
    default:
      return decision.plan satisfies never;
  }
}
