import type { Clock } from '../core/clock.ts';

/**
 * Lets through at most `perSecond` of each kind, with a burst of as many. Under load learning from every request would
 * cost more than routing it and teach little more; which ones pass depends on time alone, so the sample is not biased by
 * what was measured.
 */
export function createSampler(perSecond: number, clock: Clock): (kind: string) => boolean {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return (kind) => {
    const now = clock.monotonic();
    let bucket = buckets.get(kind);
    if (bucket === undefined) {
      bucket = { tokens: perSecond, at: now };
      buckets.set(kind, bucket);
    }
    bucket.tokens = Math.min(perSecond, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  };
}
