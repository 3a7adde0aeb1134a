import { PointsmanError } from '../core/errors.ts';
import type { Learner } from '../core/learner.ts';
import { ModelIndex } from './model-index.ts';
import { StateReader } from './state-reader.ts';
import { inRange } from './training-rows.ts';

const version = 1;
const owner = 'stabl';

/** Experts have intervals of 2^4, 2^5, ... 2^16 facts. */
const firstScale = 4;
const scales = 13;
/** Dollars are worth at most as much loss as a wrong answer. */
const highestLoss = 2;

/** Of a fact about a second model that was asked beside the one that served; first in its note. */
export const secondMark = 1;

export interface ScaleExperts extends Learner {
  /** Probabilities over these models: of every expert, weighted by how well it did. Sums to 1. */
  mixture(models: readonly string[]): Float64Array;
  /** Facts of quality so far. */
  readonly facts: number;
}

/**
 * Exponential weights at many time scales at once. The expert of scale k begins anew every 2^k facts, with the step size that
 * suits 2^k of them; the mixture over experts moves to whichever has been right lately. Losses are importance-weighted by the
 * propensity with which each fact was drawn, so served and second answers teach alike.
 */
export function createScaleExperts({ lambda, bias }: { readonly lambda: number; readonly bias: number }): ScaleExperts {
  const models = new ModelIndex();
  let facts = 0;
  /** [scales] Trust in each expert. */
  let trust: Float64Array = Float64Array.from({ length: scales }, (_, k) => firstTrust(k));
  /** [models x scales] Estimated losses since the expert began. */
  let losses: Float64Array = new Float64Array(0);
  /** [models x 2] Sum and number of dollars seen. */
  let paid: Float64Array = new Float64Array(0);

  const grow = (model: string): number => {
    const place = models.add(model);
    if (models.size * 2 > paid.length) {
      losses = padded(losses, models.size * scales);
      paid = padded(paid, models.size * 2);
    }
    return place;
  };

  /** Into `out`: the probabilities of one expert over these places; a model never met has lost nothing. */
  const expert = (k: number, places: ArrayLike<number>, out: Float64Array): void => {
    const eta = Math.sqrt(Math.log(Math.max(2, places.length)) / (Math.max(2, places.length) * 2 ** (k + firstScale)));
    let least = Infinity;
    const lossOf = (i: number): number => losses[(places[i] ?? -1) * scales + k] ?? 0;
    for (let i = 0; i < places.length; i++) least = Math.min(least, lossOf(i));
    let sum = 0;
    for (let i = 0; i < places.length; i++) sum += out[i] = Math.exp(-eta * (lossOf(i) - least));
    for (let i = 0; i < places.length; i++) out[i] = (out[i] ?? 0) / sum;
  };

  const mixed = (places: ArrayLike<number>): { readonly all: Float64Array; readonly byExpert: Float64Array[] } => {
    const all = new Float64Array(places.length);
    const total = trust.reduce((sum, each) => sum + each, 0);
    const byExpert = Array.from(trust, (weight, k) => {
      const own = new Float64Array(places.length);
      expert(k, places, own);
      for (let i = 0; i < own.length; i++) all[i] = (all[i] ?? 0) + ((own[i] ?? 0) * weight) / total;
      return own;
    });
    return { all, byExpert };
  };

  return {
    get facts() {
      return facts;
    },
    mixture: (asked) => mixed(asked.map((model) => models.find(model))).all,
    update({ model, quantity, value, weight, propensity, note }) {
      if (quantity !== 'quality' && quantity !== 'cost') return;
      if (!inRange(quantity, value) || !(weight > 0 && weight < Infinity)) return;
      if (quantity === 'cost') {
        const at = grow(model) * 2;
        paid[at] = (paid[at] ?? 0) + value;
        paid[at + 1] = (paid[at + 1] ?? 0) + 1;
        return;
      }
      if (propensity === null || !(propensity > 0)) return;
      const place = grow(model);
      const [dollars = 0, times = 0] = paid.subarray(place * 2);
      const loss = Math.min(highestLoss, 1 - value + (times > 0 ? (lambda * dollars) / times : 0));
      // The draw of a second model is uniform and never rare, so it needs no bias.
      const estimate = (Math.min(1, weight) * loss) / (note?.[0] === secondMark ? propensity : propensity + bias);
      const { all, byExpert } = mixed(models.names.map((_, i) => i));
      facts++;
      for (let k = 0; k < scales; k++) {
        // What the mixture would have lost more than this expert; bounded, so that trust stays above 0.
        const regret = ((all[place] ?? 0) - (byExpert[k]?.[place] ?? 0)) * estimate;
        const grown = (trust[k] ?? 0) * (1 + firstTrust(k) * Math.max(-1, Math.min(1, regret)));
        trust[k] = Math.max(Number.MIN_VALUE * 1e20, grown);
        losses[place * scales + k] = (losses[place * scales + k] ?? 0) + estimate;
        if (facts % 2 ** (k + firstScale) !== 0) continue;
        trust[k] = firstTrust(k);
        for (let m = 0; m < models.size; m++) losses[m * scales + k] = 0;
      }
      const most = trust.reduce((high, each) => Math.max(high, each), 0);
      // Only ratios count; without this a long run would overflow.
      if (most > 1e100) trust = trust.map((each) => Math.max(Number.MIN_VALUE * 1e20, each / most));
    },
    save: () => ({
      version,
      data: { models: [...models.names], facts },
      arrays: { trust: trust.slice(), losses: losses.slice(), paid: paid.slice() },
    }),
    load(state) {
      const reader = new StateReader(owner, state, version);
      const names = reader.strings('models');
      const found = {
        facts: reader.count('facts'),
        trust: reader.doubles('trust', scales),
        losses: reader.doubles('losses', names.length * scales),
        paid: reader.doubles('paid', names.length * 2),
      };
      const numbers = [...found.trust, ...found.losses, ...found.paid];
      if (numbers.some((each) => !(each >= 0 && each < Infinity)) || found.trust.some((each) => each === 0)) {
        throw new PointsmanError('invalid_data', 'The saved state of stabl is damaged. Remove the snapshot.');
      }
      models.replace(names);
      ({ facts, trust, losses, paid } = found);
    },
  };
}

/** Trust that an expert begins with, and how fast it moves: about one over the root of its interval. */
const firstTrust = (k: number): number => Math.min(0.5, 1 / Math.sqrt(2 ** (k + firstScale)));

function padded(array: Float64Array, length: number): Float64Array {
  const out = new Float64Array(length);
  out.set(array);
  return out;
}
