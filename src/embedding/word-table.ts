const bits = 14;
const size = 1 << bits;

/**
 * The different words of one text, in the order in which they first came, and how often each did: most of a text is words
 * that it has already used, and these need not be taken apart again. At most half as many words as `size` fit in.
 */
export class WordTable {
  /** [size] 1 + the word's place in the lists; 0 where the cell is free. */
  readonly #cells = new Uint16Array(size);
  readonly #hashes = new Int32Array(size / 2);
  readonly #starts = new Uint16Array(size / 2);
  readonly #ends = new Uint16Array(size / 2);
  readonly #times = new Uint16Array(size / 2);
  /** Cell of each word, to empty it again. */
  readonly #owned = new Uint16Array(size / 2);
  #count = 0;

  /**
   * Counts the word text[start..end) of UTF-16 units; all words until the next `drain` are of the same text, whose length
   * fits 16 bits. Gives the word's hash (FNV-1a).
   */
  add(text: Uint16Array, start: number, end: number): number {
    let hash = 0x811c9dc5 | 0;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ (text[i] ?? 0), 0x01000193);
    let cell = Math.imul(hash, 0x9e3779b1) >>> (32 - bits);
    for (;;) {
      const place = (this.#cells[cell] ?? 0) - 1;
      if (place < 0) {
        const fresh = this.#count++;
        this.#cells[cell] = fresh + 1;
        this.#hashes[fresh] = hash;
        this.#starts[fresh] = start;
        this.#ends[fresh] = end;
        this.#times[fresh] = 1;
        this.#owned[fresh] = cell;
        return hash;
      }
      if (this.#hashes[place] === hash && this.#same(text, place, start, end)) {
        this.#times[place] = (this.#times[place] ?? 0) + 1;
        return hash;
      }
      cell = (cell + 1) & (size - 1);
    }
  }

  /** Tells every word once and forgets all. */
  drain(tell: (hash: number, start: number, end: number, times: number) => void): void {
    for (let i = 0; i < this.#count; i++) {
      tell(this.#hashes[i] ?? 0, this.#starts[i] ?? 0, this.#ends[i] ?? 0, this.#times[i] ?? 0);
      this.#cells[this.#owned[i] ?? 0] = 0;
    }
    this.#count = 0;
  }

  #same(text: Uint16Array, place: number, start: number, end: number): boolean {
    const other = this.#starts[place] ?? 0;
    if ((this.#ends[place] ?? 0) - other !== end - start) return false;
    for (let i = 0; i < end - start; i++) if (text[other + i] !== text[start + i]) return false;
    return true;
  }
}
