import { createHash } from 'node:crypto';
import { createKernels } from './kernels.ts';
import type { Kernels } from './kernel-loops.ts';
import { norm } from './vectors.ts';

/** A unit vector's elements times this fit 16 bits, and the dot product of two such vectors fits 32. */
const unit = 32767;

/** A score divided by this is a cosine. */
export const unitScore = unit * unit;

/**
 * A growable matrix of directions in 16-bit integers: half the memory of float32, and integer sums are exact, so scores
 * are the same on every machine and in every order. Rounding moves a cosine by about 1e-5.
 */
export class QuantisedRows {
  readonly dimensions: number;
  readonly #stride: number;
  readonly #kernels: Kernels;
  #count = 0;
  #capacity = 0;
  /** The query that was asked for last, as two elements a number, and whether its scores are still in memory. */
  readonly #query: Int32Array;
  #scored = false;

  /** `kernels` is only given by tests. */
  constructor(dimensions: number, kernels: Kernels = createKernels()) {
    this.dimensions = dimensions;
    this.#stride = Math.ceil(dimensions / 16) * 32;
    this.#kernels = kernels;
    this.#query = new Int32Array(this.#stride / 4);
    kernels.reserve(this.#stride);
  }

  get count(): number {
    return this.#count;
  }

  /** Writes over row `index`, or appends where it equals `count`. A vector without a direction becomes a zero row. */
  set(index: number, vector: Float32Array): void {
    this.#scored = false;
    if (index === this.#count) this.#grow(++this.#count);
    this.#write(this.#rowAt(index), vector);
  }

  /**
   * [count] cosines times `unitScore`, valid until the next call of any method; null where the vector has no direction
   * (all zero, or an element that is not finite). Asked for the same vector again, it has them still: quality and cost
   * may be looked up among the same rows.
   */
  scores(vector: Float32Array): Int32Array | null {
    if (!this.#write(0, vector)) return null;
    const out = this.#rowAt(this.#capacity);
    if (!this.#isAnswered()) this.#kernels.dots(this.#stride, this.#count, this.#stride, 0, out);
    return new Int32Array(this.#kernels.buffer, out, this.#count);
  }

  /** `count` x `stride` bytes of little-endian int16; valid until the next `set` or `load`. */
  view(): Uint8Array {
    return new Uint8Array(this.#kernels.buffer, this.#stride, this.#count * this.#stride);
  }

  /** Bytes that `save` gives for so many rows. */
  bytesOf(count: number): number {
    return count * this.#stride;
  }

  load(bytes: Uint8Array): void {
    this.#scored = false;
    this.#count = bytes.length / this.#stride;
    this.#grow(this.#count);
    new Uint8Array(this.#kernels.buffer).set(bytes, this.#stride);
  }

  /** Whether the vector that was just written is the one that the scores in memory are of; from now on it is. */
  #isAnswered(): boolean {
    const written = new Int32Array(this.#kernels.buffer, 0, this.#query.length);
    let same = this.#scored;
    for (let i = 0; same && i < written.length; i++) same = written[i] === this.#query[i];
    if (!same) this.#query.set(written);
    this.#scored = true;
    return same;
  }

  /** The query lies before the rows, the scores behind the last row that there is room for. */
  #rowAt(index: number): number {
    return this.#stride * (index + 1);
  }

  #grow(count: number): void {
    if (count <= this.#capacity) return;
    this.#capacity = Math.max(count, Math.ceil(this.#capacity * 1.5), 16);
    this.#kernels.reserve(this.#rowAt(this.#capacity) + this.#capacity * 4);
  }

  #write(offset: number, vector: Float32Array): boolean {
    const length = norm(vector);
    const placed = length > 0 && length < Infinity;
    const scale = placed ? unit / length : 0;
    const row = new Int16Array(this.#kernels.buffer, offset, this.#stride / 2);
    // The padding too: scores may have lain there before.
    if (!placed) row.fill(0);
    else for (let i = 0; i < row.length; i++) row[i] = Math.round((vector[i] ?? 0) * scale);
    return placed;
  }
}

/** Rows in use somewhere in this process, by a hash of what is in them. */
const shared = new Map<string, WeakRef<QuantisedRows>>();
const forget = new FinalizationRegistry((key: string) => {
  if (shared.get(key)?.deref() === undefined) shared.delete(key);
});

/** Rows that equal these: the ones that somebody already has, else these. Neither may be written to from now on. */
export function shareRows(rows: QuantisedRows): QuantisedRows {
  const key = `${rows.dimensions}:${createHash('sha256').update(rows.view()).digest('base64')}`;
  const known = shared.get(key)?.deref();
  if (known !== undefined) return known;
  shared.set(key, new WeakRef(rows));
  forget.register(rows, key);
  return rows;
}
