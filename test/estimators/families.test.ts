import { describe, expect, it } from 'vitest';
import type { EstimatorDefinition, Estimator } from '../../src/core/estimator.ts';
import clusters from '../../src/estimators/clusters.ts';
import logistic from '../../src/estimators/logistic.ts';
import matrixFactorization from '../../src/estimators/matrix-factorization.ts';
import mlp from '../../src/estimators/mlp.ts';
import preference from '../../src/estimators/preference.ts';
import routerDc from '../../src/estimators/router-dc.ts';
import stack from '../../src/estimators/stack.ts';
import swRanking from '../../src/estimators/sw-ranking.ts';
import { checkOptions } from '../../src/routing/options.ts';
import { dimensions, drawRows, models, type worlds } from './worlds.ts';

const candidates = models.map((model) => ({ model, price: null }));

function create(definition: EstimatorDefinition, options: object = {}): Estimator {
  const checked = checkOptions('estimator', definition.options, options, 'test');
  return definition.create(checked, { quantity: 'quality', dimensions });
}

/** Mean true worth of the models that are predicted best, and of the best single model, on rows never seen. */
function judge(definition: EstimatorDefinition, world: keyof typeof worlds, options: object = {}): [number, number] {
  const estimator = create(definition, options);
  estimator.fit(drawRows(world, 800, 'train').rows);
  const { rows, worth } = drawRows(world, 500, 'test');
  let routed = 0;
  for (let row = 0; row < 500; row++) {
    const embedding = rows.embeddings.subarray(row * dimensions, (row + 1) * dimensions);
    const { mean } = estimator.predict({ embedding, promptTokens: 50 }, candidates);
    routed += worth[row * models.length + mean.indexOf(Math.max(...mean))] ?? NaN;
  }
  const singles = models.map((_, m) => worth.reduce((sum, each, cell) => sum + (cell % 3 === m ? each : 0), 0));
  return [routed / 500, Math.max(...singles) / 500];
}

const everyComponent = [
  'ridge',
  'knn',
  'clusters',
  'logistic',
  'mlp',
  'matrix-factorization',
  'preference',
  'router-dc',
  'sw-ranking',
  'linear-bayes',
  'mean',
];

/** An estimator, the world that it was made for, and the least gain in quality that tells that it sees that world. */
const cases: [string, EstimatorDefinition, keyof typeof worlds, number, object][] = [
  ['logistic', logistic, 'linear', 0.15, {}],
  ['matrix-factorization', matrixFactorization, 'linear', 0.15, {}],
  ['mlp', mlp, 'crossed', 0.2, {}],
  ['clusters', clusters, 'kinds', 0.2, { clusters: 8 }],
  ['preference', preference, 'shifted', 0.05, {}],
  ['sw-ranking', swRanking, 'shifted', 0.05, { base: 1000 }],
  ['sw-ranking', swRanking, 'kinds', 0.2, {}],
  ['router-dc', routerDc, 'kinds', 0.2, {}],
  ['router-dc by cost bands', routerDc, 'kinds', 0.2, { costs: { a: 1, b: 2 }, bands: 2 }],
  ['stack', stack, 'linear', 0.15, {}],
  ['stack', stack, 'crossed', 0.2, {}],
  ['stack of some that rank', stack, 'shifted', 0.05, { components: ['ridge', 'preference', 'sw-ranking'], folds: 2 }],
];

describe.each(cases)('%s', (_, definition, world, gain, options) => {
  it(`beats the best single model where the world is ${world}`, () => {
    const [routed, single] = judge(definition, world, options);
    expect(routed).toBeGreaterThan(single + gain);
  });
});

it.each([
  ['logistic', logistic],
  ['mlp', mlp],
  ['clusters', clusters],
  ['matrix-factorization', matrixFactorization],
  ['preference', preference],
  ['router-dc', routerDc],
  ['sw-ranking', swRanking],
  ['stack', stack],
] as const)('%s predicts hardly any difference where there is none', (_, definition) => {
  const estimator = create(definition);
  estimator.fit(drawRows('noise', 800, 'train').rows);
  const { rows } = drawRows('noise', 200, 'test');
  let spread = 0;
  for (let row = 0; row < 200; row++) {
    const embedding = rows.embeddings.subarray(row * dimensions, (row + 1) * dimensions);
    const { mean } = estimator.predict({ embedding, promptTokens: 50 }, candidates);
    spread += (Math.max(...mean) - Math.min(...mean)) / 200;
  }
  // Single outcomes differ by 1; what three honest means of 800 coins differ by is about 0.03.
  expect(spread).toBeLessThan(0.2);
});

it('the perceptron sees what no line can', () => {
  const [routed] = judge(mlp, 'crossed');
  const [byLine] = judge(logistic, 'crossed');
  expect(routed).toBeGreaterThan(byLine + 0.15);
});

it('preference learns from order where levels say nothing', () => {
  const estimator = create(preference);
  const { rows } = drawRows('shifted', 800, 'train');
  // The same order on another scale per row: every winner still wins.
  const values = rows.values.map((value, cell) => value ** (1 + (Math.floor(cell / 3) % 4)));
  estimator.fit({ ...rows, values });
  const embedding = Float32Array.of(1, 0, 0, 0, 0, 0, 0, 0);
  const { mean } = estimator.predict({ embedding, promptTokens: 50 }, candidates);
  expect(mean[0]).toBeGreaterThan(mean[2] ?? NaN);
  expect(mean[2]).toBeGreaterThan(mean[1] ?? NaN);
});

describe('stack', () => {
  it('names the components that there are', () => {
    expect(() => create(stack, { components: ['ridge', 'oracle'] })).toThrow(
      /no component "oracle"; there is ridge, knn/,
    );
  });

  it.each(everyComponent)('of %s alone says what that says', (component) => {
    const { rows } = drawRows('kinds', 80, 'alone');
    const alone = create(stack, { components: [component], folds: 2 });
    alone.fit(rows);
    const { weights } = alone.save().arrays;
    expect([...(weights ?? [])].reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
    const { mean } = alone.predict(
      { embedding: Float32Array.of(1, 0, 0, 0, 0, 0, 0, 0), promptTokens: 50 },
      candidates,
    );
    for (const value of mean) expect(value >= 0 && value <= 1).toBe(true);
  });

  it('keeps only the components that help', () => {
    const estimator = create(stack);
    estimator.fit(drawRows('crossed', 800, 'train').rows);
    const { weights } = estimator.save().arrays;
    expect([...(weights ?? [])].reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
    // Both ridges and both logistic regressions stand at the mean here; neighbours, clusters and the perceptron see.
    const [ridgeOne = 1, ridgeTwo = 1] = weights ?? [];
    expect(ridgeOne + ridgeTwo).toBeLessThan(0.3);
  });

  it('repairs a component that is sure of too much', () => {
    const { rows } = drawRows('linear', 1500, 'calibration');
    const error = (strength: number): number => {
      const estimator = create(stack, { components: ['clusters'], calibration_strength: strength });
      estimator.fit(rows);
      const test = drawRows('linear', 500, 'calibration test');
      let sum = 0;
      for (let row = 0; row < 500; row++) {
        const embedding = test.rows.embeddings.subarray(row * dimensions, (row + 1) * dimensions);
        const { mean } = estimator.predict({ embedding, promptTokens: 50 }, candidates);
        mean.forEach((value, m) => (sum += (value - (test.worth[row * 3 + m] ?? NaN)) ** 2));
      }
      return sum;
    };
    expect(error(100)).toBeLessThan(error(1e9));
  });
});
