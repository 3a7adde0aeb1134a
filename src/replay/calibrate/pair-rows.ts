import type { Candidate } from '../../core/candidate.ts';
import { PointsmanError } from '../../core/errors.ts';
import type { EstimatorInput } from '../../core/estimator.ts';
import { winProbability, type Ties } from '../../math/win-probability.ts';
import type { LoggedDecision } from '../../outcomes/log.ts';
import { isThresholdPolicy, type ThresholdPolicy } from '../../routing/policy-reference.ts';
import type { Route } from '../../routing/route.ts';
import { rowCount } from '../datasets/dataset.ts';
import { inputOf, type EmbeddedDataset } from '../embedded.ts';
import type { PairRows, ThresholdRange } from './choose-threshold.ts';

/** The pair of a route, and the number that its policy compares with the threshold. */
export interface Pair {
  readonly route: Route;
  readonly policy: ThresholdPolicy;
  readonly strong: string;
  readonly weak: string;
  readonly range: ThresholdRange;
  /** Of a query, from what the route predicts of it. */
  score(input: EstimatorInput): number;
}

/** Throws `invalid_config` for a route under another policy. */
export function pairOf(route: Route): Pair {
  const { name: policy, options } = route.policy;
  const given = new Map<string, unknown>(
    typeof options === 'object' && options !== null ? Object.entries(options) : [],
  );
  const [strong, weak] = [given.get('strong'), given.get('weak')];
  if (!isThresholdPolicy(policy) || typeof strong !== 'string' || typeof weak !== 'string') {
    throw new PointsmanError(
      'invalid_config',
      `route ${route.name} is under ${policy}, which has no threshold; give it policy: { type: routellm, strong: ..., weak: ... }.`,
    );
  }
  const ties: Ties = given.get('ties') === 'dropped' ? 'dropped' : 'half';
  const candidates = [strong, weak].flatMap((id): Candidate[] => {
    const model = route.models.find((each) => each.id === id);
    return model === undefined ? [] : [{ model: id, price: model.price }];
  });
  return {
    route,
    policy,
    strong,
    weak,
    range: policy === 'routellm' ? { low: 0, high: 1 } : { low: -1, high: 1 },
    score(input) {
      const { predictions, degraded } = route.predict(input, candidates);
      const mean = predictions.quality?.mean;
      if (mean === undefined || degraded.length > 0) {
        throw new PointsmanError('invalid_data', `route ${route.name} cannot predict a query: ${degraded.join(', ')}.`);
      }
      const [first = 0, second = 0] = mean;
      return policy === 'routellm' ? winProbability(first, second, ties) : first - second;
    },
  };
}

/** The pair on a data set. Outcomes are known where it has both models. */
export function pairRowsOf(pair: Pair, data: EmbeddedDataset): PairRows {
  const { models, quality, costUsd } = data.dataset;
  const [strong, weak] = [models.indexOf(pair.strong), models.indexOf(pair.weak)];
  const known = strong >= 0 && weak >= 0;
  const both = (values: Float64Array): NonNullable<PairRows['quality']> => {
    const column = (at: number): Float64Array =>
      Float64Array.from({ length: rowCount(data.dataset) }, (_, row) => values[row * models.length + at] ?? NaN);
    return { strong: column(strong), weak: column(weak) };
  };
  return {
    scores: Float64Array.from({ length: rowCount(data.dataset) }, (_, row) => pair.score(inputOf(data, row))),
    quality: known ? both(quality) : null,
    costUsd: known && costUsd !== null ? both(costUsd) : null,
  };
}

/** The pair on the requests that a gateway had on this route; what the model that was not asked would have made is not known. */
export function pairRowsOfLog(pair: Pair, decisions: Iterable<LoggedDecision>, embedder: string): PairRows {
  const scores: number[] = [];
  for (const { route, pinned, shadow, embedding, embedder: by, promptTokens } of decisions) {
    // A request for a model by its name is one that the route would decide only where it observes.
    if (pinned && shadow === null) continue;
    if (route !== pair.route.name || embedding === null || by !== embedder) continue;
    scores.push(pair.score({ embedding, promptTokens }));
  }
  return { scores: Float64Array.from(scores), quality: null, costUsd: null };
}
