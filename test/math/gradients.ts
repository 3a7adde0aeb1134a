import { expect } from 'vitest';
import type { Trainable } from '../../src/math/adam.ts';

/** Every element of the gradient against central differences of the loss. */
export function expectGradient(model: Trainable, rows: readonly number[]): void {
  const { parameters } = model;
  const gradient = new Float64Array(parameters.length);
  // The loss that comes with a gradient counts the penalty; it is the one whose slope is checked.
  const loss = (): number => model.accumulate(rows, new Float64Array(parameters.length), null);
  model.accumulate(rows, gradient, null);
  const step = 1e-5;
  let largest = 0;
  parameters.forEach((value, i) => {
    parameters[i] = value + step;
    const above = loss();
    parameters[i] = value - step;
    const below = loss();
    parameters[i] = value;
    const slope = (above - below) / (2 * step);
    largest = Math.max(largest, Math.abs(slope));
    expect(Math.abs((gradient[i] ?? NaN) - slope), `parameter ${i}`).toBeLessThan(1e-6 * (1 + Math.abs(slope)));
  });
  // A gradient of zeros would agree with a loss that ignores its parameters.
  expect(largest).toBeGreaterThan(0.01);
}
