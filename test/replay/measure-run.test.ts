import { describe, expect, it } from 'vitest';
import { argmaxSweep } from '../../src/replay/argmax-sweep.ts';
import { compareRuns, withParetoDistances } from '../../src/replay/compare-runs.ts';
import type { Dataset } from '../../src/replay/datasets/dataset.ts';
import { measureRun, type MeasuredRun, type TestBed } from '../../src/replay/measure-run.ts';
import { ratioQuantiles } from '../../src/replay/metrics/calibration/ratio-quantiles.ts';
import { queriesByGroup } from '../../src/replay/metrics/groups.ts';
import { curvePoints } from '../../src/replay/metrics/outcomes.ts';
import { singleModels } from '../../src/replay/metrics/singles.ts';
import { checkPair, choosePair, type AskedPair } from '../../src/replay/pair-models.ts';
import type { PolicySweep } from '../../src/replay/policy-sweep.ts';
import { createTally } from '../../src/replay/tally.ts';
import { seededRandom } from '../../src/core/random.ts';
import { must } from './helpers.ts';
import { formulaWorld } from './metrics/formula-world.ts';

const { queries, models: width, quality, costUsd } = formulaWorld;
const names = ['a', 'b', 'c', 'd'];
const dataset: Dataset = {
  name: 'formula',
  models: names,
  embeddedText: 'prompt',
  sources: [],
  warnings: [],
  sampleIds: Array.from({ length: queries }, (_, i) => `q${i}`),
  prompts: Array.from({ length: queries }, () => ''),
  texts: Array.from({ length: queries }, () => ''),
  groups: Array.from({ length: queries }, (_, i) => (i % 3 === 0 ? 'x' : 'y')),
  quality,
  costUsd,
};
/** Predictions by another formula that Python repeats; cost is predicted as it is. */
const predicted = {
  quality: Float64Array.from({ length: queries * width }, (_, cell) => {
    const [i, j] = [Math.floor(cell / width), cell % width];
    return ((i * 3 + j * 7 + ((i * j) % 5)) % 11) / 11;
  }),
  costUsd,
};
const lambdas = Float64Array.of(0, 1, 10, 100);

function bedOf(data: Dataset, asked: AskedPair = {}, change: Partial<TestBed> = {}): TestBed {
  const singles = singleModels(data.models.length, data.quality, data.costUsd);
  const hasCost = data.costUsd !== null;
  return {
    models: data.models,
    hasCost,
    singles,
    groups: queriesByGroup(data.groups),
    dataset: data,
    resamples: 200,
    seed: '0',
    withTexts: false,
    isUsd: true,
    pair: choosePair(asked, data.models, singles, hasCost).places,
    ...change,
  };
}

const sweepOf = (guess: typeof predicted): PolicySweep => ({
  ...argmaxSweep(guess, dataset, lambdas, () => undefined),
  axis: { type: 'lambda', values: lambdas },
  degraded: {},
  predicted: guess,
});
const measure = (asked: AskedPair = {}): MeasuredRun => measureRun(bedOf(dataset, asked), sweepOf(predicted));

