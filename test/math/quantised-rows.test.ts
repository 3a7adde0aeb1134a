import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { bucketOf, createNeighbourhoodFinder, lowestIn } from '../../src/math/neighbourhood.ts';
import { QuantisedRows, shareRows, unitScore } from '../../src/math/quantised-rows.ts';

const vectorOf = (dimensions: number, seed: number): Float32Array => {
  const random = seededRandom(seed);
  return Float32Array.from({ length: dimensions }, () => random.normal());
};

function cosine(a: Float32Array, b: Float32Array): number {
  const product = (x: Float32Array, y: Float32Array): number =>
    x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}

it('scores are cosines to about 1e-4, for any number of dimensions and rows, however long the vectors', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 70 }),
      fc.integer({ min: 1, max: 50 }),
      fc.integer(),
      (dimensions, count, seed) => {
        const rows = new QuantisedRows(dimensions);
        const vectors = Array.from({ length: count }, (_, i) => vectorOf(dimensions, seed + i).map((x) => x * (i + 1)));
        vectors.forEach((vector, i) => rows.set(i, vector));
        const query = vectorOf(dimensions, seed - 1);
        const scores = rows.scores(query);
        expect(scores?.length).toBe(count);
        vectors.forEach((vector, i) => expect((scores?.[i] ?? NaN) / unitScore).toBeCloseTo(cosine(query, vector), 3));
      },
    ),
    { numRuns: 50 },
  );
});

it('knows no direction for zero and for what is not finite, and gives such a row the score 0', () => {
  const rows = new QuantisedRows(3);
  rows.set(0, Float32Array.of(NaN, 1, 0));
  rows.set(1, Float32Array.of(0, 1, 0));
  expect(rows.scores(Float32Array.of(0, 0, 0))).toBeNull();
  expect(rows.scores(Float32Array.of(0, Infinity, 0))).toBeNull();
  const scores = rows.scores(Float32Array.of(0, 2, 0)) ?? [];
  expect([...scores]).toEqual([0, unitScore]);
});

it('writes over a row without leaving anything of it', () => {
  const rows = new QuantisedRows(5);
  rows.set(0, Float32Array.of(1, 1, 1, 1, 1));
  rows.set(0, Float32Array.of(0, 0, 1, 0, 0));
  expect([...(rows.scores(Float32Array.of(1, 1, 0, 1, 1)) ?? [])]).toEqual([0]);
  expect(rows.count).toBe(1);
});

it('saves and loads the same rows', () => {
  const rows = new QuantisedRows(10);
  for (let i = 0; i < 40; i++) rows.set(i, vectorOf(10, i));
  const loaded = new QuantisedRows(10);
  loaded.load(rows.view().slice());
  const query = vectorOf(10, 99);
  expect([...(loaded.scores(query) ?? [])]).toEqual([...(rows.scores(query) ?? [])]);
});

it('answers the same query again, but never an old one for a new one, and never after rows have changed', () => {
  const rows = new QuantisedRows(4);
  rows.set(0, Float32Array.of(1, 0, 0, 0));
  const [x, y] = [Float32Array.of(1, 0, 0, 0), Float32Array.of(0, 1, 0, 0)];
  const scoresOf = (query: Float32Array): number[] => [...(rows.scores(query) ?? [])];
  expect(scoresOf(x)).toEqual([unitScore]);
  expect(scoresOf(x)).toEqual([unitScore]);
  expect(scoresOf(y)).toEqual([0]);
  rows.set(0, y);
  expect(scoresOf(y)).toEqual([unitScore]);
  rows.set(1, x);
  expect(scoresOf(y)).toEqual([unitScore, 0]);
  expect(rows.scores(Float32Array.of(0, 0, 0, 0))).toBeNull();
  expect(scoresOf(y)).toEqual([unitScore, 0]);
  rows.load(new QuantisedRows(4).view().slice());
  expect(scoresOf(y)).toEqual([]);
});

it('shares rows that are equal and no others', () => {
  const rowsOf = (seed: number, dimensions = 16): QuantisedRows => {
    const rows = new QuantisedRows(dimensions);
    for (let i = 0; i < 5; i++) rows.set(i, vectorOf(8, seed + i).slice(0, dimensions));
    return rows;
  };
  const first = shareRows(rowsOf(1));
  expect(shareRows(rowsOf(1))).toBe(first);
  expect(shareRows(rowsOf(2))).not.toBe(first);
  // The same bytes, another meaning.
  expect(shareRows(rowsOf(1, 8))).not.toBe(first);
});

it('knows where each bucket starts', () => {
  const scores = [-unitScore, -262_145, -262_144, -1, 0, 262_143, 262_144, unitScore - 1, unitScore, 2 ** 31 - 1];
  for (const score of scores) {
    expect(score).toBeGreaterThanOrEqual(lowestIn(bucketOf(score)));
    expect(score).toBeLessThan(lowestIn(bucketOf(score) + 1));
  }
});

it('takes whole buckets until the wanted cells are reached, and shares the last bucket', () => {
  const find = createNeighbourhoodFinder();
  const scores = Int32Array.from([0.9, 0.5, 0.5, 0.5, 0.1].map((value) => value * unitScore));
  const cells = Int32Array.of(2, 2, 2, 2, 2);
  const found = find(scores, cells, 5);
  expect(found.edge).toBe(bucketOf(scores[1] ?? 0));
  expect(found.edgeShare).toBe(3 / 6);
  expect(found.best).toBe(scores[0]);
  // More wanted than there is: everything belongs, whole.
  expect(find(scores, cells, 100)).toMatchObject({ edge: 0, edgeShare: 1 });
});

it('holds exactly the wanted cells, or all', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: -unitScore, max: unitScore }), fc.integer({ min: 1, max: 9 })), {
        minLength: 1,
      }),
      fc.integer({ min: 1, max: 300 }),
      (rows, wanted) => {
        const scores = Int32Array.from(rows, ([score]) => score);
        const cells = Int32Array.from(rows, ([, count]) => count);
        const { edge, edgeShare } = createNeighbourhoodFinder()(scores, cells, wanted);
        let held = 0;
        rows.forEach(([score, count]) => {
          const bucket = bucketOf(score);
          held += bucket > edge ? count : bucket === edge ? count * edgeShare : 0;
        });
        expect(held).toBeCloseTo(
          Math.min(
            wanted,
            cells.reduce((a, b) => a + b, 0),
          ),
          8,
        );
      },
    ),
  );
});
