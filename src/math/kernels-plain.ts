import type { Kernels } from './kernel-loops.ts';

/** a[from ..] . b over n elements, in the order in which kernels.wat adds. */
function dot(a: Float64Array, from: number, b: Float64Array, n: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  const whole = n & -4;
  let i = 0;
  for (; i < whole; i += 4) {
    s0 += (a[from + i] ?? 0) * (b[i] ?? 0);
    s1 += (a[from + i + 1] ?? 0) * (b[i + 1] ?? 0);
    s2 += (a[from + i + 2] ?? 0) * (b[i + 2] ?? 0);
    s3 += (a[from + i + 3] ?? 0) * (b[i + 3] ?? 0);
  }
  let sum = s0 + s2 + (s1 + s3);
  for (; i < n; i++) sum += (a[from + i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** The loops of kernels.wat in TypeScript, to the bit. */
export function createPlainKernels(): Kernels {
  let buffer = new ArrayBuffer(0);
  const doubles = (offset: number, length: number): Float64Array => new Float64Array(buffer, offset, length);
  const packedAt = (offset: number, n: number): Float64Array => doubles(offset, (n * (n + 1)) / 2);
  return {
    kind: 'plain',
    get buffer() {
      return buffer;
    },
    reserve(bytes) {
      if (bytes <= buffer.byteLength) return;
      const larger = new ArrayBuffer(bytes);
      new Uint8Array(larger).set(new Uint8Array(buffer));
      buffer = larger;
    },
    dots(rows, count, stride, query, out) {
      const width = stride / 2;
      const matrix = new Int16Array(buffer, rows, count * width);
      const vector = new Int16Array(buffer, query, width);
      const scores = new Int32Array(buffer, out, count);
      for (let row = 0; row < count; row++) {
        const from = row * width;
        let sum = 0;
        for (let i = 0; i < width; i++) sum = (sum + (matrix[from + i] ?? 0) * (vector[i] ?? 0)) | 0;
        scores[row] = sum;
      }
    },
    histogram(scores, cells, count, counts, buckets, shift) {
      const held = new Int32Array(buffer, cells, count);
      const sums = new Int32Array(buffer, counts, buckets);
      let best = -(2 ** 31);
      new Int32Array(buffer, scores, count).forEach((score, row) => {
        if (score > best) best = score;
        const bucket = Math.min(buckets - 1, (score >> shift) + buckets / 2);
        sums[bucket] = (sums[bucket] ?? 0) + (held[row] ?? 0);
      });
      return best;
    },
    passing(scores, count, lowest, out) {
      const rows = new Int32Array(buffer, out, count);
      let found = 0;
      new Int32Array(buffer, scores, count).forEach((score, row) => {
        if (score >= lowest) rows[found++] = row;
      });
      return found;
    },
    weigh(list, weights, count, values, width, out) {
      const rows = new Int32Array(buffer, list, count);
      const shares = doubles(weights, count);
      const sums = doubles(out, width * 2);
      rows.forEach((row, n) => {
        const matrix = doubles(values + row * width * 8, width);
        const weight = shares[n] ?? 0;
        for (let column = 0; column < width; column++) {
          const value = matrix[column] ?? 0;
          const weighted = weight * value;
          sums[column * 2] = (sums[column * 2] ?? 0) + weighted;
          sums[column * 2 + 1] = (sums[column * 2 + 1] ?? 0) + weighted * value;
        }
      });
    },
    products(rows, count, x, n, out) {
      const matrix = doubles(rows, count * n);
      const vector = doubles(x, n);
      const sums = doubles(out, count);
      for (let row = 0; row < count; row++) sums[row] = dot(matrix, row * n, vector, n);
    },
    quadratic(packed, x, n) {
      const matrix = packedAt(packed, n);
      const vector = doubles(x, n);
      let total = 0;
      let from = 0;
      for (let i = 0; i < n; i++) {
        const value = vector[i] ?? 0;
        const part = dot(matrix, from, vector, i);
        total += value * (part + part + (matrix[from + i] ?? 0) * value);
        from += i + 1;
      }
      return total;
    },
    multiply(packed, x, n, out) {
      const matrix = packedAt(packed, n);
      const vector = doubles(x, n);
      const result = doubles(out, n);
      let from = 0;
      for (let i = 0; i < n; i++) {
        const value = vector[i] ?? 0;
        const part = dot(matrix, from, vector, i);
        for (let j = 0; j < i; j++) result[j] = (result[j] ?? 0) + value * (matrix[from + j] ?? 0);
        result[i] = part + value * (matrix[from + i] ?? 0);
        from += i + 1;
      }
    },
    addOuter(packed, x, n, scale) {
      const matrix = packedAt(packed, n);
      const vector = doubles(x, n);
      let from = 0;
      for (let i = 0; i < n; i++) {
        const factor = scale * (vector[i] ?? 0);
        for (let j = 0; j <= i; j++) matrix[from + j] = (matrix[from + j] ?? 0) + factor * (vector[j] ?? 0);
        from += i + 1;
      }
    },
  };
}
