/** One value of a table; null where it is missing, which a NaN is too. */
export type Cell = string | number | boolean | null | readonly Cell[] | CellRecord;

export interface CellRecord {
  readonly [key: string]: Cell;
}

/** A file with rows and named columns, whatever it is written in. */
export interface Table {
  /** As errors call it: data set and file, no path of a machine. */
  readonly name: string;
  readonly columns: readonly string[];
  /** What people call the first record: 2 below a header, else 1. */
  readonly firstRow: number;
  /** Batches of records with just these columns, in this order. Rejects with `invalid_data`. */
  records(columns: readonly string[]): AsyncIterable<readonly (readonly Cell[])[]>;
}

/** A cell as a plain finite number; NaN, which fails every comparison, for anything else. Python's True and False count. */
export function numberOf(cell: Cell | undefined): number {
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : Number.NaN;
  if (typeof cell === 'boolean') return cell ? 1 : 0;
  if (typeof cell !== 'string') return Number.NaN;
  const value = cell.trim() === '' ? Number.NaN : Number(cell);
  if (Number.isFinite(value)) return value;
  return cell === 'True' || cell === 'true' ? 1 : cell === 'False' || cell === 'false' ? 0 : Number.NaN;
}

/** A cell as text: numbers as they are written, lists (the turns of a conversation) joined by a line break; null where there is none. */
export function textOfCell(cell: Cell | undefined): string | null {
  if (typeof cell === 'string') return cell;
  if (cell === undefined || cell === null) return null;
  if (Array.isArray(cell)) return cell.map((part: Cell) => textOfCell(part) ?? '').join('\n');
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
}

/** A cell is missing: nothing, or an empty field of a CSV file. */
export const isMissing = (cell: Cell | undefined): boolean =>
  cell === undefined || cell === null || (typeof cell === 'string' && cell.trim() === '');

/** An object whose members are cells; null for anything else. */
export function recordOf(cell: Cell | undefined): CellRecord | null {
  return typeof cell === 'object' && cell !== null && !isList(cell) ? cell : null;
}

function isList(cell: readonly Cell[] | CellRecord): cell is readonly Cell[] {
  return Array.isArray(cell);
}
