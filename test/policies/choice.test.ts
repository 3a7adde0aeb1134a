import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom, type Random } from '../../src/core/random.ts';
import { callOf, dollars, drawIndex, leaderPropensities, moveToFront, rank, short } from '../../src/math/choice.ts';

/** A stream that only ever says this. */
const always = (value: number): Random => ({
  next: () => value,
  integer: (bound) => Math.floor(value * bound),
  normal: () => 0,
});

const few = fc.constantFrom(0, 0.5, 1);
const pairs = fc.array(fc.tuple(few, few), { minLength: 1, maxLength: 8 });

describe('rank', () => {
  test('sorts by score, then by cost, and counts who shares the first place', () => {
    fc.assert(
      fc.property(pairs, fc.string(), (each, seed) => {
        const scores = each.map(([score]) => score);
        const costs = each.map(([, cost]) => cost);
        const { ranking, leaders } = rank(scores, costs, seededRandom(seed));
        expect([...ranking].sort((a, b) => a - b)).toEqual([...each.keys()]);
        const keys = ranking.map((i) => [scores[i] ?? NaN, costs[i] ?? NaN] as const);
        expect(keys).toEqual([...keys].sort((a, b) => b[0] - a[0] || a[1] - b[1]));
        expect(leaders).toBe(keys.filter(([score, cost]) => score === keys[0]?.[0] && cost === keys[0]?.[1]).length);
      }),
    );
  });

  test('orders a tie by chance, each order as often as any other', () => {
    const random = seededRandom('ties');
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const key = rank([1, 1, 1], null, random).ranking.join('');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // 1,000 expected of each order, five standard deviations are 144.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(144);
  });

  test('draws nothing where nothing is tied', () => {
    const refuses: Random = {
      ...always(0),
      integer: () => {
        throw new Error('it drew');
      },
    };
    expect(rank([0.1, 0.3, 0.2], null, refuses).ranking).toEqual([1, 2, 0]);
  });

  test('leaders share the first place equally', () => {
    const ranked = rank([1, 0, 1, 1], [2, 0, 1, 1], always(0));
    expect([...leaderPropensities(ranked)]).toEqual([0, 0, 0.5, 0.5]);
  });
});

describe('moveToFront', () => {
  test('leaves the others in their order', () => {
    const ranking = fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 });
    fc.assert(
      fc.property(ranking, fc.nat({ max: 4 }), (ranking, index) => {
        const moved = [...ranking];
        moveToFront(moved, index);
        expect(moved).toEqual([index, ...ranking.filter((other) => other !== index)]);
      }),
    );
  });
});

describe('drawIndex', () => {
  test('never draws what has no probability, not even where rounding leaves a gap at the end', () => {
    const nearly = 1 - 2 ** -27;
    expect(drawIndex(Float64Array.of(0, 0.3, 0, 0.6999999, 0), always(nearly))).toBe(3);
    expect(drawIndex(Float64Array.of(0, 1, 0), always(0))).toBe(1);
  });

  test('splits the unit interval in order', () => {
    const probabilities = Float64Array.of(0.25, 0.5, 0.25);
    expect([0, 0.2499, 0.25, 0.7499, 0.75].map((mark) => drawIndex(probabilities, always(mark)))).toEqual([
      0, 0, 1, 1, 2,
    ]);
  });
});

test('a place that is none is a defect, said in words', () => {
  expect(() => callOf([{ model: 'a', price: null }], 1)).toThrow(/chose place 1 of 1/);
  expect(() => callOf([], undefined)).toThrow(expect.objectContaining({ code: 'internal_error' }));
});

test('numbers in reasons are short', () => {
  expect([0.8125, 1, 120, 1e6].map(short)).toEqual(['0.813', '1', '120', '1000000']);
  expect([0.000312, 0.02, 0, 1234].map(dollars)).toEqual(['$0.00031', '$0.02', '$0', '$1200']);
});
