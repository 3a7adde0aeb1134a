import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PointsmanError } from '../../../src/core/errors.ts';
import { seededRandom } from '../../../src/core/random.ts';
import { evaluateOffPolicy, type OffPolicyResult } from '../../../src/replay/off-policy/evaluate-off-policy.ts';
import {
  importanceWeights,
  missingSupport,
  type LoggedChoices,
} from '../../../src/replay/off-policy/logged-choices.ts';
import { crossFitMeans } from '../../../src/replay/off-policy/reward-model.ts';
import { simulateLog, trueValue } from '../../../src/replay/off-policy/simulate-log.ts';

type Found = Extract<OffPolicyResult, { type: 'estimate' }>;

function found(result: OffPolicyResult): Found {
  if (result.type !== 'estimate') throw new Error(result.reason);
  return result;
}

/** [rows x models] of a formula, rows summing to 1. */
function chances(rows: number, models: number, of: (row: number, model: number) => number): Float64Array {
  const out = Float64Array.from({ length: rows * models }, (_, i) => of(Math.floor(i / models), i % models));
  for (let row = 0; row < rows; row++) {
    const cells = out.subarray(row * models, (row + 1) * models);
    const sum = cells.reduce((total, value) => total + value, 0);
    cells.forEach((value, model) => (cells[model] = value / sum));
  }
  return out;
}

/** Eight decisions among three models by formulas; figures by numpy from the definitions, std with ddof=1. */
const example: LoggedChoices = {
  queries: 8,
  models: 3,
  chosen: Int32Array.from({ length: 8 }, (_, i) => (i * 2) % 3),
  reward: Float64Array.from({ length: 8 }, (_, i) => ((i * 5) % 8) / 8),
  propensities: chances(8, 3, (i, a) => 1 + ((i * 3 + a) % 4)),
};
const target = chances(8, 3, (i, a) => 1 + ((i + 2 * a) % 5));
const model = Float64Array.from({ length: 24 }, (_, c) => ((Math.floor(c / 3) + (c % 3) * 2) % 6) / 6);

describe('the worked example', () => {
  const result = found(evaluateOffPolicy(example, target, { model, clip: 1.1 }));

  it('has the weights', () => {
    const weights = [2 / 3, 0.5, 1, 2.25, 8 / 11, 7 / 3, 16 / 21, 0.45];
    importanceWeights(example, target).forEach((weight, i) => expect(weight).toBeCloseTo(weights[i] ?? 0, 12));
    expect(result.maxWeight).toBeCloseTo(7 / 3, 12);
    expect(result.effectiveSampleSize).toBeCloseTo(5.587216350540836, 9);
  });

  it.each([
    ['ips', 0.4908414502164502, 0.2188051237746941],
    ['snips', 0.451910621761658, 0.1595190417144408],
    ['doublyRobust', 0.5123121091871092, 0.13695499020992266],
  ] as const)('has %s and its standard error', (name, value, standardError) => {
    const estimate = result[name];
    expect(estimate?.value).toBeCloseTo(value, 12);
    expect(estimate?.standardError).toBeCloseTo(standardError, 12);
    expect(estimate?.low).toBeCloseTo(value - 1.959963984540054 * standardError, 12);
    expect(estimate?.high).toBeCloseTo(value + 1.959963984540054 * standardError, 12);
  });

  it('clips the weights above the limit', () => {
    expect(result.clipped.value).toBeCloseTo(0.3457893668831169, 12);
    expect(found(evaluateOffPolicy(example, target)).clip).toBeCloseTo(Math.sqrt(8), 12);
  });

  it('warns where the log is worth too little, and only there', () => {
    expect(result.caution).toMatch(/worth only 5\.59 observations/);
    const { log, target } = simulateLog(planted(400, 'caution'), 2_000, seededRandom('caution'));
    const long = found(evaluateOffPolicy(log, target));
    expect(long.effectiveSampleSize).toBeGreaterThan(100);
    expect(long.caution).toBeNull();
  });

  it('leaves out what was not asked for', () => {
    const plain = found(evaluateOffPolicy(example, target));
    expect([plain.doublyRobust, plain.doublyRobustClipped, plain.snipsBootstrap]).toEqual([null, null, null]);
  });

  it('has a bootstrap like its normal interval in a longer log, the same with the same seed', () => {
    const matrix = planted(400, 'bootstrap');
    const { log, target } = simulateLog(matrix, 1_000, seededRandom('bootstrap'));
    const { snips, snipsBootstrap } = found(evaluateOffPolicy(log, target, { resamples: 500, seed: '1' }));
    expect(snipsBootstrap?.value).toBe(snips.value);
    const ratio = ((snipsBootstrap?.high ?? 0) - (snipsBootstrap?.low ?? 0)) / (snips.high - snips.low);
    expect(ratio).toBeGreaterThan(0.85);
    expect(ratio).toBeLessThan(1.15);
    expect(found(evaluateOffPolicy(log, target, { resamples: 500, seed: '1' })).snipsBootstrap).toEqual(snipsBootstrap);
  });
});

