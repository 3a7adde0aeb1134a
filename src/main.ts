import { isatty } from 'node:tty';
import { buildApp, type App } from './app.ts';
import { closeOnSignal } from './app/close-on-signal.ts';
import type { Config } from './config/config.ts';
import { watchFile } from './config/watch.ts';
import { messageOf, PointsmanError } from './core/errors.ts';
import type { Logger } from './telemetry/logger.ts';

/** Longest that running requests may take to end after SIGTERM, in milliseconds. */
const drainMs = 30_000;

export interface Serving {
  readonly app: App;
  /** E.g. `http://127.0.0.1:4040`. */
  readonly url: string;
}

/**
 * Config -> app -> listen -> graceful close. Throws `invalid_config` where the address cannot be had. With `reread` the
 * configuration is read again when its file changes and at SIGHUP.
 */
export async function serve(config: Config, logger: Logger, reread?: () => Config): Promise<Serving> {
  const app = await buildApp(config, { logger, ...(reread === undefined ? {} : { reread }) });
  const { host, port } = config.listen;
  let url: string;
  try {
    url = await app.server.listen({ host, port });
  } catch (cause) {
    await app.close();
    throw new PointsmanError('invalid_config', `Cannot listen on ${host}:${port}: ${mendOf(cause)}`, { cause });
  }
  const endReloads = config.file === null || reread === undefined ? null : reloadOnChange(config.file, app);
  closeOnSignal({ delayMs: drainMs, keepHangup: endReloads !== null, logger }, async (signal) => {
    if (signal !== undefined) logger.info({ signal }, 'Draining: running requests finish, new ones are refused.');
    endReloads?.();
    await app.close();
  });
  return { app, url };
}

/** Reloads at SIGHUP and when the file changes. Returns what ends that. */
function reloadOnChange(file: string, app: App): () => void {
  // How it went is logged by the reload itself.
  const reload = (): void => void app.reload().catch(() => undefined);
  const endWatch = watchFile(file, reload);
  const hadTerminal = isatty(0);
  const onHangup = (): void => {
    // The terminal was closed, so nobody is left who would want the gateway.
    if (hadTerminal && !isatty(0)) process.kill(process.pid, 'SIGTERM');
    else reload();
  };
  process.on('SIGHUP', onHangup);
  return endWatch;
}

function mendOf(cause: unknown): string {
  const code: unknown = typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'code') : undefined;
  if (code === 'EADDRINUSE') return 'another program has it. Take another with --port, or 0 for any.';
  if (code === 'EACCES') return 'this port needs more rights. Take one above 1023 with --port.';
  return messageOf(cause);
}
