import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectDataset } from '../../../src/replay/datasets/dataset.ts';
import { openDataset } from '../../../src/replay/datasets/open-dataset.ts';
import {
  averageGapRecovered,
  callPerformanceThreshold,
  performanceGapRecovered,
} from '../../../src/replay/metrics/gap-recovered.ts';
import {
  decileCurve,
  qualityAtShare,
  runningMaximum,
  sampleShares,
  strongShareCurve,
  type Pair,
} from '../../../src/replay/metrics/strong-share.ts';
import { must, sharedData } from '../helpers.ts';

const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const meansOf = ({ weak, strong }: Pair) => ({ weak: meanOf(weak), strong: meanOf(strong) });

/** Ten queries; w = .4, s = .8. */
const pair: Pair = {
  weak: Float64Array.of(0, 0, 1, 1, 0, 1, 0, 0, 0, 1),
  strong: Float64Array.of(1, 1, 1, 0, 1, 1, 0, 1, 1, 1),
};
const scores = Float64Array.of(0.9, 0.8, 0.8, 0.7, 0.6, 0.5, 0.5, 0.5, 0.2, 0.1);

describe('the curve over the strong share', () => {
  it('takes equal scores together', () => {
    // In order of score: +1 | +1, 0 | -1 | +1 | 0, 0, +1 | +1 | 0, each of ten queries.
    expect(
      strongShareCurve(pair, scores).map(({ strongShare, quality }) => [strongShare, Number(quality.toFixed(12))]),
    ).toEqual([
      [0, 0.4],
      [0.1, 0.5],
      [0.3, 0.6],
      [0.4, 0.5],
      [0.5, 0.6],
      [0.8, 0.7],
      [0.9, 0.8],
      [1, 0.8],
    ]);
  });

  it('has the deciles and the APGR of RouteLLM (np.quantile, np.where, np.trapezoid over the same ten rows)', () => {
    const curve = decileCurve(pair, scores);
    expect(curve.map(({ strongShare }) => strongShare)).toEqual([0, 0.1, 0.3, 0.3, 0.4, 0.5, 0.8, 0.8, 0.8, 0.9, 1]);
    expect(averageGapRecovered(curve, meansOf(pair))).toBeCloseTo(0.5375, 12);
  });

  it('finds the first share at which a part of the gap is closed, on the line between points', () => {
    const curve = strongShareCurve(pair, scores);
    // .4 + .5 x .4 = .6 is first met at .3; .4 + .25 x .4 = .5 at .1; .65 lies half way from (.5, .6) to (.8, .7).
    expect(callPerformanceThreshold(curve, meansOf(pair), 0.5)).toBeCloseTo(0.3, 12);
    expect(callPerformanceThreshold(curve, meansOf(pair), 0.25)).toBeCloseTo(0.1, 12);
    expect(callPerformanceThreshold(curve, meansOf(pair), 0.625)).toBeCloseTo(0.65, 12);
    expect(callPerformanceThreshold(curve, meansOf(pair), 0)).toBe(0);
    expect(callPerformanceThreshold(curve, meansOf(pair), 1.01)).toBeNull();
  });

  it('does not mistake a dip for a plateau', () => {
    // .62 is met on the way up from .5 at .4 to .65 at .5; from a plateau at .6 it would seem to be at .44.
    const curve = [
      { strongShare: 0, quality: 0.4 },
      { strongShare: 0.3, quality: 0.6 },
      { strongShare: 0.4, quality: 0.5 },
      { strongShare: 0.5, quality: 0.65 },
    ];
    expect(callPerformanceThreshold(curve, { weak: 0.4, strong: 0.8 }, 0.55)).toBeCloseTo(0.48, 12);
  });

  it('says nothing of a pair without a gap', () => {
    expect(performanceGapRecovered(0.7, { weak: 0.5, strong: 0.5 })).toBeNull();
    expect(performanceGapRecovered(0.7, { weak: 0.5, strong: 0.9 })).toBeCloseTo(0.5, 12);
  });
});

