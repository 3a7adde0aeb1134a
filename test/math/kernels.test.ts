import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import type { Kernels } from '../../src/math/kernel-loops.ts';
import { kernelsBase64 } from '../../src/math/kernels-bytes.ts';
import { createPlainKernels } from '../../src/math/kernels-plain.ts';
import { createKernels } from '../../src/math/kernels.ts';
import { buildKernels } from '../../scripts/build-wasm.ts';

const kinds = { wasm: createKernels, plain: createPlainKernels } as const;

/** Lays out x, out and a packed matrix; returns their offsets. */
function lay(kernels: Kernels, n: number, seed: number): { x: number; out: number; packed: number } {
  const random = seededRandom(seed);
  const size = (n * (n + 1)) / 2;
  const place = { x: 0, out: n * 8, packed: n * 16 };
  kernels.reserve(n * 16 + size * 8);
  const x = new Float64Array(kernels.buffer, place.x, n);
  const packed = new Float64Array(kernels.buffer, place.packed, size);
  for (let i = 0; i < n; i++) x[i] = random.normal();
  for (let i = 0; i < size; i++) packed[i] = random.normal();
  return place;
}

/** The dense matrix that a packed one stands for. */
function dense(packed: Float64Array, n: number): number[][] {
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => packed[(Math.max(i, j) * (Math.max(i, j) + 1)) / 2 + Math.min(i, j)] ?? NaN),
  );
}

describe('the checked-in WebAssembly', () => {
  it('is what kernels.wat builds', async () => {
    expect(Buffer.from(await buildKernels()).toString('base64')).toBe(kernelsBase64);
  });

  it('is what runs here', () => {
    expect(createKernels().kind).toBe('wasm');
  });
});

