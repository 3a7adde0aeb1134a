import type { Target } from '../core/candidate.ts';
import type { Caller } from '../core/query.ts';
import type { HedgeSettings } from './hedging.ts';

/** The part of upstream/'s configuration that can change while it runs. */
export interface UpstreamPlan {
  /** Routes that hedge. */
  readonly hedges: ReadonlyMap<string, HedgeSettings>;
  /** Routes that take a cheaper model where the chosen one is full. */
  readonly degradable: ReadonlySet<string>;
  /** Who goes first where targets are full; higher is sooner. */
  readonly priorityOf: (caller: Caller) => number;
  /** Those with a `healthCheck` or `loadMetrics` are watched. */
  readonly targets: readonly Target[];
}

export const plainPlan: UpstreamPlan = {
  hedges: new Map(),
  degradable: new Set(),
  priorityOf: () => 0,
  targets: [],
};
