import type { Learner } from '../core/learner.ts';
import { ModelIndex } from './model-index.ts';
import { StateReader } from './state-reader.ts';
import { inRange } from './training-rows.ts';

const version = 1;

/** Per model: estimated sum of 1 − quality over all rounds, estimated sum of dollars over all rounds. */
const width = 2;

/** What each model would have lost in every round, estimated from the rounds in which it was asked. */
export interface LossEstimates extends Learner {
  /** Sum over the rounds of 1 − quality + lambda x costUsd, estimated; 0 for a model never asked. */
  loss(model: string, lambda: number): number;
  /** Labelled rounds that count. */
  readonly rounds: number;
}

/**
 * Importance-weighted sums with implicit exploration: a loss counts loss / (propensity + bias), which is a little too
 * low on average and never explodes (Neu, arXiv 1506.03271). Quality and dollars arrive apart, and quality not for every
 * round, so the dollars are brought to the number of labelled rounds.
 */
export function createLossEstimates(settings: { readonly discount: number; readonly bias: number }): LossEstimates {
  const { discount, bias } = settings;
  const models = new ModelIndex();
  let sums: Float64Array = new Float64Array(0);
  /** Rounds with a quality, rounds with a cost. */
  let rounds = new Float64Array(width);
  return {
    get rounds() {
      return rounds[0] ?? 0;
    },
    loss(model, lambda) {
      const at = width * models.find(model);
      const [labelled = 0, paid = 0] = rounds;
      const dollars = paid > 0 ? ((sums[at + 1] ?? 0) * labelled) / paid : 0;
      return (sums[at] ?? 0) + lambda * dollars;
    },
    update({ model, quantity, value, weight, propensity }) {
      if (quantity !== 'quality' && quantity !== 'cost') return;
      if (!inRange(quantity, value) || !(weight > 0 && weight < Infinity) || propensity === null) return;
      const column = quantity === 'quality' ? 0 : 1;
      const place = width * models.add(model) + column;
      if (place >= sums.length) {
        const larger = new Float64Array(width * models.size);
        larger.set(sums);
        sums = larger;
      }
      for (let at = column; at < sums.length; at += width) sums[at] = (sums[at] ?? 0) * discount;
      rounds[column] = (rounds[column] ?? 0) * discount + weight;
      const loss = quantity === 'quality' ? 1 - value : value;
      sums[place] = (sums[place] ?? 0) + (weight * loss) / (propensity + bias);
    },
    save: () => ({
      version,
      data: { models: [...models.names] },
      arrays: { sums: sums.slice(), rounds: rounds.slice() },
    }),
    load(state) {
      const reader = new StateReader('exp3', state, version);
      const names = reader.strings('models');
      const loaded = reader.doubles('sums', width * names.length);
      rounds = Float64Array.from(reader.doubles('rounds', width));
      sums = loaded;
      models.replace(names);
    },
  };
}
