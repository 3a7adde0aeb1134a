/** a . b over the first `length` elements, b from `offset` on. Four sums, so that additions need not wait for each other. */
export function dot(a: Float64Array, b: Float64Array, offset: number, length: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  const whole = length & -4;
  let i = 0;
  for (; i < whole; i += 4) {
    s0 += (a[i] ?? 0) * (b[offset + i] ?? 0);
    s1 += (a[i + 1] ?? 0) * (b[offset + i + 1] ?? 0);
    s2 += (a[i + 2] ?? 0) * (b[offset + i + 2] ?? 0);
    s3 += (a[i + 3] ?? 0) * (b[offset + i + 3] ?? 0);
  }
  let sum = s0 + s2 + (s1 + s3);
  for (; i < length; i++) sum += (a[i] ?? 0) * (b[offset + i] ?? 0);
  return sum;
}

/** Euclidean length; NaN or Infinity where an element is. */
export function norm(vector: ArrayLike<number>): number {
  let square = 0;
  for (let i = 0; i < vector.length; i++) square += (vector[i] ?? 0) ** 2;
  return Math.sqrt(square);
}

export const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** base^exponent by squaring: the same bits on every machine, which Math.pow does not promise. */
export function power(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let left = exponent; left > 0; left >>= 1) {
    if ((left & 1) === 1) result *= square;
    square *= square;
  }
  return result;
}
