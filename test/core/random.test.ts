import { describe, expect, it } from 'vitest';
import { manualClock } from '../../src/core/clock.ts';
import { newId } from '../../src/core/ids.ts';
import { hash32, seededRandom } from '../../src/core/random.ts';

const draws = (seed: string, count: number): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random.next());
};

describe('seeded randomness', () => {
  it('repeats for the same seed and differs for the next', () => {
    expect(draws('a', 50)).toEqual(draws('a', 50));
    expect(draws('a', 50)).not.toEqual(draws('b', 50));
  });

  it('is pinned: a change of the generator would change every replay', () => {
    expect([hash32(''), hash32('pointsman'), hash32('pointsman', 1)]).toMatchInlineSnapshot(`
      [
        2872998923,
        2265897375,
        2882435999,
      ]
    `);
    expect(draws('pointsman', 3)).toMatchInlineSnapshot(`
      [
        0.4397750794887543,
        0.7065654322504997,
        0.8964430838823318,
      ]
    `);
  });

  it('is uniform: 16 bins of 64,000 draws stay within chi-square 45 (p < 1e-4 at 15 degrees of freedom)', () => {
    const bins = new Float64Array(16);
    for (const draw of draws('bins', 64_000)) bins[Math.floor(draw * 16)]! += 1;
    let chi = 0;
    for (const bin of bins) chi += (bin - 4000) ** 2 / 4000;
    expect(chi).toBeLessThan(45);
  });

  it('streams of neighbouring seeds are not correlated', () => {
    let product = 0;
    for (let i = 0; i < 20_000; i++) {
      product += (seededRandom(`route:${i}`).next() - 0.5) * (seededRandom(`route:${i + 1}`).next() - 0.5);
    }
    // Standard error of the mean product is 1/12/sqrt(n); 5 of them.
    expect(Math.abs(product / 20_000)).toBeLessThan(5 / 12 / Math.sqrt(20_000));
  });

  it('normal draws have mean 0 and variance 1', () => {
    const random = seededRandom('normal');
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < 50_000; i++) {
      const draw = random.normal();
      sum += draw;
      squares += draw * draw;
    }
    expect(Math.abs(sum / 50_000)).toBeLessThan(0.02);
    expect(Math.abs(squares / 50_000 - 1)).toBeLessThan(0.03);
  });

  it('integers cover their range and no more', () => {
    const random = seededRandom('integers');
    const seen = new Set(Array.from({ length: 500 }, () => random.integer(7)));
    expect(seen).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
  });
});

describe('ids', () => {
  it('never repeat and carry 128 bits', () => {
    const ids = Array.from({ length: 2000 }, () => newId('dec_'));
    expect(new Set(ids).size).toBe(2000);
    for (const id of ids) expect(id).toMatch(/^dec_[\w-]{22}$/);
  });
});

describe('manual clock', () => {
  it('moves only when told', () => {
    const clock = manualClock(5);
    expect([clock.now(), clock.monotonic()]).toEqual([5, 5]);
    clock.advance(10);
    expect(clock.now()).toBe(15);
  });
});
