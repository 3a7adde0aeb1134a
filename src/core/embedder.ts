/** Text to vector. Deterministic: the same id and text give the same vector on every machine. */
export interface Embedder {
  /** Names the algorithm, its version and every setting that changes a vector, e.g. `hashing-v1-512`. */
  readonly id: string;
  readonly dimensions: number;
  /** False: texts leave the operator's machines, so those of a request that forbids it are not embedded. Left out: they stay. */
  readonly local?: boolean;
  /**
   * Returns a vector of `dimensions` finite floats with Euclidean length 1 (all zero for empty text). Synchronous where
   * it is cheap; a promise where it is not. Rejects when it is broken or its queue is full: the route then degrades.
   */
  embed(text: string): Float32Array | Promise<Float32Array>;
  /** Where it has to load first: resolves when it can embed, rejects with `invalid_config` where it never will. */
  ready?(): Promise<void>;
  close?(): Promise<void>;
}