describe('PGR, APGR and CPT of a run', () => {
  // numpy: scores are differences of predicted quality, a point at each distinct score, np.interp at 11 shares, trapezoids;
  // CPT as the first crossing. [APGR 11, APGR, CPT 50, CPT 80].
  it.each([
    [{}, [0.5106481481481482, 0.5099537037037037, 0.4833333333333334, 0.6633333333333333]],
    [{ strong: 'c', weak: 'b' }, [0.5722222222222222, 0.5777777777777778, 0.4166666666666667, 0.7233333333333333]],
  ])('of pair %j are what numpy finds', (asked, golden) => {
    const { calls } = must(measure(asked).figures.pair);
    const told = must(calls);
    expect(told.scoredBy).toBe('predicted quality');
    const found = [told.averageGapRecovered, told.averageGapRecoveredExactly, told.callsAtHalf, told.callsAtFourFifths];
    found.forEach(({ value, low, high }, i) => {
      expect(must(value)).toBeCloseTo(must(golden[i]), 12);
      expect(must(low)).toBeLessThan(must(value));
      expect(high === null || high > must(value)).toBe(true);
    });
  });

  it('PGR is that of the point of highest quality, whoever is asked', () => {
    const { pair, top } = measure().figures;
    // Strong 0.9, weak 0.3.
    expect(must(pair).gapRecovered.value).toBeCloseTo((top.point.quality - 0.3) / 0.6, 12);
  });

  it('suggests the best model and the cheapest, and besides one that was named the same of the others', () => {
    const { singles } = bedOf(dataset);
    const told = (asked: AskedPair) => {
      const { strong, weak } = choosePair(asked, names, singles, true).told;
      return [strong.model, weak.model];
    };
    expect(told({})).toEqual(['d', 'a']);
    expect(told({ strong: 'a' })).toEqual(['a', 'b']);
    expect(told({ weak: 'd' })).toEqual(['c', 'd']);
    expect(() => checkPair({ weak: 'e' }, names)).toThrow('--weak: the data has no model "e"; it has a, b, c, d.');
    expect(() => checkPair({ strong: 'a', weak: 'a' }, names)).toThrow('name two models');
  });

  it('of a pair without a gap there is none, and it says so', () => {
    const { pair, absent } = measure({ strong: 'a', weak: 'd' }).figures;
    expect(pair).toBeNull();
    expect(absent).toContainEqual({
      figure: 'PGR, APGR, CPT',
      why: 'a is no better than d on the test rows: there is no gap to recover',
    });
  });
});

describe('a router that tells choices alone', () => {
  /** Strong for the queries below `count`, by place: what one-hot choices come to. */
  function chosenSweep(
    data: Dataset,
    counts: readonly number[],
    chances = (isStrong: boolean) => Number(isStrong),
  ): PolicySweep {
    const tally = createTally(data, counts.length);
    counts.forEach((count, way) => {
      for (let row = 0; row < queries; row++) {
        const strong = chances(row < count);
        tally.add(way, row, [1 - strong, strong]);
      }
    });
    return {
      ...tally.finish(),
      axis: { type: 'option', option: 'setting', values: Float64Array.from(counts) },
      degraded: {},
      predicted: { quality: null, costUsd: null },
    };
  }
  const two: Dataset = {
    ...dataset,
    models: ['weak', 'strong'],
    // The strong one is right on all, the weak one on the last 30 only: the router's order is perfect.
    quality: Float64Array.from({ length: 2 * queries }, (_, cell) => (cell % 2 === 1 || cell >= queries ? 1 : 0)),
    costUsd: Float64Array.from({ length: 2 * queries }, (_, cell) => (cell % 2 === 1 ? 0.01 : 0.001)),
  };

  it('is judged by its own curve where there are two models', () => {
    const { pair } = measureRun(bedOf(two), chosenSweep(two, [0, 15, 30, 60])).figures;
    const calls = must(must(pair).calls);
    expect(calls.scoredBy).toBe('curve');
    // Quality rises 1 for 1 up to a share of a half, then stays: PGR 2x, then 1. Its area: 1/4 + 1/2.
    expect(must(calls.averageGapRecovered.value)).toBeCloseTo(0.75, 12);
    expect(must(calls.callsAtHalf.value)).toBeCloseTo(0.25, 12);
    expect(must(calls.callsAtFourFifths.value)).toBeCloseTo(0.4, 12);
  });

  it('has no APGR where it draws, and no calibration, and says why', () => {
    const { pair, absent } = measureRun(
      bedOf(two),
      chosenSweep(two, [0, 60], (isStrong) => (isStrong ? 0.7 : 0.2)),
    ).figures;
    expect(must(pair).calls).toBeNull();
    expect(absent.map(({ figure }) => figure)).toEqual([
      'regret, budget violation',
      'APGR, CPT',
      'ECE, Brier score, reliability, MAPE, pinball loss, coverage',
    ]);
  });
});

