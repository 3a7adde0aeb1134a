/** How hard upstream/ tries, and when it stops asking a target that fails. */
export interface UpstreamSettings {
  /** Calls for one request, over all models and targets. */
  readonly maxAttempts: number;
  /** Mean pause before the same target is asked again, in milliseconds; jittered by half. */
  readonly retryPauseMs: number;
  /** Consecutive failures that open a target's breaker. */
  readonly failuresToOpen: number;
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
  failuresToOpen: 3,
  cooldownMs: 2_000,
  maxCooldownMs: 120_000,
  holdBytes: 256 * 1024,
  holdEvents: 64,
};
