import type { PolicyDecision } from '../core/policy.ts';
import { seededRandom } from '../core/random.ts';
import type { Candidate } from '../core/candidate.ts';
import type { Predictions } from '../core/decision.ts';
import { propertiesOf } from '../routing/options.ts';
import type { Route } from '../routing/route.ts';
import { rowCount } from './datasets/dataset.ts';
import { inputOf, type EmbeddedDataset } from './embedded.ts';
import { lambdaGrid } from './lambdas.ts';
import type { Outcomes } from './metrics/outcomes.ts';

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
  /** `quality:failed` and the like, with how many queries it befell. */
  readonly degraded: Readonly<Record<string, number>>;
}

/**
 * Sends every query of the test set through the route's own `predict` and `choose`: the code that serves. A decision
 * draws from the stream of its sample id, as online from that of its decision id. What a query comes to is its expected
 * quality and cost under the decision's propensities: for a policy that draws, its value rather than one draw.
 *
 * @param random seed of the streams, as the route's own.
 * @param onStep after each way.
 */
export function sweepPolicy(
  route: Route,
  data: EmbeddedDataset,
  axis: SweepAxis,
  seed: string,
  onStep: (done: number, total: number) => void,
): PolicySweep {
  const { dataset } = data;
  const queries = rowCount(dataset);
  const models = dataset.models.length;
  const candidates = candidatesOf(dataset.models);
  const degraded: Record<string, number> = {};
  const predictions: Predictions[] = [];
  for (let row = 0; row < queries; row++) {
    const predicted = route.predict(inputOf(data, row), candidates);
    predictions.push(predicted.predictions);
    for (const what of predicted.degraded) degraded[what] = (degraded[what] ?? 0) + 1;
  }

  const ways = axis.type === 'point' ? 1 : axis.values.length;
  const outcomes = {
    ways,
    queries,
    quality: new Float64Array(ways * queries),
    costUsd: new Float64Array(ways * queries),
  };
  const shares = new Float64Array(ways * models);
  for (let way = 0; way < ways; way++) {
    const [routeOfWay, lambda] = wayOf(route, axis, way);
    for (let row = 0; row < queries; row++) {
      const random = seededRandom(`${seed}:${dataset.sampleIds[row] ?? ''}`);
      const decision = routeOfWay.choose(candidates, predictions[row] ?? {}, lambda, random);
      const start = row * models;
      let quality = 0;
      let costUsd = 0;
      const chances = chancesOf(decision);
      for (let m = 0; m < chances.length; m++) {
        const chance = chances[m] ?? 0;
        if (chance === 0) continue;
        quality += chance * (dataset.quality[start + m] ?? 0);
        costUsd += chance * (dataset.costUsd?.[start + m] ?? 0);
        shares[way * models + m] = (shares[way * models + m] ?? 0) + chance / queries;
      }
      outcomes.quality[way * queries + row] = quality;
      outcomes.costUsd[way * queries + row] = costUsd;
    }
    onStep(way + 1, ways);
  }
  return { axis, outcomes, shares, degraded };
}

/**
 * Lambda where the policy weighs cost; its `threshold` option, over its whole range, where it has one; else the policy
 * is one point. A set without cost has nothing to trade, so lambda stays 0.
 */
export function axisOf(route: Route, data: EmbeddedDataset): SweepAxis {
  const candidates = candidatesOf(data.dataset.models);
  const { predictions } = route.predict(inputOf(data, 0), candidates);
  const mark = 1;
  if (route.choose(candidates, predictions, mark, seededRandom('axis')).lambda === mark) {
    return { type: 'lambda', values: data.dataset.costUsd === null ? Float64Array.of(0) : lambdaGrid() };
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
