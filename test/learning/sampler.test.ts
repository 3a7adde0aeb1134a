import { expect, it } from 'vitest';
import { manualClock } from '../../src/core/clock.ts';
import { createSampler } from '../../src/learning/sampler.ts';

it('lets a burst through, then its rate, each kind for itself', () => {
  const clock = manualClock();
  const sample = createSampler(20, clock);
  const passed = (kind: string, tries: number) =>
    Array.from({ length: tries }, () => sample(kind)).filter(Boolean).length;
  expect(passed('a', 100)).toBe(20);
  expect(passed('b', 5)).toBe(5);
  let later = 0;
  // Ten seconds of a hundred requests a second.
  for (let i = 0; i < 1000; i++) {
    clock.advance(10);
    if (sample('a')) later++;
  }
  expect(later).toBeGreaterThanOrEqual(199);
  expect(later).toBeLessThanOrEqual(201);
  clock.advance(3_600_000);
  expect(passed('a', 100)).toBe(20);
});
