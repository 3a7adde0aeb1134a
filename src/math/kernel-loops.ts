/**
 * The inner loops, over one block of memory that the caller lays out. Every address is a byte offset into `buffer`.
 * A packed matrix is the lower triangle of a symmetric [n x n] matrix, row after row, n (n + 1) / 2 float64.
 */
export interface Loops {
  /** out[r] = rows[r] . query; int16 in, int32 out; `stride` bytes a row, a multiple of 32. Exact while it fits int32. */
  readonly dots: (rows: number, count: number, stride: number, query: number, out: number) => void;
  /** counts[bucket] += cells[r], bucket = min(buckets - 1, (scores[r] >> shift) + buckets / 2); gives the best; int32. */
  readonly histogram: (
    scores: number,
    cells: number,
    count: number,
    counts: number,
    buckets: number,
    shift: number,
  ) => number;
  /** Writes the numbers of the rows that score at least `lowest`, of which there are as many as it gives; int32. */
  readonly passing: (scores: number, count: number, lowest: number, out: number) => number;
  /** out[c] += (w v, w v v) for each listed row [width] of values v and its weight w; int32 list, else float64. */
  readonly weigh: (list: number, weights: number, count: number, values: number, width: number, out: number) => void;
  /** out[r] = rows[r] . x; float64, `count` rows of n one after another. */
  readonly products: (rows: number, count: number, x: number, n: number, out: number) => void;
  /** x' P x. */
  readonly quadratic: (packed: number, x: number, n: number) => number;
  /** out = P x. */
  readonly multiply: (packed: number, x: number, n: number, out: number) => void;
  /** P += scale x x'. */
  readonly addOuter: (packed: number, x: number, n: number, scale: number) => void;
}

export interface Kernels extends Loops {
  readonly kind: 'wasm' | 'plain';
  /** Replaced by `reserve`: make views anew after it. Zeroed when fresh. */
  readonly buffer: ArrayBuffer;
  /** Makes the buffer at least this long; what it holds stays. */
  readonly reserve: (bytes: number) => void;
}
