import { expect, test } from 'vitest';
import { runChaos } from '../helpers/chaos.ts';

/** The short form of `npm run chaos`. */
test('200 clients, targets killed, slowed, cut and rate-limited: nobody hangs, nothing is cut in silence, nothing leaks', async () => {
  const result = await runChaos({ clients: 200, durationMs: 20_000, seed: 'npm test' });
  const { counts, samples } = result;
  expect(counts.requests).toBeGreaterThan(200);
  // Without faults that bite, all the rest would say nothing.
  expect(counts.errorEvents + counts.refusedWhileNoneLived).toBeGreaterThan(0);
  expect(samples.filter((sample) => /^(silent cut|hung|broken)/.test(sample))).toEqual([]);
  expect(counts).toMatchObject({ silentCuts: 0, hung: 0, broken: 0 });
  expect(result.successShare, samples.join('\n')).toBeGreaterThanOrEqual(0.999);
  expect(result).toMatchObject({ unhandled: 0, leakedCalls: 0 });
  expect(result.heapAfterBytes).toBeLessThan(1.1 * result.heapBeforeBytes);
});
