import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { routerArenaOptimality, routerArenaScore } from '../../../src/replay/metrics/router-arena.ts';

describe("RouterArena's score", () => {
  it('is 1.1 A C / (0.1 A + C), by hand at the geometric middle of the cost range', () => {
    // C = 1/2 at c = sqrt(200 x .0044) per 1,000: S = 1.1 x .8 x .5 / (.08 + .5).
    const costUsd = Math.sqrt(200 * 0.0044) / 1_000;
    expect(routerArenaScore({ costUsd, quality: 0.8 })).toBeCloseTo(0.44 / 0.58, 12);
  });

  it('has the published figures of its boards: accuracy and dollars per 1,000 queries to score', () => {
    // September 2026: KT-ModelRouter 78.1 % at $.27, R2-Router 71.2 % at $.06, CARROT 67.2 % at $2.06; rounded inputs.
    for (const [quality, perThousand, score] of [
      [0.781, 0.27, 0.7628],
      [0.712, 0.06, 0.716],
      [0.672, 2.06, 0.6387],
    ] as const) {
      expect(Math.abs(routerArenaScore({ quality, costUsd: perThousand / 1_000 }) - score)).toBeLessThan(0.002);
    }
  });

  it('lies in [0, 1], rises with quality, falls with cost, and stops at the ends of the range', () => {
    const quality = fc.double({ min: 0, max: 1, noNaN: true });
    const cost = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(quality, quality, cost, cost, (a, b, x, y) => {
        const [low, high, cheap, dear] = [Math.min(a, b), Math.max(a, b), Math.min(x, y), Math.max(x, y)];
        const score = routerArenaScore({ quality: low, costUsd: dear });
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
        expect(routerArenaScore({ quality: high, costUsd: dear })).toBeGreaterThanOrEqual(score - 1e-12);
        expect(routerArenaScore({ quality: low, costUsd: cheap })).toBeGreaterThanOrEqual(score - 1e-12);
      }),
    );
    expect(routerArenaScore({ quality: 1, costUsd: 0 })).toBe(1);
    expect(routerArenaScore({ quality: 1, costUsd: 5 })).toBe(0);
    expect(routerArenaScore({ quality: 0, costUsd: 5 })).toBe(0);
  });
});

describe("RouterArena's optimality", () => {
  // Query 0: both solve it, b cheaper; 1: only a; 2: nobody; 3: a half answer is none, b solves.
  const table = {
    queries: 4,
    models: 2,
    quality: Float64Array.of(1, 1, 1, 0, 0, 0.9, 0.5, 1),
    costUsd: Float64Array.of(4, 1, 4, 1, 4, 1, 4, 1),
  };

  it('counts what is solvable, solved, and solved by the cheapest', () => {
    const allA = routerArenaOptimality({ ...table, chances: Float64Array.of(1, 0, 1, 0, 1, 0, 1, 0) });
    expect(allA).toEqual({ solvable: 3, selection: 1 / 3, accuracy: 2 / 3, cost: 5 / 8 });
    const allB = routerArenaOptimality({ ...table, chances: Float64Array.of(0, 1, 0, 1, 0, 1, 0, 1) });
    expect(allB).toEqual({ solvable: 3, selection: 2 / 3, accuracy: 2 / 3, cost: 1 });
  });

  it('counts drawn choices with their expectation', () => {
    const coin = routerArenaOptimality({ ...table, chances: new Float64Array(8).fill(0.5) });
    expect(coin.selection).toBe(0.5);
    expect(coin.accuracy).toBeCloseTo(2 / 3, 12);
    // Paid when solved: query 0 half 4 half 1, query 1 half 4, query 3 half 1 = 5; cheapest 1 + 2 + .5 = 3.5.
    expect(coin.cost).toBeCloseTo(3.5 / 5, 12);
  });

  it('says nothing where nothing can be solved', () => {
    const nothing = { ...table, quality: new Float64Array(8), chances: new Float64Array(8).fill(0.5) };
    expect(routerArenaOptimality(nothing)).toEqual({ solvable: 0, selection: null, accuracy: null, cost: null });
  });
});
