/**
 * The UTF-16 units of a text as numbers: copying them out at once is cheaper than asking a string for one unit after the
 * other, several times over.
 */
export class TextUnits {
  #codes: Uint16Array<ArrayBuffer>;
  #bytes: Buffer;

  /** Room for texts of so many units; a longer one makes room for itself. */
  constructor(units: number) {
    this.#codes = new Uint16Array(units);
    this.#bytes = Buffer.from(this.#codes.buffer);
  }

  /** Those of the text that was read last, from the beginning; what follows them is of earlier texts. */
  get codes(): Uint16Array {
    return this.#codes;
  }

  /** Gives how many there are. */
  read(text: string): number {
    if (text.length > this.#codes.length) {
      this.#codes = new Uint16Array(text.length);
      this.#bytes = Buffer.from(this.#codes.buffer);
    }
    this.#bytes.write(text, 0, 'utf16le');
    return text.length;
  }
}
