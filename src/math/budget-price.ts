import type { Learner } from '../core/learner.ts';
import { StateReader } from './state-reader.ts';
import { clamp } from './vectors.ts';

const version = 1;

export interface BudgetSettings {
  /** US dollars per request to aim at; > 0. */
  readonly usdPerRequest: number;
  /** Price per unit of debt. */
  readonly gain: number;
  /** Price per unit of current overspending. */
  readonly damping: number;
  /** Weight of the newest cost in the running one. */
  readonly smoothing: number;
  /** Debt is held between 0 and this many requests' budgets. */
  readonly mostDebt: number;
}

/** The price of a dollar that keeps spending at a budget, learned from what requests cost. */
export interface BudgetPrice extends Learner {
  /** Quality per US dollar; >= 0. */
  readonly lambda: number;
  /** Dollars spent beyond the budget so far, in requests' budgets, held within its bounds. */
  readonly debt: number;
}

/**
 * Debt is a virtual queue (Neely's drift plus penalty): each cost adds cost / budget − 1, and it never falls below 0, so
 * that spending stays within the budget plus what the debt can hold. The price is gain x debt, plus damping x (running
 * cost / budget − 1), which answers a shock before debt has built up and keeps the loop from swinging.
 */
export function createBudgetPrice(settings: BudgetSettings): BudgetPrice {
  const { usdPerRequest, gain, damping, smoothing, mostDebt } = settings;
  let debt = 0;
  /** Of cost / budget. */
  let running = 1;
  return {
    get debt() {
      return debt;
    },
    get lambda() {
      return Math.max(0, gain * debt + damping * (running - 1)) / usdPerRequest;
    },
    update({ quantity, value }) {
      if (quantity !== 'cost' || !(value >= 0 && value < Infinity)) return;
      const ratio = Math.min(value / usdPerRequest, mostDebt);
      running += smoothing * (ratio - running);
      debt = clamp(debt + ratio - 1, 0, mostDebt);
    },
    save: () => ({ version, data: { usdPerRequest }, arrays: { price: Float64Array.of(debt, running) } }),
    load(state) {
      const reader = new StateReader('budget-paced', state, version);
      reader.expect('usdPerRequest', usdPerRequest);
      const [savedDebt = 0, savedRunning = 1] = reader.doubles('price', 2);
      debt = savedDebt;
      running = savedRunning;
    },
  };
}
