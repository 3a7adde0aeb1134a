import type { Point } from '../metrics/point.ts';

/** One mark on the plot: a hull is drawn along its segments, points as they are. */
export interface PlotSeries {
  readonly mark: string;
  readonly name: string;
  readonly points: readonly Point[];
  readonly joined: boolean;
}

const columns = 64;
const rows = 18;

/**
 * Quality over log cost in plain characters; later series are drawn over earlier ones. Empty where no point has a cost
 * above 0.
 */
export function textPlot(series: readonly PlotSeries[], unit = 'usd'): string {
  const priced = series.flatMap(({ points }) => points).filter(({ costUsd }) => costUsd > 0);
  if (priced.length === 0) return '';
  const costs = priced.map(({ costUsd }) => Math.log(costUsd));
  const qualities = priced.map(({ quality }) => quality);
  const [left, right] = [Math.min(...costs), Math.max(...costs)];
  const [low, high] = [Math.min(...qualities), Math.max(...qualities)];
  const canvas = Array.from({ length: rows }, () => Array<string>(columns).fill(' '));
  const scale = (value: number, from: number, to: number, steps: number): number =>
    to === from ? 0 : Math.round(((value - from) / (to - from)) * (steps - 1));
  const put = (point: Point, mark: string): void => {
    if (point.costUsd <= 0) return;
    const line = canvas[rows - 1 - scale(point.quality, low, high, rows)];
    const column = scale(Math.log(point.costUsd), left, right, columns);
    if (line !== undefined && column >= 0 && column < columns) line[column] = mark;
  };
  for (const { points, mark, joined } of series) {
    points.forEach((point, i) => {
      const next = points[i + 1];
      if (joined && next !== undefined) for (const between of segment(point, next)) put(between, mark);
      put(point, mark);
    });
  }
  const axis = (row: number): string =>
    row === 0
      ? high.toFixed(3)
      : row === rows - 1
        ? low.toFixed(3)
        : row % 6 === 0
          ? (high - ((high - low) * row) / (rows - 1)).toFixed(3)
          : '     ';
  const tick = (value: number): string => `${unit === 'usd' ? '$' : ''}${value.toPrecision(2)}`;
  const ticks = tick(Math.exp(left)).padEnd(columns - 8) + tick(Math.exp(right)).padStart(8);
  return [
    ...canvas.map((line, row) => `${axis(row)} |${line.join('').trimEnd()}`),
    `      +${'-'.repeat(columns)}`,
    `       ${ticks}`,
    `       ${series.map(({ mark, name }) => `${mark} ${name}`).join('   ')}   (quality over cost per query, log scale)`,
  ].join('\n');
}

/** Points along a segment, close enough that no column is left out. */
function segment(from: Point, to: Point): readonly Point[] {
  return Array.from({ length: columns * 2 }, (_, step) => {
    const share = step / (columns * 2);
    return {
      costUsd: from.costUsd + share * (to.costUsd - from.costUsd),
      quality: from.quality + share * (to.quality - from.quality),
    };
  });
}
