import type { Interval } from '../metrics/bootstrap.ts';
import type { ReplayResult } from '../replay-result.ts';
import { figureRows, type FigureCell, type FigureUnit } from './figure-list.ts';
import { figureRange, figureValue } from './figures-text.ts';

/** The main table for a paper: booktabs, intervals as subscripts, original code marked by a dagger. */
export function latexTable(result: ReplayResult): string {
  const { baselines, runs, costUnit } = result;
  const unit = costUnit === 'usd' ? '\\$' : escapeLatex(costUnit);
  const hasCost = baselines.hasCost;
  const head = hasCost
    ? ['router', 'AIQ', 'AIQ $-$ zero', 'best quality', `cost (${unit})`, 'saved at 99\\,\\%']
    : ['router', 'quality', '$-$ best single'];
  const mark = (origin: string): string => (origin === 'reimplemented here' ? '' : '$^\\dagger$');
  const rows = [
    ...runs.map(({ label, origin, cost, top, splits }) => {
      const name = escapeLatex(label) + mark(origin);
      if (cost === null) return [name, number(top.point.quality), range(splits?.gain ?? top.gainOverBestSingle, true)];
      const saved = cost.savings.find(({ share }) => share === 0.99)?.saved ?? null;
      return [
        name,
        range(cost.aiq, false),
        range(cost.gain, true),
        number(top.point.quality),
        top.point.costUsd.toPrecision(3),
        saved === null ? '--' : `${(saved * 100).toFixed(1)}\\,\\%`,
      ];
    }),
    'rule' as const,
    ...(baselines.zero === null ? [] : [['zero router', range(baselines.zero.aiq, false), '', '', '', '']]),
    point('random', baselines.random),
    point(`best single (${escapeLatex(baselines.bestSingle.model)})`, baselines.bestSingle),
    point('oracle', baselines.oracle),
  ];
  function point(name: string, { quality, costUsd }: { quality: number; costUsd: number }): readonly string[] {
    return hasCost ? [name, '', '', number(quality), costUsd.toPrecision(3), ''] : [name, number(quality), ''];
  }
  const others = runs.some(({ origin }) => origin !== 'reimplemented here');
  return `${[
    `% ${escapeComment(result.split)}; seed ${escapeComment(result.seed)}; ${result.resamples} resamples. Needs \\usepackage{booktabs}.`,
    `\\begin{tabular}{l${'r'.repeat(head.length - 1)}}`,
    '\\toprule',
    `${head.join(' & ')} \\\\`,
    '\\midrule',
    ...rows.map((row) => (row === 'rule' ? '\\midrule' : `${row.join(' & ')} \\\\`)),
    '\\bottomrule',
    ...(others
      ? [
          `\\multicolumn{${head.length}}{l}{$^\\dagger$\\,with original code or predictions; the others are reimplemented.}\\\\`,
        ]
      : []),
    '\\end{tabular}',
  ].join('\n')}\n`;
}

/** Every other figure: a line each, a column a router. */
export function latexFigures(result: ReplayResult): string {
  const { runs, costUnit } = result;
  const rows = figureRows(result);
  const text = (cell: FigureCell | null, unit: FigureUnit): string => {
    if (cell === null) return '--';
    const value = escapeLatex(figureValue(cell.value, unit, costUnit)).replace('−', '$-$');
    const range = escapeLatex(figureRange(cell, unit, costUnit)).replaceAll('−', '$-$');
    return range === '' ? value : `${value} {\\scriptsize (${range})}`;
  };
  return `${[
    `\\begin{tabular}{l${'r'.repeat(runs.length)}}`,
    '\\toprule',
    `figure & ${runs.map(({ label }) => escapeLatex(label)).join(' & ')} \\\\`,
    ...rows.flatMap((row, i) => [
      ...(row.family === rows[i - 1]?.family
        ? []
        : ['\\midrule', `\\multicolumn{${runs.length + 1}}{l}{\\itshape ${escapeLatex(row.family)}}\\\\`]),
      `${escapeLatex(row.name).replaceAll('−', '$-$')} & ${row.cells.map((cell) => text(cell, row.unit)).join(' & ')} \\\\`,
    ]),
    '\\bottomrule',
    '\\end{tabular}',
  ].join('\n')}\n`;
}

const number = (value: number): string => value.toFixed(4);
const sign = (value: number, isSigned: boolean): string =>
  isSigned && value >= 0 ? `+${number(value)}` : number(value);
const range = ({ value, low, high }: Interval, isSigned: boolean): string =>
  Number.isNaN(low) ? `$${sign(value, isSigned)}$` : `$${sign(value, isSigned)}_{[${number(low)},\\,${number(high)}]}$`;

const special: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '·': '$\\cdot$',
};

export const escapeLatex = (text: string): string =>
  text.replaceAll(/[\\~^·&%$#_{}]/g, (character) => special[character] ?? `\\${character}`).replaceAll(/\s+/g, ' ');

const escapeComment = (text: string): string => text.replaceAll(/\s+/g, ' ');
