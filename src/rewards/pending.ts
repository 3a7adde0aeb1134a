/** What waits for a later request, or for its time to run out. Oldest first; the oldest goes where there are too many. */
export class Pending<Value> {
  readonly #entries = new Map<string, { readonly value: Value; readonly until: number }>();
  readonly #most: number;
  readonly #expired: (value: Value) => void;

  constructor(most: number, expired: (value: Value) => void = () => undefined) {
    this.#most = most;
    this.#expired = expired;
  }

  /** An entry that is crowded out is forgotten, not expired: its time was not over. */
  add(key: string, value: Value, until: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, until });
    if (this.#entries.size <= this.#most) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  /** Takes it out; undefined where there is none, or its time is over (then it expires here). */
  take(key: string, now: number): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.until >= now) return entry.value;
    this.#expired(entry.value);
    return undefined;
  }

  /** Lets go of what is over. */
  sweep(now: number): void {
    for (const [key, { value, until }] of this.#entries) {
      if (until >= now) continue;
      this.#entries.delete(key);
      this.#expired(value);
    }
  }
}
