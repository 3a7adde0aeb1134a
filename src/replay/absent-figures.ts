import type { Calibration } from './calibration.ts';
import type { PairOutcome } from './pair-figures.ts';
import type { PredictedRows } from './policy-sweep.ts';
import type { AbsentFigure } from './run-figures.ts';

export interface WhatIsThere {
  readonly hasCost: boolean;
  /** The best single model costs nothing. */
  readonly isFree: boolean;
  readonly isUsd: boolean;
  readonly pair: PairOutcome;
  readonly calibration: Calibration | null;
  readonly predicted: PredictedRows;
  readonly solvable: number;
}

const noCost = 'the data set knows no cost';

/** Every figure of docs/metrics.md that this run lacks, so that a reader need not guess. */
export function absentFigures(there: WhatIsThere): readonly AbsentFigure[] {
  const { hasCost, isFree, isUsd, pair, calibration, predicted, solvable } = there;
  const absent: AbsentFigure[] = [
    { figure: 'regret, budget violation', why: 'they are about requests in time order: pointsman replay --online' },
  ];
  const lacks = (figure: string, why: string): void => void absent.push({ figure, why });
  if (!hasCost) {
    lacks('AIQ, savings, deferral area, QNC, PerfGain, CostSave, ParetoDist', noCost);
    lacks("RouterArena's score, Opt.Sel, Opt.Cost", noCost);
  } else if (!isUsd) lacks("RouterArena's score", 'it is defined for US dollars');
  if (isFree) lacks('savings, deferral area, QNC, CostSave', 'the best single model is free');
  if (solvable === 0) lacks('Opt.Sel, Opt.Acc, Opt.Cost', 'no model scores a full 1 on any test row');
  if (pair.type === 'absent') lacks('PGR, APGR, CPT', pair.why);
  else if (pair.figures.calls === null) lacks('APGR, CPT', pair.whyNoCalls);
  if (calibration === null) {
    lacks('ECE, Brier score, reliability, MAPE, pinball loss, coverage', 'the router tells no predictions');
    return absent;
  }
  if (!hasCost) lacks('MAPE, ratio of totals, pinball loss, coverage', noCost);
  else if (predicted.costUsd === null) {
    lacks('MAPE, ratio of totals, pinball loss, coverage', 'the router tells no predicted costs');
  } else if (calibration.cost?.spread === null) {
    lacks('pinball loss, coverage', 'too few test rows, or predictions of 0, to learn how far single costs stray');
  }
  return absent;
}
