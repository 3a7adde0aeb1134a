import type { Carried, ClientSink, Commit } from '../upstream/execute.ts';

/** Longest answer that is kept to be looked at; of a longer one nothing is said. */
const longestKept = 1_048_576;

/**
 * Passes an answer on to the client untouched and keeps a view of its bytes. `ended` hears of it once the client's answer is
 * over and recorded, on a later turn of the loop: never before the client, never in its way. Null: too long.
 */
export class AnswerTap implements ClientSink {
  readonly #inner: ClientSink;
  readonly #ended: (carried: Carried, bytes: Buffer | null) => void;
  #kept: Buffer[] | null = [];
  #size = 0;

  constructor(inner: ClientSink, ended: (carried: Carried, bytes: Buffer | null) => void) {
    this.#inner = inner;
    this.#ended = ended;
  }

  get gone(): boolean {
    return this.#inner.gone;
  }

  onGone(left: () => void): void {
    this.#inner.onGone(left);
  }

  commit(commit: Commit): void {
    this.#inner.commit(commit);
  }

  write(bytes: Buffer): boolean {
    if (this.#kept !== null) {
      this.#size += bytes.length;
      if (this.#size > longestKept) this.#kept = null;
      else this.#kept.push(bytes);
    }
    return this.#inner.write(bytes);
  }

  onDrain(resume: () => void): void {
    this.#inner.onDrain(resume);
  }

  finish(carried: Carried): void {
    this.#inner.finish(carried);
    setImmediate(() => this.#ended(carried, this.#kept === null ? null : Buffer.concat(this.#kept)));
  }
}
