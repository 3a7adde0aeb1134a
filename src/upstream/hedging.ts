/** When a second target is asked beside the first. */
export interface HedgeSettings {
  /** Of the times to the first output that this target has shown; in (0, 1). */
  readonly quantile: number;
  /** Never sooner than this, in milliseconds. */
  readonly minMs: number;
  /** Hedges at most this share of the route's requests. */
  readonly maxShare: number;
}

/** Second calls: how many went out, how many of them went on alone, how many were in vain. */
export interface HedgeCounts {
  sent: number;
  won: number;
  lost: number;
}

/** Times of one kind of call that are remembered, and how many there must be. */
const remembered = 128;
const needed = 16;

interface Times {
  readonly ring: Float64Array;
  count: number;
  /** By quantile, until the next time comes in eights. */
  readonly quantiles: Map<number, number>;
}

/**
 * Learns how long each target takes to its first output, and says how long a call may wait before a second one is
 * worth its price (Dean and Barroso, "The tail at scale", 2013).
 */
export class Hedging {
  #routes: ReadonlyMap<string, HedgeSettings>;
  readonly #times = new Map<string, Times>();
  /** Hedges that a route may still make: each request adds `maxShare`, each hedge takes one. */
  readonly #credit = new Map<string, number>();
  readonly #counts = new Map<string, HedgeCounts>();

  constructor(routes: ReadonlyMap<string, HedgeSettings>) {
    this.#routes = routes;
  }

  /** Other routes from now on; what is known of targets stays. */
  adopt(routes: ReadonlyMap<string, HedgeSettings>): void {
    this.#routes = routes;
  }

  /** A first call goes out. Milliseconds until it should be hedged; null where it should not be. */
  delayMs(route: string, target: string, stream: boolean): number | null {
    const settings = this.#routes.get(route);
    if (settings === undefined) return null;
    const credit = Math.min(maxCredit, (this.#credit.get(route) ?? 0) + settings.maxShare);
    this.#credit.set(route, credit);
    const times = this.#times.get(keyOf(target, stream));
    if (times === undefined || times.count < needed) return null;
    return Math.max(settings.minMs, quantileOf(times, settings.quantile));
  }

  /** Takes one hedge from the route's share; false where it is spent. */
  spend(route: string): boolean {
    const credit = this.#credit.get(route) ?? 0;
    if (credit < 1) return false;
    this.#credit.set(route, credit - 1);
    return true;
  }

  /** A second call goes out. */
  sent(route: string): void {
    this.#countsOf(route).sent++;
  }

  /** One of the two calls is over or out of the race. `won`: the second one goes on. */
  ended(route: string, won: boolean): void {
    const counts = this.#countsOf(route);
    if (won) counts.won++;
    else counts.lost++;
  }

  /** Since start, by route. */
  snapshot(): ReadonlyMap<string, Readonly<HedgeCounts>> {
    return this.#counts;
  }

  #countsOf(route: string): HedgeCounts {
    let counts = this.#counts.get(route);
    if (counts === undefined) {
      counts = { sent: 0, won: 0, lost: 0 };
      this.#counts.set(route, counts);
    }
    return counts;
  }

  /** Whether times of this route's calls are worth remembering. */
  learnsFrom(route: string): boolean {
    return this.#routes.has(route);
  }

  /** @param ms from the call to its first output; of an answer that is not streamed, to its end. */
  observed(target: string, stream: boolean, ms: number): void {
    const key = keyOf(target, stream);
    let times = this.#times.get(key);
    if (times === undefined) {
      times = { ring: new Float64Array(remembered), count: 0, quantiles: new Map() };
      this.#times.set(key, times);
    }
    times.ring[times.count++ % remembered] = ms;
    if (times.count % 8 === 0) times.quantiles.clear();
  }
}

/** A route that was quiet for long does not hedge everything at once. */
const maxCredit = 10;

const keyOf = (target: string, stream: boolean): string => (stream ? `${target} stream` : `${target} whole`);

function quantileOf(times: Times, quantile: number): number {
  let value = times.quantiles.get(quantile);
  if (value === undefined) {
    const known = times.ring.slice(0, Math.min(times.count, remembered)).sort();
    value = known[Math.min(known.length - 1, Math.floor(quantile * known.length))] ?? 0;
    times.quantiles.set(quantile, value);
  }
  return value;
}