describe('no support', () => {
  const certain: LoggedChoices = {
    queries: 3,
    models: 2,
    chosen: Int32Array.of(0, 1, 0),
    reward: Float64Array.of(1, 0, 1),
    propensities: Float64Array.of(1, 0, 0, 1, 1, 0),
  };

  it('is the answer of a deterministic log to any other policy', () => {
    const result = evaluateOffPolicy(certain, Float64Array.of(1, 0, 1, 0, 0.75, 0.25));
    expect(result).toEqual({
      type: 'no_support',
      support: { share: 1.25 / 3, queries: 2 },
      reason: expect.stringMatching(/2 of 3 queries .*41\.7 %.*exploration\.epsilon/),
    });
  });

  it('is not the answer where the policy is the one that logged', () => {
    const { ips, snips } = found(evaluateOffPolicy(certain, certain.propensities));
    expect(ips.value).toBeCloseTo(2 / 3, 12);
    expect(snips.value).toBeCloseTo(2 / 3, 12);
  });

  it('names one model that exploration left out', () => {
    const log = { ...certain, propensities: Float64Array.of(0.9, 0.1, 0.1, 0.9, 1, 0) };
    expect(missingSupport(log, Float64Array.of(0, 1, 1, 0, 1, 0))).toEqual({ share: 0, queries: 0 });
    expect(missingSupport(log, Float64Array.of(0, 1, 1, 0, 0, 1)).queries).toBe(1);
  });
});

