/** What one column takes. Booleans are 0 and 1. */
export type Cell = string | number | null;

/**
 * Cells as they cross to the worker: copying an array of a few thousand short strings between threads costs more than
 * everything else that is done to a row, and most of them repeat from row to row. So numbers travel in one buffer that is
 * handed over, and each different string once, all in one text.
 */
export interface PackedCells {
  /** A cell's number, or the index of its string. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** 0 null, 1 number, 2 string. */
  readonly kinds: Uint8Array<ArrayBuffer>;
  /** Every different string, one after the other. */
  readonly text: string;
  /** [strings] where each ends in `text`, in UTF-16 units. */
  readonly ends: Uint32Array<ArrayBuffer>;
}

const ofNumber = 1;
const ofString = 2;

/** A growing list of cells, packed as they come: nothing that is written here is kept alive but its strings. */
export class Cells {
  #numbers = new Float64Array(1024);
  #kinds = new Uint8Array(1024);
  #length = 0;
  readonly #texts: string[] = [];
  readonly #places = new Map<string, number>();

  get length(): number {
    return this.#length;
  }

  push(cell: Cell): void {
    this.#makeRoom();
    this.set(this.#length++, cell);
  }

  /** A string that no other cell has, like an id: looking for it would cost more than sending it twice. */
  pushUnique(text: string): void {
    this.#makeRoom();
    this.#numbers[this.#length] = this.#texts.push(text) - 1;
    this.#kinds[this.#length++] = ofString;
  }

  set(index: number, cell: Cell): void {
    if (cell === null) {
      this.#numbers[index] = 0;
      this.#kinds[index] = 0;
    } else if (typeof cell === 'number') {
      this.#numbers[index] = cell;
      this.#kinds[index] = ofNumber;
    } else {
      let place = this.#places.get(cell);
      if (place === undefined) {
        place = this.#texts.push(cell) - 1;
        this.#places.set(cell, place);
      }
      this.#numbers[index] = place;
      this.#kinds[index] = ofString;
    }
  }

  /** Copies, so they may be handed over. */
  pack(): PackedCells {
    const ends = new Uint32Array(this.#texts.length);
    let end = 0;
    for (let i = 0; i < ends.length; i++) {
      end += this.#texts[i]?.length ?? 0;
      ends[i] = end;
    }
    return {
      numbers: this.#numbers.slice(0, this.#length),
      kinds: this.#kinds.slice(0, this.#length),
      text: this.#texts.join(''),
      ends,
    };
  }

  #makeRoom(): void {
    if (this.#length < this.#numbers.length) return;
    const numbers = new Float64Array(this.#length * 2);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
    const kinds = new Uint8Array(this.#length * 2);
    kinds.set(this.#kinds);
    this.#kinds = kinds;
  }
}

export function unpackCells({ numbers, kinds, text, ends }: PackedCells): Cell[] {
  const texts: string[] = [];
  let start = 0;
  for (const end of ends) {
    texts.push(text.slice(start, end));
    start = end;
  }
  const cells: Cell[] = Array.from({ length: numbers.length }, () => null);
  for (let i = 0; i < cells.length; i++) {
    const number = numbers[i] ?? 0;
    if (kinds[i] === ofNumber) cells[i] = number;
    else if (kinds[i] === ofString) cells[i] = texts[number] ?? null;
  }
  return cells;
}
