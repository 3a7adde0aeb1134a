import { createHash } from 'node:crypto';
import type { Catalogue } from '../../routing/catalogue.ts';
import { openDecisionLog } from '../../outcomes/log.ts';
import type { PolicyToReplay } from '../contenders.ts';
import { evaluateLog, type Evaluated } from './evaluate-log.ts';
import { routedLog, type RoutedLog } from './log-choices.ts';
import { targetPolicy } from './target-chances.ts';

export interface LogReplayOptions {
  /** An outcome database; a gateway may be writing to it. */
  readonly path: string;
  /** Null: the only one. */
  readonly route: string | null;
  /** Default: every single model, and `random`. */
  readonly policies?: readonly PolicyToReplay[] | undefined;
  /** Quality per dollar, of utility, and of policies that weigh cost and name no lambda of their own. */
  readonly lambda: number;
  /** Of a bootstrap of SNIPS beside its normal interval; 0: none. */
  readonly resamples: number;
  readonly seed: string;
  readonly catalogue: Catalogue;
}

/** One policy on a log, all figures. */
export interface LogRun {
  readonly label: string;
  readonly policy: PolicyToReplay;
  /** It learns as it serves; here it decides as it begins. */
  readonly remembers: boolean;
  readonly figures: readonly Evaluated[];
}

/** What a log says of policies that did not write it, as plain JSON. */
export interface LogReplay {
  readonly format: 1;
  /** Of the decisions that were read, with the rewards that had come by then. */
  readonly sha256: string;
  readonly route: string;
  readonly requests: number;
  readonly leftOut: RoutedLog['leftOut'];
  readonly models: readonly string[];
  readonly lambda: number;
  readonly seed: string;
  readonly runs: readonly LogRun[];
}

/**
 * Off-policy: IPS, SNIPS, doubly robust and clipped estimates of every policy from the requests that the log's own policy
 * decided, with the predictions that were logged with them. Same log, options and seed, same bytes. Throws `invalid_data`
 * and `invalid_config`.
 */
export function replayLog(options: LogReplayOptions): LogReplay {
  const { path, route, lambda, resamples, seed, catalogue } = options;
  const opened = openDecisionLog(path);
  let log: RoutedLog;
  try {
    log = routedLog(opened.decisions(), route, path);
  } finally {
    opened.close();
  }
  const policies: readonly PolicyToReplay[] = options.policies ?? [
    ...log.models.map((model) => ({ name: 'static', options: { model } })),
    { name: 'random' },
  ];
  const runs = policies.map((policy): LogRun => {
    const { name, options: given = {} } = policy;
    const own = given['lambda'];
    const asked = { name, options: given, epsilon: 0, lambda: typeof own === 'number' ? own : lambda };
    const target = targetPolicy(asked, log.models, catalogue);
    return {
      label: labelOf(policy),
      policy,
      remembers: target.remembers,
      figures: evaluateLog(log, target, { lambda, resamples, seed }),
    };
  });
  return {
    format: 1,
    sha256: fingerprint(log.rows),
    route: log.route,
    requests: log.rows.length,
    leftOut: log.leftOut,
    models: log.models,
    lambda,
    seed,
    runs,
  };
}

/** Everything that an evaluation reads of them. */
function fingerprint(rows: RoutedLog['rows']): string {
  const hash = createHash('sha256');
  for (const {
    decision,
    policy,
    lambda,
    predictions,
    candidates,
    propensities,
    chosen,
    quality,
    costUsd,
    promptTokens,
  } of rows) {
    hash.update(
      JSON.stringify([
        decision,
        policy,
        lambda,
        predictions,
        candidates,
        [...propensities],
        chosen,
        quality,
        costUsd,
        promptTokens,
      ]),
    );
  }
  return hash.digest('hex');
}

function labelOf({ name, options = {} }: PolicyToReplay): string {
  const told = Object.entries(options).map(([key, value]) => `${key}=${String(value)}`);
  return told.length === 0 ? name : `${name} ${told.join(' ')}`;
}
