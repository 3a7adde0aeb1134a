import { quartiles } from '../src/replay/online/measures.ts';

/** One scenario over seeds: a number a seed for each figure; NaN where what it waits for never came. */
export interface Measured {
  readonly name: string;
  readonly runs: readonly Readonly<Record<string, number>>[];
  /** What a figure has to reach; left out: it is only told. */
  readonly bar?: Bar | undefined;
}

export interface Bar {
  readonly figure: string;
  /** In words: `at least .95`. */
  readonly asks: string;
  /** Of the median over seeds; NaN where it never came in most. */
  readonly met: (median: number) => boolean;
}

const round = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(3));

/** Median with quartiles; a figure that never came in some seeds counts as infinitely late there. */
function told(values: readonly number[]): string {
  const never = values.filter(Number.isNaN).length;
  if (never === values.length) return 'never';
  const { low, median, high } = quartiles(values.map((value) => (Number.isNaN(value) ? Infinity : value)));
  const shown = [low, median, high].map((value) => (Number.isFinite(value) ? round(value) : 'never'));
  const note = never === 0 ? '' : `; never in ${never} of ${values.length}`;
  return values.length === 1 ? `${shown[1]}${note}` : `${shown[1]} [${shown[0]}, ${shown[2]}]${note}`;
}

const valuesOf = ({ runs }: Measured, figure: string): number[] => runs.map((run) => run[figure] ?? NaN);

export function verdict(measured: Measured): string {
  const { bar } = measured;
  if (bar === undefined) return '';
  const values = valuesOf(measured, bar.figure).map((value) => (Number.isNaN(value) ? Infinity : value));
  const met = bar.met(quartiles(values).median);
  return `${met ? 'met' : '**missed**'} (${bar.asks})`;
}

const figuresOf = ({ runs }: Measured): readonly string[] => Object.keys(runs[0] ?? {});

/** One line for a terminal. */
export function lineOf(measured: Measured): string {
  const figures = figuresOf(measured).map((figure) => `${figure} ${told(valuesOf(measured, figure))}`);
  return [`${measured.name}: ${figures.join('; ')}`, verdict(measured)].filter((part) => part !== '').join('; ');
}

/** Tables in Markdown, one for each set of figures. */
export function tablesOf(all: readonly Measured[]): string {
  const tables = new Map<string, string[]>();
  for (const measured of all) {
    const figures = figuresOf(measured);
    const head = `| scenario | ${figures.join(' | ')} | bar |\n|${'---|'.repeat(figures.length + 2)}`;
    const cells = figures.map((figure) => told(valuesOf(measured, figure)));
    const lines = tables.get(head) ?? [];
    lines.push(`| ${measured.name} | ${cells.join(' | ')} | ${verdict(measured)} |`);
    tables.set(head, lines);
  }
  return [...tables].map(([head, lines]) => [head, ...lines].join('\n')).join('\n\n');
}
