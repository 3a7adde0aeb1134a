import { createLogger, type Logger } from '../../src/telemetry/logger.ts';

/** A real logger whose lines are kept. */
export function collectLogger(): { readonly logger: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const logger = createLogger({ level: 'debug', style: 'json', write: (line) => void lines.push(line), now: () => 0 });
  return { logger, lines };
}
