import type { QueueConfig } from './config.ts';
import type { Report } from './report.ts';
import type { ConfigFile } from './schema.ts';

const shown = '***';

/** Who learns, and through which Redis. */
export function normaliseQueue(file: ConfigFile['queue'], report: Report): QueueConfig {
  if (file === undefined || file.type === 'embedded') {
    if (file?.url !== undefined) {
      report.problem(['queue', 'url'], 'is of no use to an embedded queue; remove it, or write "type: bullmq"');
    }
    return { type: 'embedded' };
  }
  const { url: text, prefix = 'pointsman', keep_events: keepEvents = 20_000 } = file;
  if (text === undefined) {
    report.problem(
      ['queue'],
      'has no "url"; add the Redis that the queue lives in, e.g. "url: redis://127.0.0.1:6379"',
    );
    return { type: 'embedded' };
  }
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') {
    // The value may hold a password, so it is not repeated.
    report.problem(['queue', 'url'], 'is no Redis URL; write redis://host:6379, or rediss:// for TLS');
    return { type: 'embedded' };
  }
  if (url.password !== '' && !report.fromEnvironment(['queue', 'url'])) {
    report.warning(['queue', 'url'], 'a secret stands in the file; write ${NAME} and set it in the environment');
  }
  return hideUrl({ type: 'bullmq', url: text, address: addressOf(url), prefix, keepEvents });
}

const addressOf = ({ protocol, hostname, port, pathname }: URL): string =>
  `${protocol}//${hostname}:${port === '' ? '6379' : port}${pathname}`;

/** Its `url` can be read and does not print: neither a log, a spread nor `JSON.stringify` meets the password. */
function hideUrl(queue: QueueConfig & { readonly type: 'bullmq' }): QueueConfig {
  const { url, ...visible } = queue;
  return Object.defineProperties(
    { ...visible, url },
    {
      url: { value: url, enumerable: false },
      toJSON: { value: () => ({ ...visible, url: shown }), enumerable: false },
    },
  );
}
