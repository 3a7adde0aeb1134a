/** How hard upstream/ tries, and when it stops asking a target that fails. */
export interface UpstreamSettings {
  /** Calls for one request, over all models and targets, hedges included. */
  readonly maxAttempts: number;
  /** Mean pause before the same target is asked again after a lost connection, in milliseconds; jittered by half. */
  readonly retryPauseMs: number;
  /** Calls that repeat a failed one where nobody else is left to ask; part of `maxAttempts`. */
  readonly backoffTries: number;
  /** Mean pause before the first of them, in milliseconds; doubles each time, jittered by half. */
  readonly backoffMs: number;
  /** Longest that a request waits for a target that named its return itself (retry-after), in milliseconds. */
  readonly retryWaitMs: number;
  /** Consecutive failures that open a target's breaker. */
  readonly failuresToOpen: number;
  /** Share of the last 32 calls that failed, which opens it too ... */
  readonly errorRate: number;
  /** Milliseconds to the first output from which a call counts as slow; null: none does. */
  readonly slowMs: number | null;
  /** ... and share of the last 32 calls that were slow ... */
  readonly slowRate: number;
  /** ... both once this many calls are known (at most 32). */
  readonly rateCalls: number;
  /** First cooldown, in milliseconds; doubles with every failed probe ... */
  readonly cooldownMs: number;
  /** ... up to this. */
  readonly maxCooldownMs: number;
  /** What is held back of a stream that has not begun to answer; past it the answer is committed as it is. */
  readonly holdBytes: number;
  readonly holdEvents: number;
}

export const defaultUpstreamSettings: UpstreamSettings = {
  maxAttempts: 4,
  retryPauseMs: 20,
  backoffTries: 2,
  backoffMs: 200,
  retryWaitMs: 1_000,
  failuresToOpen: 3,
  errorRate: 0.5,
  slowMs: null,
  slowRate: 0.5,
  rateCalls: 20,
  cooldownMs: 2_000,
  maxCooldownMs: 120_000,
  holdBytes: 256 * 1024,
  holdEvents: 64,
};
