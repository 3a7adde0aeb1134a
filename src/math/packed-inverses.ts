import { invertPacked } from './cholesky.ts';
import { createKernels } from './kernels.ts';
import type { Kernels } from './kernel-loops.ts';

/**
 * Inverses of symmetric positive definite [n x n] matrices, one after another in one memory: n (n + 1) / 2 float64
 * each. Three vectors of scratch lie before them.
 */
export class PackedInverses {
  readonly n: number;
  /** float64 numbers in one of them. */
  readonly size: number;
  readonly #kernels: Kernels;
  #count = 0;
  #input: Float64Array;
  #applied: Float64Array;

  /** `kernels` is only given by tests. */
  constructor(n: number, kernels: Kernels = createKernels()) {
    this.n = n;
    this.size = (n * (n + 1)) / 2;
    this.#kernels = kernels;
    kernels.reserve(3 * n * 8);
    [this.#input, this.#applied] = this.#views();
  }

  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#count = 0;
  }

  /** Appends the inverse of a diagonal matrix and gives its place. */
  addDiagonal(inverseDiagonal: Float64Array): number {
    const place = this.#add();
    const packed = this.view(place);
    packed.fill(0);
    for (let i = 0; i < this.n; i++) packed[(i * (i + 3)) / 2] = inverseDiagonal[i] ?? 0;
    return place;
  }

  addCopy(of: number): number {
    const place = this.#add();
    this.view(place).set(this.view(of));
    return place;
  }

  /** The numbers of one, for reading and writing; valid until the next `add`. */
  view(place: number): Float64Array {
    return new Float64Array(this.#kernels.buffer, this.#offset(place), this.size);
  }

  /** The vector that `quadratic`, `apply` and `addOuter` use; valid until the next `add`. */
  get input(): Float64Array {
    return this.#input;
  }

  /** x' P x for the input x. */
  quadratic(place: number): number {
    return this.#kernels.quadratic(this.#offset(place), 0, this.n);
  }

  /** P x for the input x; valid until the next call of any method. */
  apply(place: number): Float64Array {
    this.#kernels.multiply(this.#offset(place), 0, this.n, this.n * 8);
    return this.#applied;
  }

  /** Adds scale x x' for the input x to the matrix in this place. */
  addOuter(place: number, scale: number): void {
    this.#kernels.addOuter(this.#offset(place), 0, this.n, scale);
  }

  /**
   * P of A becomes P of A + weight x x', for the input x (Sherman and Morrison): P − g g' weight / (1 + weight x' g)
   * with g = P x. `apply` must have been the last call; gives weight / (1 + weight x' g).
   */
  learn(place: number, weight: number, spread: number): number {
    const gain = weight / (1 + weight * spread);
    this.#kernels.addOuter(this.#offset(place), this.n * 8, this.n, -gain);
    return gain;
  }

  /** Replaces the matrix in this place by its inverse; false where it is not positive definite. */
  invert(place: number): boolean {
    return invertPacked(this.view(place), this.n);
  }

  #offset(place: number): number {
    return (3 * this.n + place * this.size) * 8;
  }

  #add(): number {
    this.#count++;
    this.#kernels.reserve(this.#offset(this.#count));
    [this.#input, this.#applied] = this.#views();
    return this.#count - 1;
  }

  #views(): [Float64Array, Float64Array] {
    const { buffer } = this.#kernels;
    return [new Float64Array(buffer, 0, this.n), new Float64Array(buffer, this.n * 8, this.n)];
  }
}
