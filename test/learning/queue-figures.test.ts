import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { manualClock } from '../../src/core/clock.ts';
import { LagClock } from '../../src/learning/queue-figures.ts';

it('tells the age of the oldest fact that waits, to a tenth of a second', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 400 }), take: fc.integer({ min: 0, max: 3 }) }), {
        minLength: 1,
        maxLength: 60,
      }),
      (steps) => {
        const clock = manualClock(0);
        const lag = new LagClock(clock);
        const committedAt: number[] = [];
        let done = 0;
        for (const { afterMs, take } of steps) {
          clock.advance(afterMs);
          committedAt.push(clock.monotonic());
          lag.committed(committedAt.length);
          done = Math.min(committedAt.length, done + take);
          const oldest = committedAt[done];
          const truth = oldest === undefined ? 0 : (clock.monotonic() - oldest) / 1_000;
          expect(Math.abs(lag.seconds(done, committedAt.length) - truth)).toBeLessThanOrEqual(0.1);
        }
      },
    ),
  );
});

it('grows coarse and not large where facts wait for hours', () => {
  const clock = manualClock(0);
  const lag = new LagClock(clock);
  for (let seq = 1; seq <= 40_000; seq++) {
    lag.committed(seq);
    clock.advance(1_000);
  }
  expect(lag.seconds(0, 40_000)).toBe(40_000);
  // The older, the coarser.
  expect(Math.abs(lag.seconds(20_000, 40_000) - 20_000)).toBeLessThanOrEqual(1_000);
  expect(Math.abs(lag.seconds(39_900, 40_000) - 100)).toBeLessThanOrEqual(2);
  expect(lag.seconds(40_000, 40_000)).toBe(0);
});
