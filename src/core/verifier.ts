import type { Query } from './query.ts';

/** Judges one answer; rewards and cascades share this seam. */
export interface Verifier {
  readonly name: string;
  /** `score` in [0, 1] like quality; `confidence` in [0, 1] becomes the reward's weight. Rejects when it cannot tell. */
  verify(
    query: Query,
    answer: string,
    signal: AbortSignal,
  ): Promise<{ readonly score: number; readonly confidence: number }>;
}
