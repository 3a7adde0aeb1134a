const longestMs = 24 * 3600 * 1000;

/**
 * How long the upstream asks us to wait, in milliseconds: OpenAI's `retry-after-ms`, else `retry-after` in seconds or
 * as an HTTP date (RFC 9110, 10.2.3). Null where it does not say or says nonsense; at most a day.
 */
export function retryAfterMs(header: (name: string) => string | null, nowMs: number): number | null {
  const milliseconds = positive(header('retry-after-ms'));
  if (milliseconds !== null) return Math.min(milliseconds, longestMs);
  const text = header('retry-after');
  const seconds = positive(text);
  if (seconds !== null) return Math.min(seconds * 1000, longestMs);
  // Date.parse takes nearly anything; an HTTP date has letters.
  if (text === null || !/[a-z]{3}/i.test(text)) return null;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.min(Math.max(date - nowMs, 0), longestMs);
}

function positive(text: string | null): number | null {
  if (text === null || text.trim() === '') return null;
  const value = Number(text);
  return Number.isFinite(value) && value >= 0 ? value : null;
}
