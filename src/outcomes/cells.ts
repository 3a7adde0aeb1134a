/** What one column takes. Booleans are 0 and 1. */
export type Cell = string | number | null;

/**
 * Cells as they cross to the worker: copying an array of a few thousand short strings between threads costs more than
 * everything else that is done to a row, and most of them repeat from row to row. So numbers travel in one buffer that is
 * handed over, and each different string once.
 */
export interface PackedCells {
  /** A cell's number, or the index of its string in `texts`. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** 0 null, 1 number, 2 string. */
  readonly kinds: Uint8Array<ArrayBuffer>;
  readonly texts: readonly string[];
}

export function packCells(cells: readonly Cell[]): PackedCells {
  const numbers = new Float64Array(cells.length);
  const kinds = new Uint8Array(cells.length);
  const texts: string[] = [];
  const places = new Map<string, number>();
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i] ?? null;
    if (cell === null) continue;
    if (typeof cell === 'number') {
      kinds[i] = 1;
      numbers[i] = cell;
      continue;
    }
    let place = places.get(cell);
    if (place === undefined) {
      place = texts.push(cell) - 1;
      places.set(cell, place);
    }
    kinds[i] = 2;
    numbers[i] = place;
  }
  return { numbers, kinds, texts };
}

export function unpackCells({ numbers, kinds, texts }: PackedCells): Cell[] {
  const cells: Cell[] = Array.from({ length: numbers.length }, () => null);
  for (let i = 0; i < cells.length; i++) {
    const number = numbers[i] ?? 0;
    if (kinds[i] === 1) cells[i] = number;
    else if (kinds[i] === 2) cells[i] = texts[number] ?? null;
  }
  return cells;
}
