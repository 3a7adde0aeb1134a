import { expect, it } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { CoefficientRows } from '../../src/math/coefficient-rows.ts';
import { dot } from '../../src/math/vectors.ts';

it('multiplies every row, to the bit as one by one, and keeps them when it grows', () => {
  const random = seededRandom(7);
  const n = 9;
  const vector = Float64Array.from({ length: n }, () => random.normal());
  const rows = new CoefficientRows(n);
  const expected: number[] = [];
  for (let i = 0; i < 70; i++) {
    rows.add(1);
    const row = rows.view(i);
    expect([...row]).toEqual(Array.from({ length: n }, () => 0));
    for (let j = 0; j < n; j++) row[j] = random.normal();
    expected.push(dot(vector, row, 0, n));
    expect([...rows.products(vector).subarray(0, rows.count)]).toEqual(expected);
  }
});

it('starts from zeros again after clear', () => {
  const rows = new CoefficientRows(3);
  rows.add(2);
  rows.view(0, 2).fill(5);
  rows.clear();
  expect(rows.count).toBe(0);
  rows.add(2);
  expect([...rows.products(Float64Array.of(1, 1, 1)).subarray(0, 2)]).toEqual([0, 0]);
});
