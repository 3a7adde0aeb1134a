import { PointsmanError } from '../../core/errors.ts';

/** One line that names file, row and column. The header is row 1, as in a spreadsheet; null leaves that part out. */
export function dataError(file: string, row: number | null, column: string | null, problem: string): PointsmanError {
  const place = [file, row === null ? '' : `row ${row}`, column === null ? '' : `column "${column}"`];
  return new PointsmanError('invalid_data', `${place.filter((part) => part !== '').join(', ')}: ${problem}.`);
}

/** A cell as it is quoted in an error: short, on one line. */
export function quoteCell(cell: string): string {
  const line = cell.replaceAll(/\s+/g, ' ');
  return JSON.stringify(line.length > 40 ? `${line.slice(0, 39)}…` : line);
}
