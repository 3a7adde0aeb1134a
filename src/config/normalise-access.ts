import type { Auth, KeyConfig, ListenConfig } from './config.ts';
import type { EnvironmentSettings } from './environment.ts';
import { isLoopback } from '../core/hosts.ts';
import type { Report } from './report.ts';
import type { ConfigFile } from './schema.ts';

const bytesPerMegabyte = 1_000_000;

/** Where to listen and who is let in. Without keys only this machine is served, unless `auth: none` is written out. */
export function normaliseAccess(
  file: Pick<ConfigFile, 'listen' | 'auth'>,
  keys: readonly KeyConfig[],
  environment: EnvironmentSettings,
  report: Report,
): { readonly listen: ListenConfig; readonly auth: Auth } {
  const listen = {
    host: environment.host?.value ?? file.listen?.host ?? '127.0.0.1',
    port: environment.port?.value ?? file.listen?.port ?? 4040,
    bodyLimitBytes: Math.round((file.listen?.body_limit_mb ?? 20) * bytesPerMegabyte),
  };
  const auth = environment.auth?.value ?? file.auth ?? (keys.length > 0 ? 'keys' : 'loopback');
  switch (auth) {
    case 'keys':
      if (keys.length === 0) report.problem(['auth'], 'is "keys", and no keys are configured; add some under "keys"');
      break;
    case 'loopback':
    case 'none':
      if (keys.length > 0) report.problem(['auth'], `is "${auth}", and keys are configured; remove one of the two`);
      break;
    default:
      auth satisfies never;
  }
  if (auth === 'loopback' && !isLoopback(listen.host)) {
    const by = environment.host === null ? '' : ` (from the environment variable ${environment.host.name})`;
    report.problem(
      ['listen', 'host'],
      `${listen.host}${by} can be reached by others, and no keys are configured; configure keys, ` +
        'listen on 127.0.0.1, or write "auth: none" to serve everybody',
    );
  }
  return { listen, auth };
}
