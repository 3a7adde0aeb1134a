import { describe, expect, test } from 'vitest';
import { createLogger, type LoggerOptions } from '../../src/telemetry/logger.ts';

function start(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  return {
    lines,
    logger: createLogger({ level: 'info', style: 'json', write, now: () => 1_700_000_000_000, ...options }),
  };
}

test('one JSON object a line', () => {
  const { logger, lines } = start();
  logger.warn({ target: 'a\nb', status: 503 }, 'cooling');
  expect(lines).toHaveLength(1);
  expect(lines[0]?.indexOf('\n')).toBe((lines[0]?.length ?? 0) - 1);
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    time: '2023-11-14T22:13:20.000Z',
    level: 'warn',
    message: 'cooling',
    target: 'a\nb',
    status: 503,
  });
});

test.each([
  ['debug', 4],
  ['info', 3],
  ['error', 1],
  ['silent', 0],
] as const)('level %s lets %i of four through', (level, count) => {
  const { logger, lines } = start({ level });
  logger.debug({}, 'a');
  logger.info({}, 'b');
  logger.warn({}, 'c');
  logger.error({}, 'd');
  expect(lines).toHaveLength(count);
});

describe('secrets', () => {
  test.each([
    'authorization',
    'Authorization',
    'apiKey',
    'api_key',
    'x-api-key',
    'cookie',
    'token',
    'messages',
    'body',
  ])('a member %s is not written, however deep', (name) => {
    const { logger, lines } = start();
    logger.error({ request: { headers: [{ [name]: 'sk-123' }] } }, 'failed');
    expect(lines[0]).not.toContain('sk-123');
    expect(lines[0]).toContain(`"${name}":"***"`);
  });

  test('what merely counts is written', () => {
    const { logger, lines } = start();
    logger.info({ tokens: 5 }, 'x');
    expect(lines[0]).toContain('"tokens":5');
  });
});

test('errors keep their stack and cause', () => {
  const { logger, lines } = start();
  logger.error({ error: new TypeError('outer', { cause: new Error('inner') }) }, 'failed');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    error: {
      name: 'TypeError',
      message: 'outer',
      stack: expect.stringContaining('logger.test.ts'),
      cause: { message: 'inner' },
    },
  });
});

test('circles, big integers and functions do not throw', () => {
  const { logger, lines } = start();
  const circle: Record<string, unknown> = { big: 10n, run: () => 1 };
  circle.self = circle;
  const error = new Error('x');
  error.cause = error;
  logger.info(circle, 'round');
  logger.info({ error }, 'round');
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain('"big":"10"');
});

test('pretty is one line for people', () => {
  const { logger, lines } = start({ style: 'pretty' });
  logger.info({ url: 'http://x', count: 3, secret: 's' }, 'listening');
  expect(lines).toEqual(['22:13:20.000 info  listening url=http://x count=3 secret=***\n']);
});
