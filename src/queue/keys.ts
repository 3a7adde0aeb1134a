/** Names of everything that is kept in Redis. The braces put all of it on one node of a cluster, as scripts need it. */
export interface QueueKeys {
  /** Also the prefix of BullMQ's keys. */
  readonly tag: string;
  readonly channel: string;
  /**
   * Hash: `entries` and `events` so far, `forgotten` entries; `p:<producer>`, the last `seq` of each, and `d:<producer>`, its
   * decision; `b:<entry>`, a batch, and `n:<entry>`, the number of its last event.
   */
  readonly log: string;
  /** Hash of learner to the lease that may write its state. */
  readonly fences: string;
  /** Sorted sets by time of the last sign of life, in seconds. */
  readonly members: string;
  readonly learners: string;
  readonly gateways: string;
  /** String: which history of events this is; another one after Redis was emptied. */
  readonly history: string;
  lease(learner: string): string;
  /** Hash: `head`, `bytes` and the ones before them, `old_head`, `old_bytes`. */
  state(learner: string): string;
  spending(day: string): string;
  readonly cooldowns: string;
  /** Hash of conversation to who answered it last, and sorted set of when. */
  readonly sessions: string;
  readonly sessionTimes: string;
}

export function queueKeys(prefix: string): QueueKeys {
  const tag = `{${prefix}}`;
  return {
    tag,
    channel: `${tag}:notices`,
    log: `${tag}:log`,
    fences: `${tag}:fences`,
    members: `${tag}:members`,
    learners: `${tag}:learners`,
    gateways: `${tag}:gateways`,
    history: `${tag}:history`,
    lease: (learner) => `${tag}:lease:${learner}`,
    state: (learner) => `${tag}:state:${learner}`,
    spending: (day) => `${tag}:spending:${day}`,
    cooldowns: `${tag}:cooldowns`,
    sessions: `${tag}:sessions`,
    sessionTimes: `${tag}:session_times`,
  };
}
