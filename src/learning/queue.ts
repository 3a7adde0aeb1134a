import type { Observation } from '../core/learner.ts';

/**
 * How a committed observation travels from the host that took the feedback to the one owner of the learners. Delivery
 * may repeat, lose or reorder: the owner folds by `seq` and fills gaps from the log, so a queue is only ever a hint
 * that there is something to fold. That keeps every implementation this small.
 */
export interface LearningQueue {
  /** Never throws. */
  publish(observation: Observation): void;
  /** Called once, by the owner. */
  consume(handler: (observation: Observation) => void): void;
  close(): Promise<void>;
}

/** One process: handed over within the call, so whoever was told 'accepted' finds the learner already taught. */
export function inProcessQueue(): LearningQueue {
  let handle: ((observation: Observation) => void) | null = null;
  return {
    publish: (observation) => handle?.(observation),
    consume(handler) {
      handle = handler;
    },
    close: () => Promise.resolve(),
  };
}
