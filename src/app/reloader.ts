import type { Config } from '../config/config.ts';
import { messageOf, PointsmanError } from '../core/errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface ReloaderParts {
  /** Null: the gateway was started without a file. */
  readonly reread: (() => Config) | null;
  /** Takes a configuration over, or throws and leaves everything as it was. */
  readonly take: (config: Config) => Promise<void>;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Reads the YAML again and has it taken over; one reload at a time. Whoever asks while one runs gets the next, which
 * reads the file anew. How it went stands in the log and in the metrics, and is thrown at the one who asked.
 */
export function createReloader({ reread, take, logger, metrics }: ReloaderParts): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | null = null;

  const reload = async (): Promise<void> => {
    if (reread === null) {
      throw new PointsmanError('invalid_config', 'The gateway was started without a YAML, so there is none to reload.');
    }
    try {
      const config = reread();
      await take(config);
      for (const warning of config.warnings) logger.warn({}, warning);
      logger.info({ file: config.file }, 'The configuration was taken over.');
      metrics.reloaded(true);
    } catch (cause) {
      metrics.reloaded(false);
      logger.error({ cause: messageOf(cause) }, 'The configuration was refused; the one before stays.');
      throw cause;
    }
  };

  return () => {
    if (waiting !== null) return waiting;
    const next = running.then(() => {
      waiting = null;
      return reload();
    });
    waiting = next;
    running = next.catch(() => undefined);
    return next;
  };
}
