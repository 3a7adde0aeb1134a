import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/core/random.ts';
import { calibrate } from '../../../src/replay/calibrate/calibrate.ts';
import { outcomeAt, type PairRows } from '../../../src/replay/calibrate/choose-threshold.ts';

/** Scores that tell something of who is right, and coin flips for outcomes. */
function draw(count: number, seed: string): PairRows {
  const random = seededRandom(seed);
  const scores = Float64Array.from({ length: count }, () => random.next());
  const flip = (chance: number): number => (random.next() < chance ? 1 : 0);
  return {
    scores,
    quality: {
      strong: scores.map(() => flip(0.85)),
      weak: scores.map((score) => flip(0.95 - 0.6 * score)),
    },
    costUsd: null,
  };
}

const range = { low: 0, high: 1 };

describe('calibrate', () => {
  test('what it expects is what other queries make of its threshold, nineteen times in twenty', () => {
    const world = draw(60_000, 'world');
    const places = [...world.scores.keys()];
    const worlds = 60;
    let [shares, qualities] = [0, 0];
    let bias = 0;
    for (let i = 0; i < worlds; i++) {
      const { threshold, expected } = calibrate(draw(150, `mine ${i}`), { type: 'quality', ratio: 0.95 }, range, 's');
      const really = outcomeAt(world, places, threshold);
      if (really.share >= expected.share.low && really.share <= expected.share.high) shares++;
      const { value = NaN, low = NaN, high = NaN } = expected.quality ?? {};
      if ((really.quality ?? NaN) >= low && (really.quality ?? NaN) <= high) qualities++;
      bias += (value - (really.quality ?? NaN)) / worlds;
    }
    // 57 are expected; fewer than 51 is a chance of one in four hundred.
    expect(shares).toBeGreaterThanOrEqual(51);
    expect(qualities).toBeGreaterThanOrEqual(51);
    expect(Math.abs(bias)).toBeLessThan(0.01);
  });

  test('a share is had on other queries, to within three points', () => {
    const { threshold, expected } = calibrate(draw(4000, 'mine'), { type: 'share', share: 0.3 }, range, 's');
    const world = draw(20_000, 'world');
    expect(Math.abs(outcomeAt(world, [...world.scores.keys()], threshold).share - 0.3)).toBeLessThan(0.03);
    expect(expected.share.high - expected.share.low).toBeLessThan(0.06);
    expect(expected.costUsd).toBeNull();
  });

  test('the same rows and seed give the same, another seed nearly', () => {
    const of = (seed: string) => calibrate(draw(300, 'mine'), { type: 'share', share: 0.5 }, range, seed);
    expect(of('a')).toEqual(of('a'));
    expect(of('b').threshold).toBe(of('a').threshold);
    expect(of('b').expected.share).not.toEqual(of('a').expected.share);
  });

  test.each([
    [draw(19, 'few'), /19 rows are too few/],
    [{ ...draw(40, 'alike'), scores: new Float64Array(40).fill(0.5) }, /every query has the score 0.5/],
    [{ ...draw(40, 'blind'), quality: null }, /name a share instead/],
  ])('refuses what cannot be calibrated on', (rows, message) => {
    expect(() => calibrate(rows, { type: 'quality', ratio: 0.9 }, range, 's')).toThrow(
      expect.objectContaining({ code: 'invalid_data', message: expect.stringMatching(message) }),
    );
  });

  test('says where scores are too coarse for the share', () => {
    const rows = draw(100, 'coarse');
    const coarse = { ...rows, scores: rows.scores.map((score) => (score < 0.5 ? 0.25 : 0.75)) };
    const { warnings } = calibrate(coarse, { type: 'share', share: 0.25 }, range, 's');
    expect(warnings).toEqual([expect.stringMatching(/too coarse for a share of 0.25: the nearest is/)]);
  });
});
