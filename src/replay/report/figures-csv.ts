import type { ReplayResult } from '../replay-result.ts';
import { csvText } from './csv-text.ts';
import { absentNotes, figureRows } from './figure-list.ts';

/**
 * Every figure of every router, one a row, and below them what is not told and why. An empty value was never reached, an
 * empty end of an interval neither; figures without an interval have two empty ends.
 */
export function figuresCsv(result: ReplayResult): string {
  const { runs } = result;
  return csvText([
    ['router', 'origin', 'family', 'figure', 'key', 'value', 'low', 'high', 'absent'],
    ...figureRows(result).flatMap(({ family, name, key, cells }) =>
      cells.flatMap((cell, i) => {
        const run = runs[i];
        if (cell === null || run === undefined) return [];
        const { value, interval } = cell;
        return [[run.label, run.origin, family, name, key, value ?? '', interval?.low ?? '', interval?.high ?? '', '']];
      }),
    ),
    ...absentNotes(result).map(({ figure, why, runs: labels }) => [
      labels === null ? '(all)' : labels.join('; '),
      '',
      '',
      figure,
      '',
      '',
      '',
      '',
      why,
    ]),
  ]);
}
