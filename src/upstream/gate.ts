import type { Capacity } from '../core/candidate.ts';
import type { Clock } from '../core/clock.ts';

/** Somebody at a target's gate. */
export interface Waiter {
  /** Who has to share: one key of one tenant. */
  readonly share: string;
  /** Higher goes first. */
  readonly priority: number;
  /** At once, or when it is its turn. */
  admitted(): void;
  /** The line is full, somebody else has a better right to the place, or it took too long. A true estimate. */
  refused(retryAfterMs: number): void;
}

interface Place {
  readonly waiter: Waiter;
  /** Monotonic milliseconds. */
  readonly since: number;
  readonly timer: NodeJS.Timeout;
}

interface Line {
  readonly capacity: Capacity;
  running: number;
  /** Calls that run, by share. */
  readonly runningOf: Map<string, number>;
  /** In order of arrival. */
  readonly places: Place[];
  /** Mean time that a call takes, in milliseconds; moves by an eighth with each. */
  meanMs: number;
  readonly totals: GateTotals;
}

/** Since start. */
export interface GateTotals {
  /** Calls that had to wait and do not any more, however that ended. */
  waited: number;
  /** Milliseconds that they waited, together. */
  waitedMs: number;
  /** Calls that were turned away: no room, no time left, or pushed out. */
  refused: number;
}

export interface GateState extends Readonly<GateTotals> {
  readonly target: string;
  readonly running: number;
  readonly waiting: number;
}

/** Believed of a call before any was seen, in milliseconds. */
const firstGuessMs = 1_000;

/**
 * Bounded concurrency and a bounded line per target. The highest priority goes first; within one, the share with the
 * fewest running calls, then whoever came first. A full line pushes out the last of the share that waits most, if the
 * newcomer's own share waits less (or its priority is higher): nobody fills a line for the others.
 */
export class Gate {
  readonly #clock: Clock;
  readonly #lines = new Map<string, Line>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds for `leave` to count from. */
  now(): number {
    return this.#clock.monotonic();
  }

  /** A call may begin at once. */
  isFree(target: string, { concurrency }: Capacity): boolean {
    const line = this.#lines.get(target);
    return line === undefined || (line.running < concurrency && line.places.length === 0);
  }

  /** Calls that wait, as a share of the line's length; 1 is full. */
  fullness(target: string, { queue }: Capacity): number {
    const waiting = this.#lines.get(target)?.places.length ?? 0;
    return queue === 0 ? 1 : waiting / queue;
  }

  enter(target: string, capacity: Capacity, waiter: Waiter): void {
    const line = this.#lineOf(target, capacity);
    if (line.running < line.capacity.concurrency && line.places.length === 0) return this.#admit(line, waiter);
    if (line.places.length >= line.capacity.queue && !this.#makeRoom(line, waiter)) {
      return this.#refuse(line, waiter);
    }
    const timer = setTimeout(() => {
      this.#remove(line, waiter);
      this.#refuse(line, waiter);
    }, line.capacity.queueMs);
    line.places.push({ waiter, timer, since: this.#clock.monotonic() });
  }

  /** Takes a slot without waiting; false where there is none. To be given back by `leave`. */
  take(target: string, capacity: Capacity, share: string): boolean {
    if (!this.isFree(target, capacity)) return false;
    count(this.#lineOf(target, capacity), share);
    return true;
  }

  /** The client left while it waited. */
  cancel(target: string, waiter: Waiter): void {
    const line = this.#lines.get(target);
    if (line !== undefined) this.#remove(line, waiter);
  }

  /** A call that was admitted has ended. `beganAt` of `now`. */
  leave(target: string, share: string, beganAt: number): void {
    const line = this.#lines.get(target);
    if (line === undefined) return;
    line.running--;
    const left = (line.runningOf.get(share) ?? 1) - 1;
    if (left > 0) line.runningOf.set(share, left);
    else line.runningOf.delete(share);
    line.meanMs += (this.#clock.monotonic() - beganAt - line.meanMs) / 8;
    while (line.running < line.capacity.concurrency) {
      const next = nextOf(line);
      if (next === null) return;
      this.#remove(line, next.waiter);
      this.#admit(line, next.waiter);
    }
  }

  /** For people and metrics. */
  snapshot(): readonly GateState[] {
    return [...this.#lines].map(([target, { running, places, totals }]) => ({
      target,
      running,
      waiting: places.length,
      ...totals,
    }));
  }

  #lineOf(target: string, capacity: Capacity): Line {
    let line = this.#lines.get(target);
    if (line === undefined || line.capacity !== capacity) {
      // A reload may bring another capacity; who runs and waits stays.
      const kept = line ?? emptyLine();
      line = { ...kept, capacity };
      this.#lines.set(target, line);
    }
    return line;
  }

  #admit(line: Line, waiter: Waiter): void {
    count(line, waiter.share);
    waiter.admitted();
  }

  #makeRoom(line: Line, newcomer: Waiter): boolean {
    const loser = pushedOut(line.places, newcomer);
    if (loser === null) return false;
    this.#remove(line, loser.waiter);
    this.#refuse(line, loser.waiter);
    return true;
  }

  #refuse(line: Line, waiter: Waiter): void {
    line.totals.refused++;
    waiter.refused(retryAfterMs(line));
  }

  #remove(line: Line, waiter: Waiter): void {
    const at = line.places.findIndex((place) => place.waiter === waiter);
    if (at === -1) return;
    const [place] = line.places.splice(at, 1);
    if (place === undefined) return;
    clearTimeout(place.timer);
    line.totals.waited++;
    line.totals.waitedMs += this.#clock.monotonic() - place.since;
  }
}

const emptyLine = (): Omit<Line, 'capacity'> => ({
  running: 0,
  runningOf: new Map(),
  places: [],
  meanMs: firstGuessMs,
  totals: { waited: 0, waitedMs: 0, refused: 0 },
});

function count(line: Line, share: string): void {
  line.running++;
  line.runningOf.set(share, (line.runningOf.get(share) ?? 0) + 1);
}

/** When a place will be free for one who comes now. */
const retryAfterMs = ({ capacity, places, meanMs }: Line): number =>
  Math.max(1, Math.ceil(((places.length + 1) * meanMs) / capacity.concurrency));

function nextOf({ places, runningOf }: Line): Place | null {
  let best: Place | null = null;
  let bestRunning = 0;
  for (const place of places) {
    const { priority, share } = place.waiter;
    const running = runningOf.get(share) ?? 0;
    const better =
      best === null || priority > best.waiter.priority || (priority === best.waiter.priority && running < bestRunning);
    if (!better) continue;
    best = place;
    bestRunning = running;
  }
  return best;
}

/** The last of those with the least right to wait; null where the newcomer has no better right than any of them. */
function pushedOut(places: readonly Place[], newcomer: Waiter): Place | null {
  const waiting = new Map<string, number>();
  for (const { waiter } of places) waiting.set(waiter.share, (waiting.get(waiter.share) ?? 0) + 1);
  const countOf = (waiter: Waiter): number => waiting.get(waiter.share) ?? 0;
  let worst: Place | null = null;
  for (const place of places) {
    const { waiter } = place;
    const worse =
      worst === null ||
      waiter.priority < worst.waiter.priority ||
      (waiter.priority === worst.waiter.priority && countOf(waiter) >= countOf(worst.waiter));
    if (worse) worst = place;
  }
  if (worst === null || newcomer.priority < worst.waiter.priority) return null;
  if (newcomer.priority > worst.waiter.priority) return worst;
  return countOf(newcomer) + 1 < countOf(worst.waiter) ? worst : null;
}
