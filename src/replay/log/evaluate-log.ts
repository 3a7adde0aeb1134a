import type { LoggedDecision } from '../../outcomes/log.ts';
import { estimateOfMean, type Estimate } from '../off-policy/estimate.ts';
import { evaluateOffPolicy, type OffPolicyResult } from '../off-policy/evaluate-off-policy.ts';
import type { LoggedChoices } from '../off-policy/logged-choices.ts';
import { crossFitMeans } from '../off-policy/reward-model.ts';
import type { RoutedLog } from './log-choices.ts';
import type { Target } from './target-chances.ts';

export type Figure = 'quality' | 'cost' | 'utility';

/** One figure of the policy, per request: quality in [0, 1], cost in US dollars, utility in quality. */
export interface Evaluated {
  readonly figure: Figure;
  /** Requests of which the figure is known. */
  readonly requests: number;
  /** Of the policy that wrote the log. Null where nothing is known. */
  readonly logged: Estimate | null;
  /** Null where nothing is known. */
  readonly result: OffPolicyResult | null;
}

export interface EvaluateOptions {
  /** Quality per dollar, for utility. */
  readonly lambda: number;
  readonly resamples: number;
  readonly seed: string;
}

const folds = 5;

/** What the target would have come to on the requests of the log, three ways each. Same seed, same numbers. */
export function evaluateLog(log: RoutedLog, target: Target, options: EvaluateOptions): readonly Evaluated[] {
  const { lambda } = options;
  return [
    evaluateFigure('quality', log, target, options, ({ quality }) => quality),
    evaluateFigure('cost', log, target, options, ({ costUsd }) => costUsd),
    evaluateFigure('utility', log, target, options, ({ quality, costUsd }) =>
      quality === null || costUsd === null ? null : quality - lambda * costUsd,
    ),
  ];
}

function evaluateFigure(
  figure: Figure,
  { rows, models }: RoutedLog,
  target: Target,
  { resamples, seed }: EvaluateOptions,
  read: (row: LoggedDecision) => number | null,
): Evaluated {
  const known = rows.filter((row) => read(row) !== null);
  if (known.length === 0) return { figure, requests: 0, logged: null, result: null };
  const log: LoggedChoices = {
    queries: known.length,
    models: models.length,
    chosen: Int32Array.from(known, ({ chosen }) => models.indexOf(chosen ?? '')),
    reward: Float64Array.from(known, (row) => read(row) ?? 0),
    propensities: spread(known, models),
  };
  const groups = known.map(({ policy }) => policy);
  const model = crossFitMeans(log, groups, { folds, seed });
  const result = evaluateOffPolicy(log, target.chances(known), { model, resamples, seed });
  return { figure, requests: known.length, logged: estimateOfMean(log.reward), result };
}

function spread(rows: readonly LoggedDecision[], models: readonly string[]): Float64Array {
  const out = new Float64Array(rows.length * models.length);
  rows.forEach(({ candidates, propensities }, i) => {
    candidates.forEach((model, c) => {
      out[i * models.length + models.indexOf(model)] = propensities[c] ?? 0;
    });
  });
  return out;
}
