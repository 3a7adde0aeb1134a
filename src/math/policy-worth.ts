import { hash32 } from '../core/random.ts';
import type { Learner } from '../core/learner.ts';
import { StateReader } from './state-reader.ts';
import { inRange } from './training-rows.ts';

const version = 1;

/** Per policy and quantity: sum of w, of w squared, of w x value, of w x value squared. */
const width = 4;
/** Quality, cost. */
const columns = 2;

/** An importance weight counts for at most this much. */
const largestWeight = 20;
/** Observations that the prior is worth: quality 0.5 with the widest variance. */
const priorStrength = 4;

/** What a policy is worth per request, and how sure that is. */
export interface Worth {
  readonly mean: number;
  readonly deviation: number;
}

/** What each of several policies would have earned on the requests that all of them together decided. */
export interface PolicyWorth extends Learner {
  /** Quality − lambda x costUsd per request. */
  worth(policy: number, lambda: number): Worth;
}

/** What has to come back with an observation: the chosen model, the chance that it was chosen, and each policy's. */
export const worthNote = (model: string, chance: number, chances: readonly number[]): readonly number[] => [
  hash32(model),
  chance,
  ...chances,
];

/**
 * Self-normalised importance sampling (SNIPS: Swaminathan and Joachims, 2015) of every policy from every observation,
 * whichever of them decided: weight = its own chance of the chosen model / the chance under all. An observation of
 * another model than the noted one (a fallback) tells nothing.
 */
export function createPolicyWorth(policies: number, discount: number): PolicyWorth {
  let sums: Float64Array = new Float64Array(policies * columns * width);
  const moments = (policy: number, column: number): { mean: number; variance: number; evidence: number } => {
    const at = (policy * columns + column) * width;
    const weight = sums[at] ?? 0;
    const squares = sums[at + 1] ?? 0;
    if (!(weight > 0)) return { mean: 0, variance: 0, evidence: 0 };
    const mean = (sums[at + 2] ?? 0) / weight;
    const variance = Math.max(0, (sums[at + 3] ?? 0) / weight - mean * mean);
    return { mean, variance, evidence: (weight * weight) / squares };
  };
  return {
    worth(policy, lambda) {
      const quality = moments(policy, 0);
      const cost = moments(policy, 1);
      const total = quality.evidence + priorStrength;
      const mean = (quality.evidence * quality.mean + priorStrength * 0.5) / total;
      const variance = (quality.evidence * quality.variance + priorStrength * 0.25) / total;
      const costVariance = cost.variance / (cost.evidence + priorStrength);
      return {
        mean: mean - lambda * cost.mean,
        deviation: Math.sqrt(variance / total + lambda * lambda * costVariance),
      };
    },
    update({ model, quantity, value, weight, note }) {
      if ((quantity !== 'quality' && quantity !== 'cost') || !inRange(quantity, value)) return;
      if (!(weight > 0 && weight < Infinity) || note === undefined || note.length !== policies + 2) return;
      const [noted = -1, chance = 0] = note;
      if (noted !== hash32(model) || !(chance > 0 && chance <= 1)) return;
      const column = quantity === 'quality' ? 0 : 1;
      for (let policy = 0; policy < policies; policy++) {
        const ratio = (note[policy + 2] ?? 0) / chance;
        if (!(ratio >= 0)) continue;
        const w = weight * Math.min(largestWeight, ratio);
        const at = (policy * columns + column) * width;
        for (let i = 0; i < width; i++) sums[at + i] = (sums[at + i] ?? 0) * discount;
        sums[at] = (sums[at] ?? 0) + w;
        sums[at + 1] = (sums[at + 1] ?? 0) + w * w;
        sums[at + 2] = (sums[at + 2] ?? 0) + w * value;
        sums[at + 3] = (sums[at + 3] ?? 0) + w * value * value;
      }
    },
    save: () => ({ version, data: { policies }, arrays: { sums: sums.slice() } }),
    load(state) {
      const reader = new StateReader('policy-bandit', state, version);
      reader.expect('policies', policies);
      sums = reader.doubles('sums', policies * columns * width);
    },
  };
}
