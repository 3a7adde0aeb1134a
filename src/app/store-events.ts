import type { StoreEvent } from '../outcomes/store.ts';
import type { Logger } from '../telemetry/logger.ts';

/** One line in the log per change of the store's fortune. */
export function describeStoreEvent(event: StoreEvent, logger: Logger): void {
  switch (event.type) {
    case 'available':
      logger.info({ lost: event.lost }, 'The outcome database takes rows again.');
      return;
    case 'unavailable':
    case 'snapshot':
    case 'replaced':
      logger.warn({ event: event.type }, event.message);
      return;
    case 'losing':
      logger.error({ event: event.type }, event.message);
      return;
    case 'refused':
      logger.error({ event: event.type, rows: event.rows }, event.message);
      return;
    default:
      event satisfies never;
  }
}
