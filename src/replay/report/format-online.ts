import type { Interval } from '../metrics/bootstrap.ts';
import type { Quartiles } from '../online/measures.ts';
import type { OnlineResult, OnlineRunResult } from '../online/run-online.ts';
import type { WorldEvent } from '../online/scenario.ts';
import { textTable } from './text-table.ts';

const short = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(3));
const signed = (value: number): string => `${value >= 0 ? '+' : ''}${short(value)}`;
// Where models come and go there may be no fixed one to compare with.
const interval = ({ value, low, high }: Interval): string =>
  !Number.isFinite(value)
    ? '-'
    : Number.isNaN(low)
      ? signed(value)
      : `${signed(value)} (${signed(low)}..${signed(high)})`;
const spread = ({ low, median, high }: Quartiles): string =>
  low === high ? short(median) : `${short(median)} [${short(low)}, ${short(high)}]`;

/** An online replay for the terminal: what was replayed, the table, the curves. Ends with a line break. */
export function formatOnline(result: OnlineResult): string {
  const { split, models, scenario, start, lambda, budgetUsd, seeds, seed, window, warnings, runs, comparisons } =
    result;
  const { steps, order, feedback } = scenario;
  const labels = [
    `${feedback.share * 100} % of requests labelled`,
    feedback.delay === 0 ? 'at once' : `${feedback.delay} steps late`,
    ...(feedback.poisoned === 0 ? [] : [`${feedback.poisoned * 100} % of labels say the opposite`]),
  ].join(', ');
  const parts = [
    [
      `${split}: ${steps} requests in ${order} order, ${models.length} models, ${start} start, lambda ${lambda}; ${labels}.`,
      ...scenario.events.map((event) => `At step ${event.at} ${eventText(event)}.`),
      `${seeds === 1 ? 'One run' : `Medians over ${seeds} seeds`} from "${seed}"${seeds === 1 ? '' : ', quartiles in brackets'}. Normalised utility, last half: 0 is choosing at`,
      "random, 1 is the same estimator trained on every outcome but the row's own.",
    ].join('\n'),
    warnings.map((warning) => `warning: ${warning}`).join('\n'),
    textTable(
      ['router', 'normalised', 'utility', 'over best fixed, mean (95 %)', 'quality', 'labels'],
      runs.map(({ label, summary }) => [
        label,
        spread(summary.normalised),
        spread(summary.utility),
        interval(summary.gain),
        spread(summary.quality),
        String(summary.labels),
      ]),
    ),
    comparisons.length === 0
      ? ''
      : textTable(
          ['utility, paired by seed', 'mean difference (95 %)'],
          comparisons.map(({ a, b, difference }) => [`${a} - ${b}`, interval(difference)]),
        ),
    regretTable(result),
    budgetUsd === null ? '' : spendingTable(runs, budgetUsd, window),
    curveTable(runs, steps),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function regretTable({ runs, window, segments }: OnlineResult): string {
  return `Regret\n${textTable(
    [
      'router',
      'to reference',
      `worst ${window} steps`,
      'to best fixed',
      `to any model, worst ${window} steps`,
      'worst stretch',
      `to ${segments} segments`,
      'to oracle',
    ],
    runs.map(({ label, regret }) => [
      label,
      spread(regret.reference),
      spread(regret.worstWindow),
      spread(regret.bestFixed),
      spread(regret.interval),
      spread(regret.anyInterval),
      spread(regret.dynamic),
      spread(regret.oracle),
    ]),
  )}`;
}

function spendingTable(runs: readonly OnlineRunResult[], budgetUsd: number, window: number): string {
  return `Spending in budgets of $${budgetUsd} a request\n${textTable(
    ['router', 'all', 'last half', `worst ${window} steps`, `worst so far, from step ${window}`],
    runs.flatMap(({ label, spending }) =>
      spending === null
        ? []
        : [
            [
              label,
              spread(spending.all),
              spread(spending.lastHalf),
              spread(spending.worstWindow),
              spread(spending.violation),
            ],
          ],
    ),
  )}`;
}

function curveTable(runs: readonly OnlineRunResult[], steps: number): string {
  const stretches = runs[0]?.curves.utility.length ?? 0;
  const columns = runs.flatMap(({ label, curves }) => [
    [label, curves.utility.map(({ median }) => short(median))] as const,
    ['its reference', curves.reference.map(({ median }) => short(median))] as const,
    ['its cost', curves.costUsd.map(({ median }) => `$${median.toPrecision(3)}`)] as const,
  ]);
  return `Mean utility and cost as it goes\n${textTable(
    ['up to step', ...columns.map(([label]) => label)],
    Array.from({ length: stretches }, (_, i) => [
      String(Math.floor(((i + 1) * steps) / stretches)),
      ...columns.map(([, cells]) => cells[i] ?? ''),
    ]),
  )}`;
}

/** In words, without its step. */
export function eventText(event: WorldEvent): string {
  switch (event.type) {
    case 'price':
      return `${event.model ?? 'every model'} costs ${event.factor} times as much${event.announced ? '' : ', unannounced'}`;
    case 'degrade':
      return `${event.model} is right with probability ${event.quality} from here on`;
    case 'arrive':
      return `${event.model} arrives`;
    case 'vanish':
      return `${event.model} vanishes`;
    default:
      return event satisfies never;
  }
}
