import type { Reliability } from './manifest.ts';

const columns = 41;
const rows = 21;

/**
 * Mean outcome over mean prediction of each bin, in plain characters: `o` a bin, `.` the diagonal that a calibrated
 * predictor stands on. Both axes from 0 to 1.
 */
export function reliabilityPlot({ bins }: Reliability): string {
  const canvas = Array.from({ length: rows }, () => Array<string>(columns).fill(' '));
  const put = (x: number, y: number, mark: string): void => {
    const line = canvas[rows - 1 - Math.round(y * (rows - 1))];
    const column = Math.round(x * (columns - 1));
    if (line !== undefined && column >= 0 && column < columns) line[column] = mark;
  };
  for (let step = 0; step < rows; step++) put(step / (rows - 1), step / (rows - 1), '.');
  for (const { predicted, observed } of bins) put(predicted, observed, 'o');
  return [
    ...canvas.map((line, i) => {
      const label = i === 0 ? '1' : i === rows - 1 ? '0' : '';
      return `${label.padStart(2)} |${line.join('').trimEnd()}`;
    }),
    `   +${'-'.repeat(columns)}`,
    `    0${'predicted quality'.padStart(Math.floor(columns / 2) + 8).padEnd(columns - 2)}1`,
  ].join('\n');
}