describe('a log that contradicts itself', () => {
  const refused = (change: Partial<LoggedChoices>, chances: Float64Array = target): string => {
    try {
      evaluateOffPolicy({ ...example, ...change }, chances);
    } catch (error) {
      if (error instanceof PointsmanError && error.code === 'invalid_data') return error.message;
      throw error;
    }
    throw new Error('it was taken');
  };

  it('is refused with its row', () => {
    const with5 = <T extends Float64Array | Int32Array>(array: T, index: number, value: number): T => {
      const copy = array.slice();
      copy[index] = value;
      return copy as T;
    };
    expect(refused({ chosen: with5(example.chosen, 5, 3) })).toMatch(/row 5: model 3 is none of 3/);
    expect(refused({ reward: with5(example.reward, 5, Number.NaN) })).toMatch(/row 5: the reward NaN/);
    expect(refused({ propensities: with5(example.propensities, 15 + (10 % 3), 0) })).toMatch(/row 5: .*propensity 0/);
    expect(refused({ propensities: with5(example.propensities, 15 + (11 % 3), 5) })).toMatch(/row 5: propensities sum/);
    expect(refused({}, with5(target, 15, -1))).toMatch(/row 5: the target's chances hold -1/);
    expect(refused({}, target.subarray(0, 21))).toMatch(/row 7: the target's chances hold NaN/);
    expect(refused({ queries: 0 })).toMatch(/no rows/);
  });
});

describe('laws', () => {
  const logs = fc.integer({ min: 2, max: 20 }).chain((queries) =>
    fc.record({
      chosen: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: queries, maxLength: queries }),
      reward: fc.array(fc.integer({ min: 0, max: 8 }), { minLength: queries, maxLength: queries }),
      logging: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: queries * 3, maxLength: queries * 3 }),
      target: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: queries * 3, maxLength: queries * 3 }),
      model: fc.array(fc.integer({ min: 0, max: 8 }), { minLength: queries * 3, maxLength: queries * 3 }),
    }),
  );
  const build = (drawn: {
    chosen: number[];
    reward: number[];
    logging: number[];
    target: number[];
    model: number[];
  }): { log: LoggedChoices; target: Float64Array; model: Float64Array } => {
    const queries = drawn.chosen.length;
    return {
      log: {
        queries,
        models: 3,
        chosen: Int32Array.from(drawn.chosen),
        reward: Float64Array.from(drawn.reward, (value) => value / 8),
        propensities: chances(queries, 3, (i, a) => drawn.logging[i * 3 + a] ?? 1),
      },
      target: chances(queries, 3, (i, a) => drawn.target[i * 3 + a] ?? 1),
      model: Float64Array.from(drawn.model, (value) => value / 8),
    };
  };

  it('where the target is the logging policy all weights are 1: IPS, SNIPS and clipped are the mean reward', () => {
    fc.assert(
      fc.property(logs, (drawn) => {
        const { log } = build(drawn);
        const mean = log.reward.reduce((sum, value) => sum + value, 0) / log.queries;
        const result = found(evaluateOffPolicy(log, log.propensities));
        for (const estimate of [result.ips, result.snips, result.clipped]) {
          expect(estimate.value).toBeCloseTo(mean, 12);
          expect(estimate.standardError).toBeCloseTo(result.ips.standardError, 12);
        }
        expect(result.effectiveSampleSize).toBeCloseTo(log.queries, 9);
        expect(result.meanWeight).toBeCloseTo(1, 12);
      }),
    );
  });

  it('keep SNIPS within the rewards, the effective sample within the log, and clipping at or below IPS', () => {
    fc.assert(
      fc.property(logs, (drawn) => {
        const { log, target } = build(drawn);
        const result = found(evaluateOffPolicy(log, target, { clip: 1.5 }));
        expect(result.snips.value).toBeGreaterThanOrEqual(Math.min(...log.reward) - 1e-12);
        expect(result.snips.value).toBeLessThanOrEqual(Math.max(...log.reward) + 1e-12);
        expect(result.effectiveSampleSize).toBeLessThanOrEqual(log.queries + 1e-9);
        expect(result.clipped.value).toBeLessThanOrEqual(result.ips.value + 1e-12);
      }),
    );
  });

  it('a model of nothing makes DR into IPS; a model that is right leaves only what the target expects', () => {
    fc.assert(
      fc.property(logs, (drawn) => {
        const { log, target, model } = build(drawn);
        const blind = found(evaluateOffPolicy(log, target, { model: new Float64Array(model.length) }));
        expect(blind.doublyRobust).toEqual(blind.ips);
        const truth = log.chosen.map((chosen, i) => i * 3 + chosen);
        const right = { ...log, reward: Float64Array.from(truth, (cell) => model[cell] ?? 0) };
        const expected = target.reduce((sum, chance, cell) => sum + chance * (model[cell] ?? 0), 0) / log.queries;
        expect(found(evaluateOffPolicy(right, target, { model })).doublyRobust?.value).toBeCloseTo(expected, 12);
      }),
    );
  });

  it('do not depend on the order of rows, and follow shift and scale of the rewards', () => {
    fc.assert(
      fc.property(logs, (drawn) => {
        const { log, target, model } = build(drawn);
        const result = found(evaluateOffPolicy(log, target, { model }));
        const flip = <T extends Float64Array | Int32Array>(array: T, width: number): T =>
          array.map((_, i) => array[(log.queries - 1 - Math.floor(i / width)) * width + (i % width)] ?? 0) as T;
        const turned = found(
          evaluateOffPolicy(
            {
              ...log,
              chosen: flip(log.chosen, 1),
              reward: flip(log.reward, 1),
              propensities: flip(log.propensities, 3),
            },
            flip(target, 3),
            { model: flip(model, 3) },
          ),
        );
        for (const name of ['ips', 'snips', 'doublyRobust'] as const) {
          expect(turned[name]?.value).toBeCloseTo(result[name]?.value ?? 0, 9);
          expect(turned[name]?.standardError).toBeCloseTo(result[name]?.standardError ?? 0, 9);
        }
        const change = (value: number): number => 4 * value - 1;
        const moved = found(
          evaluateOffPolicy({ ...log, reward: log.reward.map(change) }, target, { model: model.map(change) }),
        );
        expect(moved.snips.value).toBeCloseTo(change(result.snips.value), 9);
        expect(moved.snips.standardError).toBeCloseTo(4 * result.snips.standardError, 9);
        expect(moved.ips.value).toBeCloseTo(4 * result.ips.value - result.meanWeight, 9);
        expect(moved.doublyRobust?.value).toBeCloseTo(change(result.doublyRobust?.value ?? 0), 9);
      }),
    );
  });
});

