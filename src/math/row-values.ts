import { createKernels } from './kernels.ts';
import type { Kernels } from './kernel-loops.ts';

/**
 * A matrix of outcomes, [rows x width] float64, that gives weighted sums over a list of its rows: in one call of
 * WebAssembly, because a neighbourhood of hundreds of rows is summed for every query. In memory the sums come first, then
 * the weights, the list and the rows.
 */
export class RowValues {
  readonly #kernels: Kernels;
  #rows = 0;
  #width = 0;
  #values = new Float64Array(0);
  #weights = new Float64Array(0);
  #list = new Int32Array(0);
  #sums = new Float64Array(0);

  /** `kernels` is only given by tests. */
  constructor(kernels: Kernels = createKernels()) {
    this.#kernels = kernels;
  }

  /** [rows x width], for reading and writing; valid until the next `lay`. */
  get all(): Float64Array {
    return this.#values;
  }

  /** [rows] Numbers of rows to be weighed; valid until the next `lay`. */
  get list(): Int32Array {
    return this.#list;
  }

  /** [rows] Their weights; valid until the next `lay`. */
  get weights(): Float64Array {
    return this.#weights;
  }

  /** Makes room for [rows x width]; what the rows hold afterwards is for the caller to write. */
  lay(rows: number, width: number): void {
    this.#rows = rows;
    this.#width = width;
    // An even number of rows keeps what follows the list on a multiple of 8 bytes.
    const listed = rows + (rows & 1);
    this.#kernels.reserve(width * 16 + rows * 8 + listed * 4 + rows * width * 8);
    const { buffer } = this.#kernels;
    this.#sums = new Float64Array(buffer, 0, width * 2);
    this.#weights = new Float64Array(buffer, this.#weightsAt, rows);
    this.#list = new Int32Array(buffer, this.#listAt, rows);
    this.#values = new Float64Array(buffer, this.#listAt + listed * 4, rows * width);
  }

  /** Room for more rows or a wider table; what was there stays, `fill` is written into what is new. */
  grow(rows: number, width: number, fill: number): void {
    const before = this.#values.slice();
    const [oldRows, oldWidth] = [this.#rows, this.#width];
    this.lay(rows, width);
    this.#values.fill(fill);
    for (let row = 0; row < oldRows; row++) {
      this.#values.set(before.subarray(row * oldWidth, (row + 1) * oldWidth), row * width);
    }
  }

  /**
   * [width x 2] Over the first `count` listed rows: the sum of weight x value and of weight x value^2 for each column;
   * valid until the next call of any method.
   */
  weigh(count: number): Float64Array {
    this.#sums.fill(0);
    const valuesAt = this.#values.byteOffset;
    this.#kernels.weigh(this.#listAt, this.#weightsAt, count, valuesAt, this.#width, 0);
    return this.#sums;
  }

  get #weightsAt(): number {
    return this.#width * 16;
  }

  get #listAt(): number {
    return this.#weightsAt + this.#rows * 8;
  }
}
