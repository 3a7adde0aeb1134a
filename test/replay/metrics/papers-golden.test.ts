import { describe, expect, it } from 'vitest';
import { collectDataset, takeRows } from '../../../src/replay/datasets/dataset.ts';
import { openDataset } from '../../../src/replay/datasets/open-dataset.ts';
import { aiqCodeForm, aiqPaperForm } from '../../../src/replay/metrics/aiq.ts';
import { deferral } from '../../../src/replay/metrics/deferral.ts';
import { queriesByGroup } from '../../../src/replay/metrics/groups.ts';
import { curveGains, paretoDistance } from '../../../src/replay/metrics/llm-router-bench.ts';
import { oracleOutcomes } from '../../../src/replay/metrics/oracle.ts';
import { curvePoints } from '../../../src/replay/metrics/outcomes.ts';
import { routerArenaOptimality, routerArenaScore } from '../../../src/replay/metrics/router-arena.ts';
import { bestSingle, singleModels } from '../../../src/replay/metrics/singles.ts';
import { plugInSweep } from '../../../src/replay/plug-in-sweep.ts';
import { must, sharedData } from '../helpers.ts';
import { formulaWorld } from './formula-world.ts';

/**
 * Worked out in numpy over the same rows, with nothing of ours: a hull is the highest chord over all pairs of points
 * (and flat after each), integrated between all breakpoints; QNC by 200 bisections of that hull; the curve is argmax of
 * *true* quality - lambda x cost at lambda 0, 1, 10, 100, 1,000, 10,000 (ties: cheapest, then first); optimality by loops
 * over rows; the Pareto set by comparing all pairs. `worst`: the best single model's Opt.* figures.
 */
interface Golden {
  readonly oracleAiq: readonly [paper: number, code: number];
  readonly curveAiq: readonly [paper: number, code: number];
  readonly area: readonly [zero: number, curve: number];
  readonly neutralCost: number;
  readonly arena: readonly [best: number, oracle: number];
  readonly bestOptimality: readonly [selection: number, accuracy: number, cost: number, solvable: number];
  /** Of lambda 1,000. */
  readonly curveOptimality: readonly [selection: number, accuracy: number, cost: number];
  readonly gains: readonly [performance: number, cost: number];
  readonly singlesDistance: number;
}

const golden: Readonly<Record<string, Golden>> = {
  formula: {
    oracleAiq: [0.8909884959522795, 0.6457800511508952],
    curveAiq: [0.9172837665104391, 0.8603200927109975],
    area: [0.6319293478260869, 0.8789502078005116],
    neutralCost: 0.28430306905370845,
    arena: [0.6937977609406504, 0.8301148825107684],
    bestOptimality: [0.1, 0.9, 0.3873577524893314, 60],
    curveOptimality: [0.3, 0.3, 1],
    gains: [0.11111111111111116, 0.6457800511508951],
    singlesDistance: 0.3658936496536758,
  },
  'arc-challenge': {
    oracleAiq: [0.9900055496688674, 0.9521462438601982],
    curveAiq: [0.9922318692086829, 0.9714246483088764],
    area: [0.9265295083495974, 0.9861993108723504],
    neutralCost: 0.027440939607302706,
    arena: [0.8210535818264804, 0.9459964494600607],
    bestOptimality: [0.013422818791946308, 0.959731543624161, 0.04183186628203429, 298],
    curveOptimality: [0.9865771812080537, 0.9865771812080537, 1],
    gains: [0.04195804195804187, 0.9712962172027683],
    singlesDistance: 0.30075399774247785,
  },
  mbpp: {
    oracleAiq: [0.8915755930175742, 0.8569190353731695],
    curveAiq: [0.9014989238815155, 0.8961256388753208],
    area: [0.7035475171473271, 0.8987728394813908],
    neutralCost: 0.00841286942092115,
    arena: [0.6329247862254563, 0.8561458176614368],
    bestOptimality: [0.023809523809523808, 0.7976190476190477, 0.06176301801652345, 84],
    curveOptimality: [0.9642857142857143, 0.9642857142857143, 1],
    gains: [0.25373134328358193, 0.9884239922561018],
    singlesDistance: 0.2442291614221183,
  },
  winogrande: {
    oracleAiq: [0.9978048698275481, 0.9698177760643278],
    curveAiq: [0.9986382773380305, 0.9768269446884491],
    area: [0.7945039541620226, 0.9902845579102634],
    neutralCost: 0.023181000927804916,
    arena: [0.7699870482931958, 0.9629741640631145],
    bestOptimality: [0, 0.8599221789883269, 0.028795349730484105, 257],
    curveOptimality: [1, 1, 1],
    gains: [0.16289592760180982, 0.9698177760643278],
    singlesDistance: 0.33391388101807445,
  },
};

