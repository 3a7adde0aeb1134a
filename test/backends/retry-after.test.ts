import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '../../src/backends/retry-after.ts';

const now = Date.UTC(2026, 0, 1, 12, 0, 0);
const read = (headers: Record<string, string>): number | null => retryAfterMs((name) => headers[name] ?? null, now);

describe('retryAfterMs', () => {
  it.each([
    [{}, null],
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after-ms': '250', 'retry-after': '7' }, 250],
    [{ 'retry-after-ms': 'soon', 'retry-after': '7' }, 7000],
    [{ 'retry-after': 'Thu, 01 Jan 2026 12:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Thu, 01 Jan 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after': 'Fri, 01 Jan 2027 12:00:00 GMT' }, 86_400_000],
    [{ 'retry-after': '-3' }, null],
    [{ 'retry-after': 'NaN' }, null],
    [{ 'retry-after': 'tomorrow' }, null],
    [{ 'retry-after': '' }, null],
    [{ 'retry-after': '1e999' }, null],
  ])('%j gives %s', (headers, expected) => {
    expect(read(headers)).toBe(expected);
  });
});
