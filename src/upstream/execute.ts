import type { BackendAnswer, Failure } from '../core/backend.ts';
import type { Attempt } from '../core/outcome.ts';

/** The answer that is about to reach the client. */
export interface Commit {
  readonly answer: BackendAnswer;
  readonly model: string;
  readonly target: string;
  /** Calls made so far, this one included. */
  readonly attempts: number;
  /** US dollars of all attempts; null for streams and where it is unknown. */
  readonly costUsd: number | null;
  /** Bytes of the whole body where it was held until its end (not streamed); null for streams. */
  readonly contentLength: number | null;
  readonly simulated: boolean;
  /** The chosen model was full, so a cheaper one answers. */
  readonly overloaded: boolean;
}

/** How a request ended. */
export interface Carried {
  readonly servedModel: string | null;
  readonly fallback: boolean;
  readonly attempts: readonly Attempt[];
  /** US dollars of all attempts; null where any is unknown. */
  readonly costUsd: number | null;
  /** Null: whole answer delivered. After `commit` it must become one error event; before, an error response. */
  readonly failure: Failure | null;
  /** The client went away. */
  readonly aborted: boolean;
}

/** Where the answer goes; `http/` implements it. Order: `commit` at most once, `write`s, then `finish` exactly once. */
export interface ClientSink {
  /** The client went away. An AbortSignal would say the same for ten times the CPU of everything else in here. */
  readonly gone: boolean;
  /** Calls back once when the client goes away before `finish`; the last listener counts. */
  onGone(left: () => void): void;
  commit(commit: Commit): void;
  /** False: full; `onDrain` tells when to go on. */
  write(bytes: Buffer): boolean;
  onDrain(resume: () => void): void;
  finish(carried: Carried): void;
}
