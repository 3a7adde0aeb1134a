import type { Interval, ReachedInterval } from './metrics/bootstrap.ts';
import type { Optimality } from './metrics/router-arena.ts';
import type { Point } from './metrics/point.ts';

/** Other papers' figures of a router's curve; see metrics/deferral.ts, llm-router-bench.ts and router-arena.ts. */
export interface OtherFigures {
  /** Null for a set without cost. */
  readonly curve: CurveFigures | null;
  readonly gainOverBest: ReachedInterval;
  readonly gapToOracle: ReachedInterval;
  readonly routerArena: ArenaFigures;
}

export interface CurveFigures {
  /** Null where the best single model is free, as the next and CostSave. */
  readonly deferralArea: ReachedInterval | null;
  readonly qualityNeutralCost: ReachedInterval | null;
  readonly performanceGain: ReachedInterval;
  readonly costSaved: ReachedInterval | null;
  /** Among all that is compared here. */
  readonly paretoDistance: number | null;
}

/** Of the router's point of highest quality. */
export interface ArenaFigures {
  /** Null where cost is not in dollars. */
  readonly score: ReachedInterval | null;
  readonly optimality: Optimality;
}

/** A figure that a router has not, and why. */
export interface AbsentFigure {
  readonly figure: string;
  readonly why: string;
}

/** Two routers on the same queries, paired. */
export interface Comparison {
  /** Labels of runs. */
  readonly a: string;
  readonly b: string;
  /** AIQ of a - AIQ of b; for a set without cost, the difference of their highest mean qualities. */
  readonly difference: Interval;
}

/** The two models that PGR, APGR and CPT are about. */
export interface PairModels {
  readonly strong: Point & { readonly model: string };
  readonly weak: Point & { readonly model: string };
  /** True where somebody named them; else the best single model and the cheapest, of the test rows. */
  readonly isAsked: boolean;
}