describe.each(Object.entries(kinds))('%s kernels', (_, create) => {
  it.each([1, 2, 3, 4, 5, 8, 17, 33])('agree with dense matrices of order %i', (n) => {
    const kernels = create();
    const { x, out, packed } = lay(kernels, n, n);
    const vector = Array.from(new Float64Array(kernels.buffer, x, n));
    const matrix = new Float64Array(kernels.buffer, packed, (n * (n + 1)) / 2);
    const rows = dense(matrix, n);
    const product = rows.map((row) => row.reduce((sum, value, i) => sum + value * (vector[i] ?? 0), 0));
    kernels.multiply(packed, x, n, out);
    Array.from(new Float64Array(kernels.buffer, out, n)).forEach((value, i) => {
      expect(value).toBeCloseTo(product[i] ?? NaN, 10);
    });
    const quadratic = product.reduce((sum, value, i) => sum + value * (vector[i] ?? 0), 0);
    expect(kernels.quadratic(packed, x, n)).toBeCloseTo(quadratic, 9);
    kernels.addOuter(packed, x, n, -0.5);
    dense(matrix, n).forEach((row, i) =>
      row.forEach((value, j) =>
        expect(value).toBeCloseTo((rows[i]?.[j] ?? NaN) - 0.5 * (vector[i] ?? 0) * (vector[j] ?? 0), 12),
      ),
    );
  });

  it('sums int16 products exactly, up to the length of a unit vector squared', () => {
    const kernels = create();
    kernels.reserve(64 * 3 + 8);
    const query = new Int16Array(kernels.buffer, 0, 32);
    const rows = new Int16Array(kernels.buffer, 64, 64);
    query[3] = 32767;
    rows[3] = 32767;
    rows[32 + 3] = -32767;
    rows[32 + 31] = 5;
    query[31] = 7;
    kernels.dots(64, 2, 64, 0, 192);
    expect([...new Int32Array(kernels.buffer, 192, 2)]).toEqual([32767 * 32767, -32767 * 32767 + 35]);
  });

  it.each([1, 2, 3, 4, 5, 7, 8, 11])('score each of %i rows by itself, in fours or not', (count) => {
    const kernels = create();
    const [stride, width] = [96, 48];
    kernels.reserve(stride * (count + 1) + count * 4);
    const random = seededRandom(count);
    const shorts = new Int16Array(kernels.buffer, 0, width * (count + 1));
    for (let i = 0; i < shorts.length; i++) shorts[i] = random.integer(60_000) - 30_000;
    const out = stride * (count + 1);
    // int32 wraps; 48 products of at most 3e4^2 do not fit, so they are made smaller.
    for (let i = 0; i < width; i++) shorts[i] = (shorts[i] ?? 0) >> 8;
    kernels.dots(stride, count, stride, 0, out);
    const expected = Array.from({ length: count }, (_, row) =>
      Array.from({ length: width }, (_none, i) => (shorts[i] ?? 0) * (shorts[(row + 1) * width + i] ?? 0)).reduce(
        (a, b) => a + b,
      ),
    );
    expect([...new Int32Array(kernels.buffer, out, count)]).toEqual(expected);
  });

  it('counts cells by bucket of score, and gives the best score', () => {
    const kernels = create();
    kernels.reserve(4 * (4 + 4 + 8 + 4));
    const [scores, cells, counts] = [0, 16, 32].map((at) => new Int32Array(kernels.buffer, at, at === 32 ? 8 : 4));
    scores?.set([-9, 3, 100, 4]);
    cells?.set([1, 2, 3, 4]);
    // Buckets of 4, the fifth holding 0 to 3; what is above the last one counts there.
    expect(kernels.histogram(0, 16, 4, 32, 8, 2)).toBe(100);
    expect([...(counts ?? [])]).toEqual([0, 1, 0, 0, 2, 4, 0, 3]);
    scores?.fill(-5);
    expect(kernels.histogram(0, 16, 4, 32, 8, 2)).toBe(-5);
  });

  it('lists the rows that pass, those at the bar included', () => {
    const kernels = create();
    kernels.reserve(4 * 10);
    new Int32Array(kernels.buffer, 0, 5).set([7, -8, 6, 7, 9]);
    expect(kernels.passing(0, 5, 7, 20)).toBe(3);
    expect([...new Int32Array(kernels.buffer, 20, 3)]).toEqual([0, 3, 4]);
    expect(kernels.passing(0, 5, 10, 20)).toBe(0);
    expect(kernels.passing(0, 5, -(2 ** 31), 20)).toBe(5);
  });

  it.each([1, 3, 4, 6, 17])('multiply rows of %i with a vector', (n) => {
    const kernels = create();
    const { x, out, packed } = lay(kernels, n, n);
    const count = Math.floor((n + 1) / 2);
    kernels.products(packed, count, x, n, out);
    const vector = new Float64Array(kernels.buffer, x, n);
    const rows = new Float64Array(kernels.buffer, packed, count * n);
    const results = new Float64Array(kernels.buffer, out, count);
    for (let row = 0; row < count; row++) {
      const expected = vector.reduce((sum, value, i) => sum + value * (rows[row * n + i] ?? NaN), 0);
      expect(results[row]).toBeCloseTo(expected, 10);
    }
  });

  it('keeps what it holds when its memory grows', () => {
    const kernels = create();
    kernels.reserve(64);
    new Uint8Array(kernels.buffer)[63] = 42;
    kernels.reserve(1_000_000);
    expect(kernels.buffer.byteLength).toBeGreaterThanOrEqual(1_000_000);
    expect(new Uint8Array(kernels.buffer)[63]).toBe(42);
    expect(new Uint8Array(kernels.buffer)[64]).toBe(0);
  });
});

it('gives the same bits in both kinds, whatever the size', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), fc.integer(), (n, seed) => {
      const results = Object.values(kinds).map((create) => {
        const kernels = create();
        const { x, out, packed } = lay(kernels, n, seed);
        const quadratic = kernels.quadratic(packed, x, n);
        kernels.multiply(packed, x, n, out);
        kernels.addOuter(packed, out, n, 0.3);
        kernels.products(packed, Math.floor((n + 1) / 2), x, n, out);
        const numbers = [...new Float64Array(kernels.buffer, 0, 2 * n + (n * (n + 1)) / 2)];
        const width = 32 * Math.ceil(n / 16);
        kernels.reserve(width * 4 + 12);
        const random = seededRandom(seed);
        const shorts = new Int16Array(kernels.buffer, 0, width * 2);
        for (let i = 0; i < shorts.length; i++) shorts[i] = random.integer(4000) - 2000;
        kernels.dots(width, 3, width, 0, width * 4);
        return [quadratic, ...numbers, ...new Int32Array(kernels.buffer, width * 4, 3)];
      });
      expect(results[0]).toEqual(results[1]);
    }),
    { numRuns: 60 },
  );
});
