import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { trainByAdam, type Trainable } from '../../src/math/adam.ts';
import { contrastiveParameters, startContrastive, trainableContrastive, unitKeys } from '../../src/math/contrastive.ts';
import { linearFactors, trainableFactors } from '../../src/math/factors.ts';
import { bandedContrasts, costBands, plainContrasts } from '../../src/math/model-contrasts.ts';
import { trainablePerceptron } from '../../src/math/perceptron.ts';
import { preferenceLoss } from '../../src/math/preference-loss.ts';
import { linkOf } from '../../src/math/link.ts';
import { expectGradient } from './gradients.ts';
import { smallRows } from './small-rows.ts';

const columns = [
  (row: number) => (row % 3) / 2,
  (row: number) => (row % 5 === 0 ? NaN : (row % 4) / 3),
  (row: number) => ((row * 5) % 12 < 6 ? 1 : 0),
  (row: number) => ((row * 7) % 5) / 4,
];
const rows = smallRows(columns);
const batch = [0, 2, 3, 5, 6, 7, 11];

describe('gradients agree with finite differences', () => {
  it.each(['quality', 'cost'] as const)('of the perceptron for %s', (quantity) => {
    const random = seededRandom('perceptron');
    const network = trainablePerceptron(quantity, rows, { width: 3, hidden: 5, models: 4 }, 0.01, random);
    // Away from its start, where the heads are zero and the first layer has no slope.
    network.parameters.forEach((value, i) => (network.parameters[i] = value + 0.3 * random.normal()));
    expectGradient(network, batch);
  });

  it('of the factors, for values and for preferences', () => {
    const shape = { width: 3, models: 4, rank: 3 };
    const plan = { noise: 0.1, decay: 0.02 };
    const link = linkOf('quality');
    const values = (row: number, scores: Float64Array, slopes: Float64Array): number => {
      let loss = 0;
      for (let m = 0; m < 4; m++) {
        const target = rows.targets[row * 4 + m] ?? NaN;
        if (Number.isNaN(target)) continue;
        loss += link.loss(scores[m] ?? 0, target);
        slopes[m] = link.mean(scores[m] ?? 0) - target;
      }
      return loss;
    };
    for (const loss of [values, preferenceLoss(rows)]) {
      const random = seededRandom('factors');
      const factors = trainableFactors(rows.inputs, shape, new Float64Array(4), plan, loss, random);
      factors.parameters.forEach((value, i) => (factors.parameters[i] = value + 0.3 * random.normal()));
      expectGradient(factors, batch);
    }
  });

  it.each([0, 1])('of both contrastive losses, sample weight %i', (sampleWeight) => {
    const shape = { width: 3, hidden: 4, output: 3, models: 4 };
    const clusters = Int32Array.from({ length: rows.count }, (_, row) => row % 3);
    const plan = { sampleWeight, strangers: 2, decay: 0.01 };
    const bands = costBands([4, 1, 2, 3], 2);
    for (const contrasts of [plainContrasts(rows, 2, 2), bandedContrasts(rows, bands, 2)]) {
      const parameters = startContrastive(shape, seededRandom('contrastive'));
      parameters[contrastiveParameters(shape) - 1] = Math.log(0.5);
      expectGradient(trainableContrastive(rows, shape, parameters, contrasts, clusters, plan), batch);
    }
  });
});

describe('the contrasts of a query', () => {
  const one = smallRows([() => 0.9, () => 0.2, () => 0, () => 0.6, () => NaN, () => 0.4]);

  it('are the best models with a value above 0 against the worst of at most 0.5', () => {
    expect(plainContrasts(one, 2, 3)(0)).toEqual([
      { positive: 0, negatives: [5, 1, 2], scale: 1 },
      { positive: 3, negatives: [5, 1, 2], scale: 1 },
    ]);
    // A positive is never told apart from itself or from its betters.
    expect(plainContrasts(one, 4, 3)(0).at(-1)).toEqual({ positive: 1, negatives: [2], scale: 1 });
    expect(plainContrasts(smallRows([() => 0, () => 0]), 2, 2)(0)).toEqual([]);
    expect(plainContrasts(smallRows([() => 1, () => 0.8]), 2, 2)(0)).toEqual([]);
  });

  it('hold one positive per cost band, and cheap bands are sharper', () => {
    const bands = costBands([6, 1, 2, 3, 4, 5], 3);
    expect(bands.bandOf).toEqual([2, 0, 0, 1, 1, 2]);
    expect(bands.scales[0]).toBeGreaterThan(bands.scales[1] ?? NaN);
    // Mean cost of the first band is 1.5 of at most 6.
    expect(bands.scales[0]).toBeCloseTo(0.05 / (0.05 + (0.25 * 1.5) / 6), 12);
    expect(bandedContrasts(one, bands, 2)(0).map(({ positive, negatives }) => [positive, negatives])).toEqual([
      [1, [2]],
      [3, [1, 2]],
      [0, [1, 2]],
    ]);
  });
});