interface Table {
  readonly models: number;
  readonly quality: Float64Array;
  readonly costUsd: Float64Array;
}

const lambdas = Float64Array.of(0, 1, 10, 100, 1_000, 10_000);

function measure(table: Table): Golden {
  const { models, quality, costUsd } = table;
  const queries = quality.length / models;
  const singles = singleModels(models, quality, costUsd);
  const points = curvePoints(singles);
  const oracle = curvePoints(oracleOutcomes(singles));
  const curve = curvePoints(plugInSweep(table, table, models, lambdas));
  const best = bestSingle(points);
  const optimality = (pick: (query: number) => number): ReturnType<typeof routerArenaOptimality> => {
    const chances = new Float64Array(queries * models);
    for (let query = 0; query < queries; query++) chances[query * models + pick(query)] = 1;
    return routerArenaOptimality({ queries, models, chances, quality, costUsd });
  };
  const ofBest = optimality(() => best);
  const ofCurve = optimality((query) => {
    const start = query * models;
    const utilities = [...quality.subarray(start, start + models)].map((q, m) => q - 1_000 * (costUsd[start + m] ?? 0));
    return utilities.indexOf(Math.max(...utilities));
  });
  const zero = deferral(points, points);
  const router = deferral(curve, points);
  expect(zero.qualityNeutralCost).toBe(1);
  const { performanceGain, costSaved } = curveGains(curve, points);
  return {
    oracleAiq: [aiqPaperForm(oracle, points), must(aiqCodeForm(oracle, points))],
    curveAiq: [aiqPaperForm(curve, points), must(aiqCodeForm(curve, points))],
    area: [must(zero.area), must(router.area)],
    neutralCost: must(router.qualityNeutralCost),
    arena: [routerArenaScore(must(points[best])), routerArenaScore(must(oracle[0]))],
    bestOptimality: [must(ofBest.selection), must(ofBest.accuracy), must(ofBest.cost), ofBest.solvable],
    curveOptimality: [must(ofCurve.selection), must(ofCurve.accuracy), must(ofCurve.cost)],
    gains: [must(performanceGain), must(costSaved)],
    singlesDistance: must(paretoDistance(points, [...points, ...curve])),
  };
}

function expectGolden(name: string, table: Table): void {
  const flat = (figures: Golden): (readonly [string, number])[] =>
    Object.entries(figures).flatMap(([key, value]) =>
      [value].flat().map((number, i) => [`${name} ${key} ${i}`, number]),
    );
  const found = new Map(flat(measure(table)));
  for (const [key, figure] of flat(must(golden[name]))) {
    expect(Math.abs((found.get(key) ?? Number.NaN) - figure), key).toBeLessThan(1e-9);
  }
}

describe('the figures of the papers', () => {
  it('are what numpy finds in a world made by a formula', () => {
    expectGolden('formula', formulaWorld);
  });

  const folder = sharedData('routerbench');
  it.skipIf(folder === null)('are what numpy finds in the test split of RouterBench', async () => {
    const { reader } = await openDataset(must(folder), 'test');
    const dataset = await collectDataset(reader);
    for (const [group, queries] of queriesByGroup(dataset.groups)) {
      const { models, quality, costUsd } = takeRows(dataset, queries);
      expectGolden(group, { models: models.length, quality, costUsd: must(costUsd) });
    }
  });
});
