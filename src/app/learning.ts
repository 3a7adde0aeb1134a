import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import type { OutcomeStore } from '../core/outcome.ts';
import { createLearning, type Learning } from '../learning/learning.ts';
import type { Logger } from '../telemetry/logger.ts';

/** The engine that `queue:` names; BullMQ is only loaded where it is used, because it is large. */
export async function chooseLearning(
  config: Config,
  store: OutcomeStore,
  clock: Clock,
  logger: Logger,
): Promise<Learning> {
  const { queue, learning } = config;
  const onTrouble = (message: string): void => logger.warn({}, message);
  switch (queue.type) {
    case 'embedded':
      return createLearning({ store, clock, snapshotEvery: learning.snapshotEvery, onTrouble });
    case 'bullmq': {
      const { createDistributedLearning } = await import('../learning/distributed.ts');
      return createDistributedLearning({ store, clock, redis: queue, onTrouble });
    }
    default:
      return queue satisfies never;
  }
}
