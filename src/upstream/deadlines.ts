import type { Timeouts } from '../core/candidate.ts';
import type { Clock } from '../core/clock.ts';

/** The longest that a Node timer can sleep; beyond it would fire at once. */
const longestSleepMs = 2 ** 31 - 1;

export type Deadline = 'first_token' | 'idle' | 'total';

/**
 * The deadlines of one call, on one timer. Activity only notes the time; the timer looks when it fires and goes back
 * to sleep for what is left, so a stream of a thousand events arms it a handful of times. The connect deadline is the
 * backend's: only it knows when a connection stands.
 *
 * A whole (not streamed) answer sends no byte before its end, so only `total` holds for it.
 */
export class Deadlines {
  readonly #timeouts: Timeouts;
  readonly #stream: boolean;
  readonly #clock: Clock;
  readonly #expired: (deadline: Deadline) => void;
  readonly #startedAt: number;
  #activeAt: number;
  #begun = false;
  #waiting = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(timeouts: Timeouts, stream: boolean, clock: Clock, expired: (deadline: Deadline) => void) {
    this.#timeouts = timeouts;
    this.#stream = stream;
    this.#clock = clock;
    this.#expired = expired;
    this.#startedAt = clock.monotonic();
    this.#activeAt = this.#startedAt;
    this.#arm(this.#startedAt);
  }

  /** The first real output came: from now on silence counts. */
  begin(): void {
    this.#begun = true;
    this.touch();
    // The armed timer may be later than the idle deadline.
    this.#arm(this.#activeAt);
  }

  touch(): void {
    this.#activeAt = this.#clock.monotonic();
  }

  /** While the client cannot take more, the upstream's silence is our doing. */
  wait(waiting: boolean): void {
    this.#waiting = waiting;
    this.touch();
  }

  clear(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #arm(now: number): void {
    this.clear();
    const { dueAt } = this.#next(now);
    this.#timer = setTimeout(() => this.#look(), Math.min(longestSleepMs, Math.max(1, Math.ceil(dueAt - now))));
  }

  #next(now: number): { readonly deadline: Deadline; readonly dueAt: number } {
    const totalAt = this.#startedAt + this.#timeouts.totalMs;
    if (!this.#stream) return { deadline: 'total', dueAt: totalAt };
    const deadline = this.#begun ? 'idle' : 'first_token';
    const dueAt = this.#begun
      ? (this.#waiting ? now : this.#activeAt) + this.#timeouts.idleMs
      : this.#startedAt + this.#timeouts.firstTokenMs;
    return dueAt < totalAt ? { deadline, dueAt } : { deadline: 'total', dueAt: totalAt };
  }

  #look(): void {
    const now = this.#clock.monotonic();
    const { deadline, dueAt } = this.#next(now);
    if (dueAt > now) return this.#arm(now);
    this.#timer = null;
    this.#expired(deadline);
  }
}
