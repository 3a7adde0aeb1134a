import { expect, test } from 'vitest';
import { fuzzAnswers, fuzzBodies, type FuzzResult } from '../helpers/fuzz.ts';

/** The short form of `npm run fuzz`. */
const count = 5_000;

function expectSound(result: FuzzResult): void {
  expect(result.faults.slice(0, 5)).toEqual([]);
  expect(result).toMatchObject({ leakedCalls: 0, stuckSockets: 0, unhandled: 0, defects: [] });
  // A generator whose every case is refused at the door, or that hurts nobody, would prove nothing.
  const whole = result.outcomes['whole'] ?? 0;
  expect(whole).toBeGreaterThan(count / 20);
  expect(whole).toBeLessThan(count / 1.2);
}

test(`${count} generated bodies: no 500, nobody hangs, nothing leaks`, async () => {
  expectSound(await fuzzBodies({ count, seed: 'npm test' }));
});

test(`${count} generated answers of an upstream: an answer, an error, or one error event; never silence`, async () => {
  const result = await fuzzAnswers({ count, seed: 'npm test' });
  expectSound(result);
  expect(result.outcomes['error event'] ?? 0).toBeGreaterThan(count / 50);
});
