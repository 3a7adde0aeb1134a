/** How old a target's last call may be for the ones before it to still mean anything, in milliseconds. */
const memoryMs = 60_000;

/**
 * How the last 32 calls of one target went, a bit each: rates without a list and without a timer. Forgotten after a
 * minute of silence.
 */
export class RecentCalls {
  #failed = 0;
  #slow = 0;
  #known = 0;
  #at = 0;

  add(now: number, failed: boolean, slow: boolean): void {
    if (now - this.#at > memoryMs) this.clear();
    this.#at = now;
    this.#failed = (this.#failed << 1) | (failed ? 1 : 0);
    this.#slow = (this.#slow << 1) | (slow ? 1 : 0);
    if (this.#known < 32) this.#known++;
  }

  /** True where not one of them says anything against the target. */
  get clean(): boolean {
    return this.#failed === 0 && this.#slow === 0;
  }

  /** Whether at least `share` of at least `calls` failed. */
  fails(share: number, calls: number): boolean {
    return this.#known >= calls && ones(this.#failed) >= share * this.#known;
  }

  /** Whether at least `share` of at least `calls` were slow. */
  drags(share: number, calls: number): boolean {
    return this.#known >= calls && ones(this.#slow) >= share * this.#known;
  }

  clear(): void {
    this.#failed = 0;
    this.#slow = 0;
    this.#known = 0;
  }
}

function ones(bits: number): number {
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count++;
  return count;
}
