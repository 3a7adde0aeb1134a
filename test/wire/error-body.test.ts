import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errorTable, PointsmanError, type ErrorCode } from '../../src/core/errors.ts';
import { errorBody, errorEvent, upstreamErrorBody } from '../../src/wire/error-body.ts';

const codes = Object.keys(errorTable) as ErrorCode[];

test.each(codes)('%s has all four keys and nothing of its cause', (code) => {
  const cause = new Error('sk-secret', { cause: 'inner' });
  const body = errorBody(new PointsmanError(code, 'Why.', { cause }));
  expect(JSON.parse(body)).toEqual({ error: { message: 'Why.', type: errorTable[code].type, param: null, code } });
  expect(body).not.toContain('sk-secret');
});

test('an event is one line of JSON whatever the message holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (message) => {
      const text = errorEvent(new PointsmanError('upstream_cut', message)).toString();
      expect(text).toMatch(/^data: [^\n\r]*\n\n$/);
      expect(JSON.parse(text.slice(6))).toMatchObject({ error: { code: 'upstream_cut' } });
    }),
  );
});

describe("an upstream's error body", () => {
  const ours = new PointsmanError('invalid_request', 'The upstream answered 400.', { status: 400 });
  const read = (text: string): unknown => JSON.parse(upstreamErrorBody(Buffer.from(text), ours).toString());

  test('that is whole stays byte for byte', () => {
    const bytes = Buffer.from('{ "error": {"message":"m","type":"t","param":"p","code":null,"more":1}, "x": 2 }');
    expect(upstreamErrorBody(bytes, ours)).toBe(bytes);
  });

  test.each<[string, object]>([
    [
      '{"error":{"message":"m"}}',
      { message: 'm', type: 'invalid_request_error', param: null, code: 'invalid_request' },
    ],
    ['{"error":{"message":"m","type":"t","code":400}}', { message: 'm', type: 't', param: null, code: '400' }],
    [
      '{"error":"model not loaded"}',
      { message: 'model not loaded', type: 'invalid_request_error', param: null, code: 'invalid_request' },
    ],
    [
      '{"object":"error","message":"m","type":"BadRequestError","code":400}',
      { message: 'm', type: 'BadRequestError', param: null, code: 'invalid_request' },
    ],
    [
      '{"detail":"Not Found"}',
      { message: 'Not Found', type: 'invalid_request_error', param: null, code: 'invalid_request' },
    ],
    ['{"detail":[{"loc":["body"]}]}', { message: 'The upstream answered 400.' }],
    ['<html>Bad</html>', { message: 'The upstream answered 400.' }],
    ['', { message: 'The upstream answered 400.' }],
    ['null', { message: 'The upstream answered 400.' }],
  ])('%s is completed', (text, expected) => {
    const body = read(text);
    expect(body).toMatchObject({ error: expected });
    expect(body).toEqual({
      error: { message: expect.any(String), type: expect.any(String), param: null, code: expect.any(String) },
    });
  });

  test('of any JSON becomes one with all four keys', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.record({ error: fc.jsonValue() }).map((value) => JSON.stringify(value)),
        ),
        (text) => {
          const body = read(text);
          expect(body).toHaveProperty('error.message', expect.any(String));
          for (const key of ['type', 'param', 'code']) expect(body).toHaveProperty(`error.${key}`);
        },
      ),
    );
  });
});

test('docs/errors.md lists every code with its status, type and whether to retry', () => {
  const rows = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  expect(rows.map((row) => row.slice(1, 6))).toEqual(
    codes.map((code) => {
      const { status, type, retry, summary } = errorTable[code];
      return [`\`${code}\``, String(status), type, retry ? 'yes' : 'no', summary];
    }),
  );
  for (const row of rows) expect(row[6], `what to do about ${row[1]}`).toMatch(/\w{3,}.*\.$/);
});