describe('the model of the reward', () => {
  it('never saw the row it predicts: changing a reward leaves that row as it was, and moves rows of other folds', () => {
    const { log } = simulateLog(planted(300, 'model'), 300, seededRandom('model'));
    const groups = Array.from({ length: 300 }, (_, i) => `g${i % 3}`);
    const before = crossFitMeans(log, groups, { folds: 3, seed: '1' });
    const reward = log.reward.slice();
    reward[7] = 1_000;
    const after = crossFitMeans({ ...log, reward }, groups, { folds: 3, seed: '1' });
    expect([...after.subarray(7 * log.models, 8 * log.models)]).toEqual([
      ...before.subarray(7 * log.models, 8 * log.models),
    ]);
    expect(after.filter((value, i) => value !== before[i]).length).toBeGreaterThan(100);
  });

  it('is the mean of what was seen in the group; where nothing was, of the model; where nothing of it, of all', () => {
    // Model 0 earns 1 in group a and 0.5 in group b, model 1 earns 0 and was never asked in group b, model 2 never.
    const rows = Array.from({ length: 60 }, (_, i) =>
      i % 3 === 0 ? ['a', 0, 1] : i % 3 === 1 ? ['b', 0, 0.5] : ['a', 1, 0],
    );
    const log: LoggedChoices = {
      queries: 60,
      models: 3,
      chosen: Int32Array.from(rows, ([, model]) => Number(model)),
      reward: Float64Array.from(rows, ([, , reward]) => Number(reward)),
      propensities: new Float64Array(180).fill(1 / 3),
    };
    const groups = rows.map(([group]) => String(group));
    const plain = crossFitMeans(log, groups, { folds: 4, seed: '1', prior: 0 });
    const shrunk = crossFitMeans(log, groups, { folds: 4, seed: '1' });
    groups.forEach((group, row) => {
      const [first, second, third] = plain.subarray(row * 3, row * 3 + 3);
      expect([first, second]).toEqual([group === 'a' ? 1 : 0.5, 0]);
      expect(third).toBeGreaterThan(0.4);
      expect(third).toBeLessThan(0.6);
      // Shrunk to the means above it, so strictly between what was seen and those.
      const [towards] = shrunk.subarray(row * 3, row * 3 + 3);
      expect(towards).toBeGreaterThan(group === 'a' ? 0.6 : 0.5);
      expect(towards).toBeLessThan(group === 'a' ? 1 : 0.75);
    });
  });
});

/** Models whose skill differs by group; logging explores, the target leans to the model that is right more often. */
function planted(queries: number, seed: string) {
  const random = seededRandom(seed);
  const models = 4;
  const reward = Float64Array.from({ length: queries * models }, (_, cell) => {
    const [group, m] = [Math.floor(cell / models) % 3, cell % models];
    return random.next() < 0.2 + 0.15 * m + (group === m ? 0.25 : 0) ? 1 : 0;
  });
  const logging = chances(queries, models, (i, a) => (a === (i * 7) % models ? 0.7 : 0.1));
  const leaning = chances(queries, models, (i, a) => (a === (i * 5 + 1) % models ? 0.85 : 0.05));
  return { queries, models, reward, logging, target: leaning };
}

describe('coverage', () => {
  it('of 200 logs from a full matrix: the 95 % intervals of SNIPS and DR hold the true value in 92 to 98 %', () => {
    const matrix = planted(1_500, 'coverage');
    const truth = trueValue(matrix);
    const covered = { ips: 0, snips: 0, doublyRobust: 0 };
    for (let run = 0; run < 200; run++) {
      const { log, target, rows } = simulateLog(matrix, 800, seededRandom(`log ${run}`));
      const model = crossFitMeans(
        log,
        Array.from(rows, (row) => `g${row % 3}`),
        { folds: 5, seed: `fit ${run}` },
      );
      const result = found(evaluateOffPolicy(log, target, { model }));
      for (const name of ['ips', 'snips', 'doublyRobust'] as const) {
        const estimate = result[name];
        if (estimate !== null && estimate.low <= truth && truth <= estimate.high) covered[name]++;
      }
    }
    for (const name of ['snips', 'doublyRobust'] as const) {
      expect(covered[name] / 200, name).toBeGreaterThanOrEqual(0.92);
      expect(covered[name] / 200, name).toBeLessThanOrEqual(0.98);
    }
  });
});