describe('other figures of a run', () => {
  it('optimality is that of its best point, from the sweep itself', () => {
    const { others, top, curve } = measure().figures;
    const way = curve.findIndex(({ quality: value }) => value === top.point.quality);
    // By loops: the cheapest solving model of each query, and who was asked (ties to the lower cost).
    let [selected, solved, cheapest, paid] = [0, 0, 0, 0];
    for (let i = 0; i < queries; i++) {
      const row = names.map((_, j) => ({
        q: must(quality[i * width + j]),
        c: must(costUsd[i * width + j]),
        p: must(predicted.quality[i * width + j]),
      }));
      const value = ({ p, c }: { p: number; c: number }): number => p - must(lambdas[way]) * c;
      const asked = must([...row].sort((a, b) => value(b) - value(a) || a.c - b.c)[0]);
      const best = must(row.filter(({ q }) => q === 1).sort((a, b) => a.c - b.c)[0]);
      if (asked === best) selected++;
      if (asked.q !== 1) continue;
      solved++;
      cheapest += best.c;
      paid += asked.c;
    }
    const { optimality } = others.routerArena;
    expect(optimality.solvable).toBe(60);
    expect(must(optimality.selection)).toBeCloseTo(selected / 60, 12);
    expect(must(optimality.accuracy)).toBeCloseTo(solved / 60, 12);
    expect(must(optimality.cost)).toBeCloseTo(cheapest / paid, 12);
  });

  it('every difference has an interval around it, and the mean of groups is that of their gains', () => {
    const { cost, others, groups, top } = measure().figures;
    const { macro, savings } = must(cost);
    const mean = groups.reduce((sum, { gain }) => sum + must(gain).value, 0) / groups.length;
    expect(macro.gain.value).toBeCloseTo(mean, 12);
    expect(macro.aiq - macro.zero).toBeCloseTo(mean, 12);
    expect(macro.gain.high).toBeGreaterThan(macro.gain.low);
    expect(top.gainOverBestSingle.high).toBeGreaterThan(top.gainOverBestSingle.low);
    for (const { saved, interval } of savings) expect(interval.value).toBe(saved);
    const gap = others.gapToOracle;
    expect(must(gap.low)).toBeLessThan(must(gap.value));
    expect(must(gap.high)).toBeGreaterThan(must(gap.value));
  });

  // Loops in Python over the same formulas, with a generator of its own (sfc32, seeds "0", "0:x" and "0:y"). Choices of the
  // best trade-off (lambda 0) by group: right in .6 and .55, where the best single model has .9 and the oracle 1, so
  // Gain@B = mean(.6/.9 - 1, .55/.9 - 1), Gap@O = mean(.4, .45). Each group draws its own rows for the macro interval; AIQ
  // is integrated over an envelope of all pairs of points instead of a hull.
  it('Gain@B, Gap@O and the interval of the mean over groups are what loops in Python find', () => {
    const { cost, others, groups, top } = measure().figures;
    expect(top.point.quality).toBeCloseTo(0.5666666666666667, 12);
    expect(groups.map(({ rows }) => rows)).toEqual([20, 40]);
    const told = [others.gainOverBest, others.gapToOracle, must(cost).macro.gain];
    const golden = [
      [-0.3611111111111111, -0.5026118683639463, -0.1695343137254902],
      [0.425, 0.28604040404040404, 0.5394811602870814],
      [-0.1349646920312897, -0.258039201158952, -0.04138891117165432],
    ];
    for (const [i, { value, low, high }] of told.entries()) {
      for (const [k, number] of [value, low, high].entries()) {
        expect(must(number)).toBeCloseTo(must(golden[i]?.[k]), 12);
      }
    }
  });

  it('says of a set without cost what it cannot tell', () => {
    const free = { ...dataset, costUsd: null };
    const { cost, others, absent } = measureRun(bedOf(free), sweepOf(predicted)).figures;
    expect(cost).toBeNull();
    expect(others.curve).toBeNull();
    expect(others.routerArena).toMatchObject({ score: null, optimality: { selection: null } });
    expect(absent.map(({ why }) => why)).toEqual([
      expect.stringContaining('--online'),
      'the data set knows no cost',
      'the data set knows no cost',
      'the data set knows no cost',
    ]);
  });
});

