import { describe, expect, it } from 'vitest';
import { collectDataset, takeRows, type Dataset } from '../../../src/replay/datasets/dataset.ts';
import { openDataset } from '../../../src/replay/datasets/open-dataset.ts';
import { aiqCodeForm, aiqPaperForm } from '../../../src/replay/metrics/aiq.ts';
import { queriesByGroup } from '../../../src/replay/metrics/groups.ts';
import { curvePoints } from '../../../src/replay/metrics/outcomes.ts';
import { oracleOutcomes } from '../../../src/replay/metrics/oracle.ts';
import { bestSingle, randomRouter, singleModels } from '../../../src/replay/metrics/singles.ts';
import { must, sharedData } from '../helpers.ts';

/**
 * Worked out in numpy over the same rows, with nothing of ours: the hull as the highest chord over all pairs of models
 * at every breakpoint, integrated by exact trapezoids between them; the oracle as the cheapest model among those with
 * the row's highest score, $0 where that is 0. [n, zero AIQ paper, zero AIQ code, best single, its cost, oracle, its cost,
 * mean over models, its cost].
 */
const golden: Readonly<Record<string, readonly number[]>> = {
  all: [
    650, 0.8269685366002861, 0.8136518422430203, 0.8830769230769231, 0.005041384615384614, 0.9830769230769231,
    0.00020636675076923076, 0.6937062937062937, 0.0013317647765034965,
  ],
  'arc-challenge': [
    300, 0.9313467986166836, 0.9127570850013655, 0.9533333333333334, 0.005004233333333329, 0.9933333333333333,
    0.00020749309333333336, 0.8124242424242424, 0.0014276729248484847,
  ],
  mbpp: [
    93, 0.7052111622003636, 0.7013940924028861, 0.7204301075268817, 0.00933096774193548, 0.9032258064516129,
    0.00047838202150537627, 0.5434995112414467, 0.0019168719178885632,
  ],
  winogrande: [
    257, 0.7988736920112327, 0.782941448228583, 0.8599221789883269, 0.0035324902723735414, 1, 0.00010661841245136187,
    0.6094800141492749, 0.0010080783615139725,
  ],
};

function measure(dataset: Dataset): readonly number[] {
  const singles = singleModels(dataset.models.length, dataset.quality, dataset.costUsd);
  const points = curvePoints(singles);
  const best = must(points[bestSingle(points)]);
  const oracle = must(curvePoints(oracleOutcomes(singles))[0]);
  const random = randomRouter(points);
  return [
    singles.queries,
    aiqPaperForm(points, points),
    must(aiqCodeForm(points, points)),
    best.quality,
    best.costUsd,
    oracle.quality,
    oracle.costUsd,
    random.quality,
    random.costUsd,
  ];
}

const folder = sharedData('routerbench');

describe.skipIf(folder === null)('RouterBench test split', () => {
  it('has the golden figures, whole and within each eval name', async () => {
    const { reader } = await openDataset(must(folder), 'test');
    const dataset = await collectDataset(reader);
    const groups = queriesByGroup(dataset.groups);
    expect([...groups.keys()]).toEqual(['arc-challenge', 'mbpp', 'winogrande']);
    const measured = new Map([['all', measure(dataset)]]);
    for (const [group, queries] of groups) measured.set(group, measure(takeRows(dataset, queries)));
    for (const [group, figures] of Object.entries(golden)) {
      const found = must(measured.get(group));
      figures.forEach((figure, i) => expect(Math.abs((found[i] ?? 0) - figure), `${group} ${i}`).toBeLessThan(1e-9));
    }
  });
});
