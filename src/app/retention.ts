import type { Config } from '../config/config.ts';
import { messageOf } from '../core/errors.ts';
import type { SqliteStore } from '../outcomes/store.ts';
import type { Logger } from '../telemetry/logger.ts';

const everyMs = 3_600_000;

/** Removes rows past their time, at start and every hour. Returns what ends it. */
export function keepRetention(
  { storage }: Config,
  store: SqliteStore,
  learners: readonly string[],
  logger: Logger,
): () => void {
  const { decisionsDays, embeddingsDays } = storage.retention;
  if (decisionsDays === null && embeddingsDays === null) return () => undefined;
  const pass = (): void => {
    store.retain({ decisionsDays, embeddingsDays }, learners).catch((cause: unknown) => {
      logger.warn({ cause: messageOf(cause) }, 'Old rows could not be removed; tried again in an hour.');
    });
  };
  pass();
  const timer = setInterval(pass, everyMs).unref();
  return () => clearInterval(timer);
}
