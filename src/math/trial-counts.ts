import type { Learner } from '../core/learner.ts';
import { ModelIndex } from './model-index.ts';
import { StateReader } from './state-reader.ts';
import { inRange } from './training-rows.ts';

const version = 1;

export interface TrialSettings {
  /** Of whose state it is, for errors. */
  readonly owner: string;
  /** Share of all evidence left at each new observation of any model; 1 forgets nothing. */
  readonly discount: number;
  /** Only the last so many observations, of all models together, count; 0: all. */
  readonly window: number;
}

/** Quality of each model so far, whatever was asked: how much evidence there is and what it says. */
export interface TrialCounts extends Learner {
  /** Evidence about a model; 0 where there is none. */
  weight(model: string): number;
  /** Mean quality; 0 where there is no evidence. */
  mean(model: string): number;
  /** Evidence about all models together. */
  readonly total: number;
}

export function createTrialCounts({ owner, discount, window }: TrialSettings): TrialCounts {
  const models = new ModelIndex();
  /** Weight and weighted quality of each model, side by side. */
  let sums: Float64Array = new Float64Array(0);
  let total = 0;
  /** [3 x window] the observations that count, oldest overwritten: model's place, weight, quality. */
  let ring: Float64Array = new Float64Array(3 * window);
  let seen = 0;

  const add = (place: number, weight: number, value: number): void => {
    sums[2 * place] = (sums[2 * place] ?? 0) + weight;
    sums[2 * place + 1] = (sums[2 * place + 1] ?? 0) + weight * value;
    total += weight;
  };

  /** Sums of what is in the ring, anew: what is added and taken away again leaves rounding behind. */
  const recount = (): void => {
    sums.fill(0);
    total = 0;
    for (let i = 0; i < Math.min(seen, window); i++) add(ring[3 * i] ?? 0, ring[3 * i + 1] ?? 0, ring[3 * i + 2] ?? 0);
  };

  return {
    weight: (model) => sums[2 * models.find(model)] ?? 0,
    mean(model) {
      const at = 2 * models.find(model);
      const weight = sums[at] ?? 0;
      return weight > 0 ? (sums[at + 1] ?? 0) / weight : 0;
    },
    get total() {
      return total;
    },
    update({ model, quantity, value, weight }) {
      if (quantity !== 'quality' || !inRange(quantity, value) || !(weight > 0 && weight < Infinity)) return;
      const place = models.add(model);
      if (2 * place >= sums.length) {
        const larger = new Float64Array(2 * place + 2);
        larger.set(sums);
        sums = larger;
      }
      if (discount < 1) {
        for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) * discount;
        total *= discount;
      }
      if (window > 0) {
        const at = 3 * (seen % window);
        const old = ring[at + 1] ?? 0;
        if (seen >= window) add(ring[at] ?? 0, -old, ring[at + 2] ?? 0);
        ring.set([place, weight, value], at);
      }
      seen++;
      add(place, weight, value);
      if (window > 0 && seen % window === 0) recount();
    },
    save: () => ({
      version,
      data: { discount, window, seen, models: [...models.names] },
      arrays: { sums: sums.slice(), total: Float64Array.of(total), ring: ring.slice() },
    }),
    load(state) {
      const reader = new StateReader(owner, state, version);
      reader.expect('discount', discount);
      reader.expect('window', window);
      const names = reader.strings('models');
      const count = reader.count('seen');
      const loaded = reader.doubles('sums', 2 * names.length);
      const [all = 0] = reader.doubles('total', 1);
      ring = reader.doubles('ring', 3 * window);
      sums = loaded;
      total = all;
      seen = count;
      models.replace(names);
    },
  };
}
