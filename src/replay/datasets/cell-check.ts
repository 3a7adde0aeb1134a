import { dataError, quoteCell } from './data-error.ts';
import { isMissing, numberOf, textOfCell, type Cell } from './table.ts';

/** Some graders overshoot by a little (METEOR, rescaled accuracies); more than this is another scale. */
const scoreSlack = 0.05;

/** Reads cells that have to be something. Each throws `invalid_data` that names file, row and column. */
export interface CellCheck {
  /** In [0, 1]. */
  score(cell: Cell | undefined, row: number, column: string): number;
  /** US dollars, >= 0. */
  cost(cell: Cell | undefined, row: number, column: string): number;
  /** Not empty. */
  text(cell: Cell | undefined, row: number, column: string): string;
  /** What was put right, counted. */
  warnings(): readonly string[];
}

/** `partial`: a missing number is NaN instead of an error. */
export function createCellCheck(file: string, partial: boolean): CellCheck {
  let clamped = 0;
  const refuse = (needed: string, cell: Cell | undefined, row: number, column: string) =>
    dataError(file, row, column, `${needed} is needed, not ${quoteCell(textOfCell(cell) ?? '')}`);
  return {
    score(cell, row, column) {
      const value = numberOf(cell);
      if (value >= 0 && value <= 1) return value;
      if (value >= -scoreSlack && value <= 1 + scoreSlack) {
        clamped += 1;
        return Math.min(1, Math.max(0, value));
      }
      if (partial && isMissing(cell)) return Number.NaN;
      throw refuse('a score from 0 to 1', cell, row, column);
    },
    cost(cell, row, column) {
      const value = numberOf(cell);
      if (value >= 0) return value;
      if (partial && isMissing(cell)) return Number.NaN;
      throw refuse('a cost in dollars', cell, row, column);
    },
    text(cell, row, column) {
      if (isMissing(cell)) throw dataError(file, row, column, 'it is empty');
      return textOfCell(cell) ?? '';
    },
    warnings: () => (clamped === 0 ? [] : [`${file}: ${clamped} scores just outside 0 to 1 were taken as 0 or 1`]),
  };
}
