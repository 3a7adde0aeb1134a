import type { Interval } from '../metrics/bootstrap.ts';
import type { Point } from '../metrics/point.ts';
import type { ReplayResult, RunResult } from '../replay-result.ts';
import { absentNotes, againstTheFirst, figureRows } from './figure-list.ts';
import { figureText, resamplingText } from './figures-text.ts';
import { textPlot } from './text-plot.ts';
import { textTable } from './text-table.ts';

/** More routers than this are told as a league: best first, and the wide tables are left to the report. */
const fewRouters = 6;
/** Curves that a plot of characters can hold. */
const leaders = 4;

/** A replay for the terminal: what was replayed, the table, the plot, each eval name. Ends with a line break. */
export function formatReplay(result: ReplayResult): string {
  const parts = result.runs.length > fewRouters ? leagueParts(result) : everyPart(result);
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** The same result with the best router first: by AIQ over the zero router, or by quality where there is no cost. */
function inOrder(result: ReplayResult): ReplayResult {
  const worth = ({ cost, top }: RunResult): number => cost?.gain.value ?? top.point.quality;
  return { ...result, runs: [...result.runs].sort((a, b) => worth(b) - worth(a)) };
}

function leagueParts(result: ReplayResult): readonly string[] {
  const { baselines } = result;
  const ordered = inOrder(result);
  const { runs } = ordered;
  return [
    introduction(result),
    result.warnings.map((warning) => `warning: ${warning}`).join('\n'),
    baselines.hasCost ? costTable(ordered) : qualityTable(ordered),
    baselines.hasCost ? plot({ ...ordered, runs: runs.slice(0, leaders) }) : '',
    origins(result),
    comparisons(result),
    singlesTable(result),
    settings(result),
    `${runs.length} routers: every other figure, each eval name and each split are in --out FOLDER and --json.`,
  ];
}

function everyPart(result: ReplayResult): readonly string[] {
  return [
    introduction(result),
    result.warnings.map((warning) => `warning: ${warning}`).join('\n'),
    result.baselines.hasCost ? costTable(result) : qualityTable(result),
    result.baselines.hasCost ? plot(result) : '',
    origins(result),
    comparisons(result),
    figures(result),
    ...result.runs.map((run) => splitTable(run, result.baselines.hasCost)),
    ...result.runs.map((run) => groupTable(run, result.baselines.hasCost)),
    singlesTable(result),
    settings(result),
    absences(result),
  ];
}

const number = (value: number | null): string => (value === null ? '-' : value.toFixed(4));
const signed = (value: number): string => `${value >= 0 ? '+' : ''}${value.toFixed(4)}`;
/** Six decimals of a dollar line up in a column; other units have a size of their own. */
const costOf = (value: number, unit: string): string =>
  unit === 'usd' ? `$${value.toFixed(6)}` : value.toPrecision(5);
const percent = (share: number | null): string => (share === null ? 'not reached' : `${(share * 100).toFixed(1)} %`);
const range = ({ low, high }: Interval): string => (Number.isNaN(low) ? '' : `${number(low)}..${number(high)}`);
const difference = ({ value, low, high }: Interval): string =>
  Number.isNaN(low) ? signed(value) : `${signed(value)} (${signed(low)}..${signed(high)})`;

function introduction({ train, test, split, embedder, resamples, seed, models, costUnit }: ReplayResult): string {
  const text = embedder.text === 'query_text' ? 'the question alone (query_text)' : 'the whole prompt';
  return [
    `${split}: ${train.rows} rows train, ${test.rows} rows test, ${models.length} models.`,
    `Embedded: ${text}, by ${embedder.id}. Intervals: ${resamplingText(resamples)}; seed ${seed}.`,
    ...(costUnit === 'usd' ? [] : [`Cost is counted in ${costUnit}.`]),
  ].join('\n');
}

function costTable({ baselines, runs, costUnit }: ReplayResult): string {
  const { bestSingle, random, oracle, zero } = baselines;
  const point = (name: string, { quality, costUsd }: Point): readonly string[] => [
    name,
    '',
    '',
    '',
    '',
    number(quality),
    costOf(costUsd, costUnit),
  ];
  return textTable(
    ['router', 'AIQ', '95 %', 'AIQ - zero, 95 %', 'AIQ code form', 'best quality', 'at cost'],
    [
      ...runs.map(({ label, cost, top }) => [
        label,
        number(cost?.aiq.value ?? null),
        cost === null ? '' : range(cost.aiq),
        cost === null ? '' : difference(cost.gain),
        number(cost?.aiqCodeForm ?? null),
        number(top.point.quality),
        costOf(top.point.costUsd, costUnit),
      ]),
      [
        'zero router',
        number(zero?.aiq.value ?? null),
        zero === null ? '' : range(zero.aiq),
        '',
        number(zero?.aiqCodeForm ?? null),
      ],
      point('random', random),
      point(`best single: ${bestSingle.model}`, bestSingle),
      point('oracle', oracle),
    ],
  );
}

function qualityTable({ baselines, runs }: ReplayResult): string {
  const { bestSingle, random, oracle } = baselines;
  return textTable(
    ['router', 'quality', '- best single, 95 %'],
    [
      ...runs.map(({ label, top }) => [label, number(top.point.quality), difference(top.gainOverBestSingle)]),
      ['random', number(random.quality)],
      [`best single: ${bestSingle.model}`, number(bestSingle.quality)],
      ['oracle', number(oracle.quality)],
    ],
  );
}

function plot({ models, baselines, runs, costUnit }: ReplayResult): string {
  const marks = ['*', '+', 'x', '%', '@', '&'];
  const series = [
    { mark: '.', name: 'zero router', points: baselines.zero?.hull ?? [], joined: true },
    { mark: 'o', name: 'single model', points: models, joined: false },
    ...runs.map(({ label, hull }, i) => ({
      mark: marks[i % marks.length] ?? '*',
      name: label,
      points: hull,
      joined: true,
    })),
    { mark: 'B', name: 'best single', points: [baselines.bestSingle], joined: false },
  ];
  return textPlot(series, costUnit);
}

/** Who leads, and whether that is more than chance. */
function comparisons(result: ReplayResult): string {
  const told = againstTheFirst(result);
  if (told === null) return '';
  const figure = result.baselines.hasCost ? 'AIQ' : 'quality';
  return textTable(
    [`against ${told.first}`, `difference of ${figure}, 95 %`],
    told.others.map(({ label, behind }) => [label, difference(behind)]),
  );
}

/** Every other figure, a line each. */
function figures(result: ReplayResult): string {
  const rows = figureRows(result);
  const shown = new Set(['aiq', 'aiq_gain', 'aiq_code_form', 'top_quality', 'aiq_gain_macro']);
  const left = rows.filter(({ key }) => !shown.has(key));
  return textTable(
    ['figure, 95 % interval', ...result.runs.map(({ label }) => label)],
    left.flatMap((row, i) => [
      ...(row.family === left[i - 1]?.family ? [] : [[row.family]]),
      [`  ${row.name}`, ...row.cells.map((cell) => figureText(cell, row.unit, result.costUnit))],
    ]),
  );
}

function absences(result: ReplayResult): string {
  return absentNotes(result)
    .map(({ figure, why, runs }) => `not told: ${figure}${runs === null ? '' : ` of ${runs.join(', ')}`}: ${why}.`)
    .join('\n');
}

/** Whose code made the choices, where it is not all ours. */
function origins({ runs }: ReplayResult): string {
  if (runs.every(({ origin }) => origin === 'reimplemented here')) return '';
  return runs.map(({ label, origin }) => `${label}: ${origin}.`).join('\n');
}

function splitTable({ label, splits }: RunResult, hasCost: boolean): string {
  if (splits === null) return '';
  const { gain } = splits;
  const withNewcomer = splits.splits.some(({ newcomerShare }) => newcomerShare !== null);
  const head = [
    'split',
    'trained',
    'tested',
    ...(hasCost ? ['AIQ', 'zero'] : ['quality', 'best single']),
    'difference, 95 %',
  ];
  const rows = splits.splits.map(
    ({ label: name, trained, tested, router, reference, difference: own, newcomerShare }) => [
      name,
      String(trained),
      String(tested),
      number(router),
      number(reference),
      difference(own),
      ...(withNewcomer ? [percent(newcomerShare)] : []),
    ],
  );
  const mean = ['mean, 95 %', '', '', '', '', difference(gain)];
  return `Split by split: ${label}\n${textTable(withNewcomer ? [...head, 'to the new model'] : head, [...rows, mean])}`;
}

function groupTable({ label, groups, cost }: RunResult, hasCost: boolean): string {
  const lines = groups.map(({ group, rows, aiq, zero, gain, topQuality, bestSingle, oracle }) => [
    group === '' ? '(none)' : group,
    String(rows),
    ...(hasCost
      ? [number(aiq?.value ?? null), number(zero?.value ?? null), gain === null ? '' : difference(gain)]
      : [number(topQuality)]),
    number(bestSingle.quality),
    number(oracle.quality),
  ]);
  const figures = hasCost ? ['AIQ', 'zero', 'AIQ - zero, 95 %'] : ['quality'];
  const macro =
    cost === null
      ? []
      : [['mean of eval names', '', number(cost.macro.aiq), number(cost.macro.zero), difference(cost.macro.gain)]];
  return `Within each eval name: ${label}\n${textTable(['eval name', 'rows', ...figures, 'best single', 'oracle'], [...lines, ...macro])}`;
}

function singlesTable({ models, baselines, costUnit }: ReplayResult): string {
  const rows = [...models].sort((a, b) => b.quality - a.quality);
  return textTable(
    ['single model', 'quality', ...(baselines.hasCost ? ['cost'] : [])],
    rows.map(({ model, quality, costUsd }) => [
      model,
      number(quality),
      ...(baselines.hasCost ? [costOf(costUsd, costUnit)] : []),
    ]),
  );
}

function settings({ runs }: ReplayResult): string {
  const seen = new Set<string>();
  return runs
    .flatMap(({ estimator }) => {
      if (estimator === null || seen.has(estimator.name)) return [];
      seen.add(estimator.name);
      const cost = estimator.cost === null ? '' : `, cost ${JSON.stringify(estimator.cost)}`;
      const tried = new Set(estimator.trials.map(({ quantity, options }) => JSON.stringify([quantity, options]))).size;
      return [
        `${estimator.name}: quality ${JSON.stringify(estimator.quality)}${cost}; chosen among ${tried} settings by ` +
          `${estimator.criterion} (${estimator.score.toFixed(4)}).`,
      ];
    })
    .join('\n');
}
