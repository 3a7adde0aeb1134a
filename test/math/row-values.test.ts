import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { createPlainKernels } from '../../src/math/kernels-plain.ts';
import { createKernels } from '../../src/math/kernels.ts';
import { RowValues } from '../../src/math/row-values.ts';

describe.each([
  ['wasm', createKernels],
  ['plain', createPlainKernels],
] as const)('rows of values, %s', (_, create) => {
  it.each([1, 2, 11])('sums the listed rows of %i columns, and their squares', (width) => {
    const random = seededRandom(width);
    const rows = new RowValues(create());
    rows.lay(7, width);
    rows.all.forEach((_value, i) => (rows.all[i] = random.next()));
    const listed = [6, 0, 3, 3];
    rows.list.set(listed);
    rows.weights.set([0.5, 2, 1, 0.25]);
    const values = rows.all.slice();
    for (const count of [4, 2, 0]) {
      const sums = rows.weigh(count);
      for (let column = 0; column < width; column++) {
        const expected = listed.slice(0, count).map((row, n) => {
          const value = values[row * width + column] ?? NaN;
          const weight = [0.5, 2, 1, 0.25][n] ?? NaN;
          return [weight * value, weight * value * value] as const;
        });
        expect(sums[column * 2]).toBeCloseTo(
          expected.reduce((sum, [first]) => sum + first, 0),
          12,
        );
        expect(sums[column * 2 + 1]).toBeCloseTo(
          expected.reduce((sum, [, second]) => sum + second, 0),
          12,
        );
      }
    }
    expect(rows.all).toEqual(values);
  });

  it('keeps what it holds when it grows, wider and longer, and fills what is new', () => {
    const rows = new RowValues(create());
    rows.lay(2, 2);
    rows.all.set([1, 2, 3, 4]);
    rows.grow(3, 3, NaN);
    expect([...rows.all]).toEqual([1, 2, NaN, 3, 4, NaN, NaN, NaN, NaN]);
    rows.list[0] = 1;
    rows.weights[0] = 2;
    expect([...rows.weigh(1).subarray(0, 4)]).toEqual([6, 18, 8, 32]);
  });
});

it('gives the same bits in both kinds', () => {
  const results = [createKernels, createPlainKernels].map((create) => {
    const random = seededRandom(5);
    const rows = new RowValues(create());
    rows.lay(40, 5);
    rows.all.forEach((_value, i) => (rows.all[i] = random.normal()));
    rows.list.forEach((_row, i) => {
      rows.list[i] = random.integer(40);
      rows.weights[i] = random.next();
    });
    return [...rows.weigh(40)];
  });
  expect(results[0]).toEqual(results[1]);
});