describe('factors', () => {
  it('are served as the linear map that they come to', () => {
    const shape = { width: 3, models: 4, rank: 3 };
    const factors = trainableFactors(
      rows.inputs,
      shape,
      Float64Array.of(1, 2, 3, 4),
      { noise: 0, decay: 0 },
      (_, scores) => {
        const { weights, intercepts } = linearFactors(factors.parameters, shape);
        scores.forEach((score, m) => {
          let sum = intercepts[m] ?? 0;
          for (let i = 0; i < 3; i++) sum += (weights[m * 3 + i] ?? 0) * (rows.inputs[2 * 3 + i] ?? 0);
          expect(score).toBeCloseTo(sum, 12);
        });
        return 7;
      },
      seededRandom('serve'),
    );
    expect(factors.accumulate([2], null, null)).toBe(7);
  });
});

describe('keys', () => {
  it('are served at length 1', () => {
    const shape = { width: 3, hidden: 4, output: 3, models: 2 };
    const { keys } = unitKeys(startContrastive(shape, seededRandom('keys')), shape);
    for (const m of [0, 1]) {
      expect(Math.hypot(...keys.subarray(m * 3, m * 3 + 3))).toBeCloseTo(1, 12);
    }
  });
});

describe('Adam', () => {
  const bowl = (parameters: Float64Array, seen: number[][] = []): Trainable => ({
    parameters,
    accumulate(batch, gradient) {
      seen.push([...batch]);
      const [x = 0, y = 0] = parameters;
      if (gradient !== null) {
        gradient[0] = 2 * (x - 3) * batch.length;
        gradient[1] = 4 * (y + 1) * batch.length;
      }
      return batch.length * ((x - 3) ** 2 + 2 * (y + 1) ** 2);
    },
  });
  const plan = { learningRate: 0.1, batch: 1, steps: 100, patience: 5, heldOut: 0.1 };

  it('takes the steps that numpy takes', () => {
    const parameters = new Float64Array(2);
    trainByAdam(bowl(parameters), 1, plan, seededRandom('adam'));
    expect(parameters[0]).toBeCloseTo(3.0292766339845283, 12);
    expect(parameters[1]).toBeCloseTo(-1.008461072248079, 12);
  });

  it('never trains on the rows it holds out, and passes all others', () => {
    const seen: number[][] = [];
    const trained = bowl(new Float64Array(2), seen);
    const { heldOut } = trainByAdam(trained, 100, { ...plan, batch: 30 }, seededRandom('adam'));
    expect(heldOut).toEqual([90, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
    const batches = seen.filter((rows) => rows.length === 30);
    expect(new Set(batches.flat())).toEqual(new Set(Array.from({ length: 90 }, (_, row) => row)));
    expect(new Set(batches.slice(0, 3).flat()).size).toBe(90);
  });

  it('stops when the held-out rows get worse, and goes back to where they were best', () => {
    const parameters = Float64Array.of(0);
    const overfitting: Trainable = {
      parameters,
      accumulate(batch, gradient) {
        const x = parameters[0] ?? 0;
        // Training pulls to 10, the held-out rows to 2.
        if (gradient !== null) gradient[0] = 2 * (x - 10) * batch.length;
        return gradient === null ? (x - 2) ** 2 : (x - 10) ** 2;
      },
    };
    const { steps } = trainByAdam(overfitting, 50, { ...plan, batch: 45, steps: 2000 }, seededRandom('stop'));
    expect(steps).toBeLessThan(1000);
    expect(Math.abs((parameters[0] ?? 0) - 2)).toBeLessThan(1);
  });
});
