import closeWithGrace, { type Options } from 'close-with-grace';
import type { Logger } from '../telemetry/logger.ts';

/**
 * Calls `close` once at SIGTERM, SIGINT and their like, and where something was thrown that nobody caught; the process ends
 * when it has resolved, after `delayMs` at the latest. With `keepHangup`, SIGHUP means something else here.
 */
export function closeOnSignal(
  { delayMs, keepHangup, logger }: { delayMs: number; keepHangup: boolean; logger: Logger },
  close: (signal: string | undefined) => Promise<void>,
): void {
  const skip: NonNullable<Options['skip']> = keepHangup ? ['SIGHUP'] : [];
  closeWithGrace({ delay: delayMs, logger: false, skip }, async ({ signal, err }) => {
    if (err !== undefined) logger.error({ error: err }, 'Something was thrown that nobody caught; closing.');
    await close(err === undefined ? signal : undefined);
  });
}
