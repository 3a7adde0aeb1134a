const levels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof levels)[number];

/** What else is known of an event. Members named like a secret are never written. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

export interface LoggerOptions {
  /** Quieter events are dropped; `silent` drops all. */
  readonly level: LogLevel | 'silent';
  /** `json`: one object a line, for collectors. `pretty`: one readable line. */
  readonly style: 'json' | 'pretty';
  /** Takes one line with its line break. */
  readonly write: (line: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Names, lower-case and without `-` and `_`, whose values are secrets or somebody's words. */
const secretNames = new Set([
  'apikey',
  'xapikey',
  'authorization',
  'proxyauthorization',
  'cookie',
  'setcookie',
  'secret',
  'password',
  'token',
  'bearer',
  'messages',
  'prompt',
  'body',
]);

const deepest = 6;

export function createLogger({ level, style, write, now }: LoggerOptions): Logger {
  const lowest = level === 'silent' ? levels.length : levels.indexOf(level);
  const at = (name: LogLevel) => {
    if (levels.indexOf(name) < lowest) return () => undefined;
    return (fields: LogFields, message: string): void => {
      const time = new Date(now()).toISOString();
      const known = clean(fields, 0);
      write(
        style === 'json'
          ? `${JSON.stringify({ time, level: name, message, ...(isObject(known) ? known : {}) })}\n`
          : prettyLine(time, name, message, known),
      );
    };
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function prettyLine(time: string, level: string, message: string, fields: unknown): string {
  const rest = isObject(fields)
    ? Object.entries(fields).map(
        ([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
      )
    : [];
  return `${time.slice(11, 23)} ${level.padEnd(5)} ${message}${rest.join('')}\n`;
}

/** A copy that JSON can write: errors become their parts, secrets `***`, circles and depths an ellipsis. */
function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (depth === deepest) return '...';
  if (value instanceof Error) {
    return { name: value.name, message: value.message, stack: value.stack, ...causeOf(value, depth) };
  }
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => clean(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, isSecret(name) ? '***' : clean(item, depth + 1)]),
  );
}

const causeOf = (error: Error, depth: number): { readonly cause?: unknown } =>
  error.cause === undefined ? {} : { cause: clean(error.cause, depth + 1) };

const isSecret = (name: string): boolean => secretNames.has(name.toLowerCase().replaceAll('-', '').replaceAll('_', ''));

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
