/** A stretch of consecutive values with the largest sum. */
export interface LargestWindow {
  readonly sum: number;
  /** First and last place, both included. */
  readonly from: number;
  readonly to: number;
}

const nothing: LargestWindow = { sum: Number.NEGATIVE_INFINITY, from: 0, to: 0 };

/** Of all lengths >= 1 (Kadane's scan). A value of -Infinity is in no window. */
export function largestWindowOfAll(values: Float64Array): LargestWindow {
  let largest = nothing;
  let sum = 0;
  let from = 0;
  values.forEach((value, place) => {
    if (sum <= 0) [sum, from] = [0, place];
    sum += value;
    if (sum > largest.sum) largest = { sum, from, to: place };
  });
  return largest;
}

/** Of one length, clipped to N. A value of -Infinity is in no window; where all windows have one, the sum is -Infinity. */
export function largestWindow(values: Float64Array, length: number): LargestWindow {
  const size = Math.min(length, values.length);
  let largest = nothing;
  let sum = 0;
  let barred = 0;
  const isBarred = (value: number): boolean => value === Number.NEGATIVE_INFINITY;
  values.forEach((value, place) => {
    if (isBarred(value)) barred++;
    else sum += value;
    const old = place >= size ? (values[place - size] ?? 0) : 0;
    if (isBarred(old)) barred--;
    else sum -= old;
    if (place >= size - 1 && barred === 0 && sum > largest.sum) largest = { sum, from: place - size + 1, to: place };
  });
  return largest;
}
