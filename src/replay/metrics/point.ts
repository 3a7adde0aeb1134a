/** Where a router, a model or a mixture stands: means over queries. */
export interface Point {
  /** Mean US dollars per query. */
  readonly costUsd: number;
  /** Mean quality in [0, 1]. */
  readonly quality: number;
}
