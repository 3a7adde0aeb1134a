/** Time as seen by policies, estimators, learning and replay: injected, so that a replay repeats bit for bit. */
export interface Clock {
  /** Wall time in milliseconds since the epoch. May jump. */
  now(): number;
  /** Milliseconds since some fixed point. Never goes back; for durations and deadlines. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** A clock that stands still until it is told to move. */
export function manualClock(startMs = 0): Clock & { advance(ms: number): void } {
  let time = startMs;
  return {
    now: () => time,
    monotonic: () => time,
    advance(ms) {
      time += ms;
    },
  };
}
