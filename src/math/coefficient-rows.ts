import { createKernels } from './kernels.ts';
import type { Kernels } from './kernel-loops.ts';

/**
 * A growable matrix of coefficients, [rows x n] float64, and its products with one vector: all of them cost little more
 * than one would outside of WebAssembly. The vector lies first, then the products, then the rows.
 */
export class CoefficientRows {
  readonly n: number;
  readonly #kernels: Kernels;
  #count = 0;
  #capacity = 16;
  #input: Float64Array;
  #products: Float64Array;

  /** `kernels` is only given by tests. */
  constructor(n: number, kernels: Kernels = createKernels()) {
    this.n = n;
    this.#kernels = kernels;
    kernels.reserve(this.#rowAt(this.#capacity));
    [this.#input, this.#products] = this.#views();
  }

  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#count = 0;
  }

  /** Appends rows of zeros. */
  add(count: number): void {
    const first = this.#count;
    this.#count += count;
    if (this.#count > this.#capacity) this.#grow();
    this.view(first, count).fill(0);
  }

  /** The numbers of `count` rows from `first` on, for reading and writing; valid until the next `add`. */
  view(first: number, count = 1): Float64Array {
    return new Float64Array(this.#kernels.buffer, this.#rowAt(first), count * this.n);
  }

  /** [count] each row times the vector; valid until the next call of any method. */
  products(vector: Float64Array | Float32Array): Float64Array {
    this.#input.set(vector);
    this.#kernels.products(this.#rowAt(0), this.#count, 0, this.n, this.n * 8);
    return this.#products;
  }

  #rowAt(row: number): number {
    return (this.n + this.#capacity + row * this.n) * 8;
  }

  /** The products need more room too, so the rows move back. */
  #grow(): void {
    const kept = this.view(0, this.#capacity).slice();
    this.#capacity = Math.max(this.#count, this.#capacity * 2);
    this.#kernels.reserve(this.#rowAt(this.#capacity));
    new Float64Array(this.#kernels.buffer, this.#rowAt(0), kept.length).set(kept);
    [this.#input, this.#products] = this.#views();
  }

  #views(): [Float64Array, Float64Array] {
    const { buffer } = this.#kernels;
    return [new Float64Array(buffer, 0, this.n), new Float64Array(buffer, this.n * 8, this.#capacity)];
  }
}
