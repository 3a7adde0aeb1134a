import { PointsmanError } from '../../core/errors.ts';

/**
 * A log with partial feedback: of each query only the model that was asked is known. N queries, M models; everything in
 * the order of the log.
 */
export interface LoggedChoices {
  readonly queries: number;
  readonly models: number;
  /** [N] the model that was chosen. */
  readonly chosen: Int32Array;
  /** [N] what came of it, in any unit: quality, minus dollars, utility. */
  readonly reward: Float64Array;
  /**
   * [N x M] probability that the logging policy gave each model at decision time; 0 for models that were no candidates.
   * Recorded, never estimated afterwards.
   */
  readonly propensities: Float64Array;
}

/**
 * [N x M] probability that the policy to be evaluated gives each model for each logged query; rows sum to 1. Models that
 * were no candidates have 0.
 */
export type TargetChances = Float64Array;

/** Importance weights w = target(chosen) / logging(chosen) [N]. Mean 1 in expectation where the log supports the target. */
export function importanceWeights(log: LoggedChoices, target: TargetChances): Float64Array {
  return log.reward.map((_, query) => {
    const cell = query * log.models + (log.chosen[query] ?? 0);
    return (target[cell] ?? 0) / (log.propensities[cell] ?? 0);
  });
}

/** Target mass that the log can say nothing of. */
export interface MissingSupport {
  /** Mean over queries of the target's probability of models that the logging policy never gives there; in [0, 1]. */
  readonly share: number;
  /** Queries with any such mass. */
  readonly queries: number;
}

/**
 * Where the log is deterministic, or its exploration left a model out, no reweighting can say what that model would have
 * done: the estimate would quietly count its reward as 0 (IPS) or leave its queries out (SNIPS).
 */
export function missingSupport(log: LoggedChoices, target: TargetChances): MissingSupport {
  let mass = 0;
  let queries = 0;
  for (let query = 0; query < log.queries; query++) {
    let here = 0;
    for (let cell = query * log.models; cell < (query + 1) * log.models; cell++) {
      if ((log.propensities[cell] ?? 0) === 0) here += target[cell] ?? 0;
    }
    mass += here;
    if (here > 0) queries++;
  }
  return { share: mass / log.queries, queries };
}

/** Throws `invalid_data` naming the first row that cannot be a record of a decision. */
export function checkLog(log: LoggedChoices, target: TargetChances): void {
  const broken = (row: number, what: string): PointsmanError =>
    new PointsmanError('invalid_data', `off-policy log, row ${row}: ${what}.`);
  if (log.queries === 0) throw new PointsmanError('invalid_data', 'off-policy log: it has no rows.');
  for (let query = 0; query < log.queries; query++) {
    const model = log.chosen[query] ?? -1;
    if (model < 0 || model >= log.models) throw broken(query, `model ${model} is none of ${log.models}`);
    const propensity = log.propensities[query * log.models + model] ?? 0;
    if (!(propensity > 0)) throw broken(query, `the chosen model has propensity ${propensity}; it must be above 0`);
    if (!Number.isFinite(log.reward[query])) throw broken(query, `the reward ${log.reward[query]} is not finite`);
    checkSum(log.propensities, 'propensities', query);
    checkSum(target, "the target's chances", query);
  }

  function checkSum(chances: Float64Array, name: string, query: number): void {
    let sum = 0;
    for (let cell = query * log.models; cell < (query + 1) * log.models; cell++) {
      const chance = chances[cell] ?? Number.NaN;
      if (!(chance >= 0)) throw broken(query, `${name} hold ${chance}; each must be 0 or more`);
      sum += chance;
    }
    if (!(Math.abs(sum - 1) < 1e-6)) throw broken(query, `${name} sum to ${sum}, not 1`);
  }
}
