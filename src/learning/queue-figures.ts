import type { Clock } from '../core/clock.ts';

/** What lies between the commit of a fact and the states that serve. */
export interface QueueFigures {
  /** Committed facts that the states in use do not hold: `spooled` and `depth`. */
  readonly lag: number;
  /** Age of the oldest of them in seconds, from its commit or from when this process found it; 0 where there is none. */
  readonly lagSeconds: number;
  /** In this gateway's database only: Redis does not have them. None where the database itself is the queue. */
  readonly spooled: number;
  /** Handed over, and not folded into what serves here. */
  readonly depth: number;
  /** Facts handed over since this configuration was taken: folded, or appended to the log in Redis. */
  readonly delivered: number;
  /** Since then: batches that could not be sent, states that could not be used, learners that broke. */
  readonly refused: number;
  /** By learner: the number of the last event in its state. Of this database where it is embedded, else of all gateways. */
  readonly versions: ReadonlyMap<string, number>;
}

const markEveryMs = 100;
const mostMarks = 4_096;

/** Remembers about when facts were committed: to 100 ms; where more than minutes of them wait, the older the coarser. */
export class LagClock {
  readonly #clock: Clock;
  #marks: { readonly seq: number; readonly at: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  committed(seq: number): void {
    const at = this.#clock.monotonic();
    const last = this.#marks.at(-1);
    if (last !== undefined && (at - last.at < markEveryMs || seq <= last.seq)) return;
    this.#marks.push({ seq, at });
    if (this.#marks.length > mostMarks) this.#marks = this.#marks.filter((_, i) => i % 2 === 0);
  }

  /** Age of the oldest fact after `done`, in seconds. */
  seconds(done: number, known: number): number {
    if (known <= done) {
      this.#marks = [];
      return 0;
    }
    // Each mark stands for the facts up to the next one.
    const next = this.#marks.findIndex(({ seq }) => seq > done + 1);
    if (next > 1) this.#marks.splice(0, next - 1);
    else if (next === -1) this.#marks.splice(0, this.#marks.length - 1);
    const [first] = this.#marks;
    return first === undefined ? 0 : (this.#clock.monotonic() - first.at) / 1_000;
  }
}
