import type { Quartiles } from '../online/measures.ts';
import type { OnlineResult, OnlineRunResult } from '../online/run-online.ts';
import { costText } from './figures-text.ts';

/** One figure of every router of an online replay. */
export interface OnlineFigure {
  /** For CSV and other programs: never changes. */
  readonly key: string;
  readonly name: string;
  /** [runs] */
  readonly cells: readonly Quartiles[];
  readonly write: (value: number) => string;
}

const number = (value: number): string =>
  Number.isFinite(value) ? (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(4)).replace('-', '−') : '–';
const usd = (value: number): string => costText(value, 'usd');

/** In the order in which reports show them; spending only where there is a budget. */
export function onlineFigures({ runs, budgetUsd, window, segments }: OnlineResult): readonly OnlineFigure[] {
  const figure = (
    key: string,
    name: string,
    read: (run: OnlineRunResult) => Quartiles,
    write = number,
  ): OnlineFigure => ({ key, name, cells: runs.map(read), write });
  const spent = (read: (spending: NonNullable<OnlineRunResult['spending']>) => Quartiles) => (run: OnlineRunResult) =>
    run.spending === null ? { low: NaN, median: NaN, high: NaN } : read(run.spending);
  return [
    figure('normalised', 'normalised utility, last half', ({ summary }) => summary.normalised),
    figure('utility', 'utility per request', ({ summary }) => summary.utility),
    figure('quality', 'quality per request', ({ summary }) => summary.quality),
    figure('cost', 'cost per request', ({ summary }) => summary.costUsd, usd),
    figure('over_best_fixed', 'utility over best fixed model', ({ summary }) => summary.overBestFixed),
    figure('regret_reference', 'regret to reference', ({ regret }) => regret.reference),
    figure('regret_reference_window', `the same, worst ${window} steps`, ({ regret }) => regret.worstWindow),
    figure('regret_best_fixed', 'regret to best fixed model', ({ regret }) => regret.bestFixed),
    figure('regret_interval', `regret to any model, worst ${window} steps`, ({ regret }) => regret.interval),
    figure('regret_any_interval', 'the same, worst stretch', ({ regret }) => regret.anyInterval),
    figure('regret_dynamic', `regret to ${segments} segments`, ({ regret }) => regret.dynamic),
    figure('regret_oracle', 'regret to oracle', ({ regret }) => regret.oracle),
    ...(budgetUsd === null
      ? []
      : [
          figure(
            'spent',
            'spent, in budgets',
            spent(({ all }) => all),
          ),
          figure(
            'spent_last_half',
            'spent in the last half',
            spent(({ lastHalf }) => lastHalf),
          ),
          figure(
            'spent_window',
            `spent, worst ${window} steps`,
            spent(({ worstWindow }) => worstWindow),
          ),
          figure(
            'violation',
            `spent so far, worst from step ${window} on`,
            spent(({ violation }) => violation),
          ),
        ]),
  ];
}
