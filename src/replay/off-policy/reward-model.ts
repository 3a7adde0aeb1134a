import { seededRandom } from '../../core/random.ts';
import type { LoggedChoices } from './logged-choices.ts';

export interface CrossFitOptions {
  /** At least 2. */
  readonly folds: number;
  readonly seed: string;
  /** How many observations of its model's overall mean a group starts with; default 10. */
  readonly prior?: number | undefined;
}

/**
 * A plain model of the reward for `doublyRobust`: per model and group the mean reward seen in the *other* folds, shrunk
 * to the model's mean over all groups, and that to the mean of all. Rows are dealt to folds at random. Returns [N x M].
 * Same seed, same numbers. Groups: eval names, routes, clusters; one group for all gives a mean per model.
 */
export function crossFitMeans(
  log: LoggedChoices,
  groups: readonly string[],
  { folds, seed, prior = 10 }: CrossFitOptions,
): Float64Array {
  const random = seededRandom(seed);
  const foldOf = Uint32Array.from({ length: log.queries }, () => random.integer(folds));
  const groupOf = numberGroups(groups);
  const groupCount = groupOf.reduce((most, group) => Math.max(most, group + 1), 0);
  const model = new Float64Array(log.queries * log.models);
  for (let fold = 0; fold < folds; fold++) {
    const all = tally(1);
    const byModel = tally(log.models);
    const byGroup = tally(groupCount * log.models);
    for (let query = 0; query < log.queries; query++) {
      if (foldOf[query] === fold) continue;
      const chosen = log.chosen[query] ?? 0;
      const reward = log.reward[query] ?? 0;
      all.add(0, reward);
      byModel.add(chosen, reward);
      byGroup.add((groupOf[query] ?? 0) * log.models + chosen, reward);
    }
    const mean = all.mean(0, 0, 0);
    for (let query = 0; query < log.queries; query++) {
      if (foldOf[query] !== fold) continue;
      for (let m = 0; m < log.models; m++) {
        const overall = byModel.mean(m, mean, prior);
        model[query * log.models + m] = byGroup.mean((groupOf[query] ?? 0) * log.models + m, overall, prior);
      }
    }
  }
  return model;
}

function numberGroups(groups: readonly string[]): Uint32Array {
  const numbers = new Map<string, number>();
  return Uint32Array.from(groups, (group) => {
    const number = numbers.get(group) ?? numbers.size;
    numbers.set(group, number);
    return number;
  });
}

function tally(size: number): {
  add(cell: number, value: number): void;
  /** With `weight` more observations of `start`; `start` where there is nothing at all. */
  mean(cell: number, start: number, weight: number): number;
} {
  const sums = new Float64Array(size);
  const counts = new Float64Array(size);
  return {
    add(cell, value) {
      sums[cell] = (sums[cell] ?? 0) + value;
      counts[cell] = (counts[cell] ?? 0) + 1;
    },
    mean(cell, start, weight) {
      const count = (counts[cell] ?? 0) + weight;
      return count === 0 ? start : ((sums[cell] ?? 0) + weight * start) / count;
    },
  };
}
