import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bradleyTerry } from '../../src/math/bradley-terry.ts';
import { gameScores, gamesOf } from '../../src/math/weighted-games.ts';
import { smallRows } from './small-rows.ts';

describe('bradleyTerry', () => {
  const fit = (wins: readonly number[], models: number): number[] => {
    const out = new Float64Array(models);
    bradleyTerry(Float64Array.from(wins), out);
    return [...out];
  };

  it('of two is the logarithm of the odds', () => {
    const [a = NaN, b = NaN] = fit([0, 3, 1, 0], 2);
    expect(a - b).toBeCloseTo(Math.log(3), 10);
    expect(a + b).toBeCloseTo(0, 10);
  });

  it('expects of everybody as many wins as there were', () => {
    const weight = fc.double({ min: 0.01, max: 1000, noNaN: true });
    fc.assert(
      fc.property(fc.array(weight, { minLength: 16, maxLength: 16 }), (weights) => {
        const strengths = fit(weights, 4);
        for (let a = 0; a < 4; a++) {
          let [won, expected, games] = [0, 0, 0];
          for (let b = 0; b < 4; b++) {
            if (a === b) continue;
            const both = (weights[a * 4 + b] ?? 0) + (weights[b * 4 + a] ?? 0);
            won += weights[a * 4 + b] ?? 0;
            games += both;
            expected += both / (1 + Math.exp((strengths[b] ?? 0) - (strengths[a] ?? 0)));
          }
          expect(Math.abs(expected - won)).toBeLessThan(1e-5 * games);
        }
      }),
    );
  });

  it('knows nothing without games, and nothing of one player', () => {
    expect(fit([0, 0, 0, 0], 2)).toEqual([0, 0]);
    expect(fit([5], 1)).toEqual([0]);
  });
});

describe('games weighed by likeness', () => {
  const rows = smallRows([(i) => ((i * 5) % 12 < 6 ? 1 : 0), (i) => ((i * 7) % 12 < 4 ? 1 : 0), (i) => (i % 5) / 4]);
  const ask = (base: number, prior: number): Float64Array => {
    const out = new Float64Array(3);
    const shape = { models: 3, width: 3, base, prior };
    gameScores(gamesOf(rows, 0), shape).score(Float64Array.of(0.3, -0.5, 0.8), out);
    return out;
  };

  it.each([
    [10, 0.5, [-0.335947, 0.184746, 0.151201]],
    [1000, 0.25, [-1.003138, 0.92495, 0.078188]],
  ])('agree with scipy 1.17 BFGS on the weighted likelihood, base %d', (base, prior, strengths) => {
    const found = ask(base, prior);
    // Directions are kept in 16 bits.
    strengths.forEach((strength, m) => expect(found[m]).toBeCloseTo(strength, 3));
  });

  it('leave out what was not observed', () => {
    const partial = smallRows([(i) => (i % 2 === 0 ? NaN : 1), () => 0]);
    const scores = gameScores(gamesOf(partial, 0), { models: 2, width: 3, base: 1, prior: 0.5 });
    const out = new Float64Array(2);
    scores.score(Float64Array.of(1, 0, 0), out);
    // Six wins and half a prior one against half a prior one.
    expect((out[0] ?? NaN) - (out[1] ?? NaN)).toBeCloseTo(Math.log(6.5 / 0.5), 8);
  });
});