describe('runs against each other', () => {
  const label = (name: string, { figures, rank }: MeasuredRun) => ({
    rank,
    result: {
      label: name,
      policy: '',
      options: {},
      estimator: null,
      axis: null,
      origin: 'original code' as const,
      splits: null,
      ...figures,
    },
  });

  it('are compared on the same draws: a run has no difference from itself, and a noisy one a narrow one', () => {
    const one = measure();
    const other = measureRun(bedOf(dataset), sweepOf({ quality, costUsd }));
    const [same, better] = compareRuns([label('one', one), label('again', one), label('oracle', other)]);
    expect(must(same).difference).toEqual({ value: 0, low: 0, high: 0 });
    const { value, low, high } = must(better).difference;
    expect(value).toBeCloseTo(one.rank.value - other.rank.value, 12);
    expect(low).toBeLessThan(value);
    expect(high).toBeLessThan(0);
  });

  it('their distance to the frontier is told of all together: who is on it has none', () => {
    const runs = [label('one', measure()), label('oracle', measureRun(bedOf(dataset), sweepOf({ quality, costUsd })))];
    const [poor, perfect] = withParetoDistances(
      runs.map(({ result }) => result),
      curvePoints(bedOf(dataset).singles),
    );
    expect(must(poor?.others.curve).paretoDistance).toBeGreaterThan(0.05);
    expect(must(perfect?.others.curve).paretoDistance).toBeLessThan(must(must(poor?.others.curve).paretoDistance));
  });
});

describe('quantiles of single costs', () => {
  const random = seededRandom('ratios');
  const rows = 2_000;
  const ids = Array.from({ length: rows }, (_, i) => `r${i}`);
  const guess = Float64Array.from(ids, () => 0.001 + 0.01 * random.next());
  // Amounts are the guess times something between 0.5 and 1.5.
  const amount = guess.map((value) => value * (0.5 + random.next()));

  it('are those of amount / prediction, here known', () => {
    const { low, median, ninth, high } = must(ratioQuantiles(ids, guess, amount));
    for (const [quantiles, factor] of [
      [low, 0.55],
      [median, 1],
      [ninth, 1.4],
      [high, 1.45],
    ] as const) {
      quantiles.forEach((value, i) => expect(value / must(guess[i])).toBeCloseTo(factor, 1));
    }
  });

  it('of a row never hang on the half that it is in', () => {
    const factorOf = (quantiles: Float64Array): Float64Array =>
      quantiles.map((value, i) => Math.round((value / must(guess[i])) * 1e9));
    const before = factorOf(must(ratioQuantiles(ids, guess, amount)).median);
    const [own] = before;
    // Rows of one half share a factor, which comes from the other: amounts of the first row's half change.
    const changed = amount.map((value, i) => (before[i] === own ? 7 * value : value));
    const after = factorOf(must(ratioQuantiles(ids, guess, changed)).median);
    expect(new Set(before).size).toBe(2);
    expect(after[0]).toBe(own);
    before.forEach((factor, i) => {
      if (factor !== own) expect(after[i]).toBeGreaterThan(5 * factor);
    });
  });

  it('are not told of a few rows', () => {
    expect(ratioQuantiles(ids.slice(0, 60), guess.subarray(0, 60), amount.subarray(0, 60))).toBeNull();
  });
});