describe('laws of the pair figures', () => {
  const score = fc.constantFrom(0, 0.25, 0.5, 1);
  const rows = fc.array(fc.tuple(score, score, fc.integer({ min: 0, max: 5 })), { minLength: 2, maxLength: 40 });
  const columns = (drawn: readonly (readonly [number, number, number])[]) => ({
    pair: { weak: Float64Array.from(drawn, ([w]) => w), strong: Float64Array.from(drawn, ([, s]) => s) },
    scores: Float64Array.from(drawn, ([, , c]) => c),
  });

  it('begins all weak, ends all strong, and does not depend on the order of the rows or the scale of the scores', () => {
    fc.assert(
      fc.property(rows, (drawn) => {
        const { pair, scores } = columns(drawn);
        const { weak, strong } = meansOf(pair);
        const curve = strongShareCurve(pair, scores);
        expect(curve[0]).toEqual({ strongShare: 0, quality: expect.closeTo(weak, 9) });
        expect(curve.at(-1)).toEqual({ strongShare: 1, quality: expect.closeTo(strong, 9) });
        const turned = columns([...drawn].reverse());
        strongShareCurve(
          turned.pair,
          turned.scores.map((value) => 3 * value - 7),
        ).forEach((point, i) => {
          expect(point.strongShare).toBe(must(curve[i]).strongShare);
          expect(point.quality).toBeCloseTo(must(curve[i]).quality, 9);
        });
      }),
    );
  });

  it('a router that knows nothing recovers exactly half the gap on average', () => {
    fc.assert(
      fc.property(rows, (drawn) => {
        const { pair } = columns(drawn);
        const means = meansOf(pair);
        fc.pre(Math.abs(means.strong - means.weak) > 0.01);
        const blind = strongShareCurve(pair, new Float64Array(drawn.length).fill(0.3));
        expect(averageGapRecovered(sampleShares(blind, 11), means)).toBeCloseTo(0.5, 9);
      }),
    );
  });

  it('no order of the queries beats the order of the true gains, and a running maximum never costs', () => {
    fc.assert(
      fc.property(rows, fc.double({ min: 0, max: 1, noNaN: true }), (drawn, share) => {
        const { pair, scores } = columns(drawn);
        const gains = pair.strong.map((value, i) => value - (pair.weak[i] ?? 0));
        const oracle = strongShareCurve(pair, gains);
        const curve = strongShareCurve(pair, scores);
        expect(qualityAtShare(oracle, share)).toBeGreaterThanOrEqual(qualityAtShare(curve, share) - 1e-9);
        expect(qualityAtShare(runningMaximum(curve), share)).toBeGreaterThanOrEqual(
          qualityAtShare(curve, share) - 1e-9,
        );
      }),
    );
  });
});

/**
 * RouteLLM's published answers of Mixtral-8x7B and GPT-4 without the rows that its authors found contaminated
 * (`contaminated_sample_ids`). Worked out in numpy: gains sorted downwards, cumulated, np.interp at 11 shares,
 * np.trapezoid; the running maximum is over every query. [n, weak, strong, 11 points, all points, running maximum,
 * CPT(50 %), CPT(80 %)].
 */
const golden: Readonly<Record<string, readonly number[]>> = {
  mmlu: [
    14037, 0.6809147253686685, 0.8058702001852248, 1.2684549600912192, 1.285333378173289, 1.2965142051276917,
    0.06247773740827817, 0.09996437985324508,
  ],
  gsm8k: [
    1307, 0.6373374139250191, 0.8576893649579189, 1.1146180555555552, 1.1208184561761452, 1.1325554705432284,
    0.11017597551644992, 0.17628156082631988,
  ],
};

const folder = sharedData('routellm');

describe.skipIf(folder === null)("the oracle of RouteLLM's pair", () => {
  it('has the golden figures after decontamination', async () => {
    const { reader } = await openDataset(must(folder), 'all');
    const dataset = await collectDataset(reader);
    const meta = JSON.parse(readFileSync(join(must(folder), 'meta.json'), 'utf8')) as {
      contaminated_sample_ids: readonly string[];
    };
    const contaminated = new Set(meta.contaminated_sample_ids);
    expect(dataset.models).toEqual(['mistralai/Mixtral-8x7B-Instruct-v0.1', 'gpt-4-1106-preview']);
    for (const [name, figures] of Object.entries(golden)) {
      const rows = dataset.sampleIds.flatMap((id, row) => (id.startsWith(name) && !contaminated.has(id) ? [row] : []));
      const column = (model: number) => Float64Array.from(rows, (row) => dataset.quality[row * 2 + model] ?? 0);
      const pair = { weak: column(0), strong: column(1) };
      const means = meansOf(pair);
      const gains = pair.strong.map((value, i) => value - (pair.weak[i] ?? 0));
      const curve = strongShareCurve(pair, gains);
      const found = [
        rows.length,
        means.weak,
        means.strong,
        averageGapRecovered(sampleShares(curve, 11), means),
        averageGapRecovered(curve, means),
        averageGapRecovered(runningMaximum(curve), means),
        callPerformanceThreshold(curve, means, 0.5),
        callPerformanceThreshold(curve, means, 0.8),
      ];
      figures.forEach((figure, i) => expect(must(found[i]), `${name} ${i}`).toBeCloseTo(figure, 9));
      expect(must(found[3]).toFixed(4)).toBe(name === 'mmlu' ? '1.2685' : '1.1146');
    }
  });
});
