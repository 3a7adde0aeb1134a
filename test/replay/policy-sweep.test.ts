import { describe, expect, it } from 'vitest';
import type { EstimatorDefinition, Quantity } from '../../src/core/estimator.ts';
import { PointsmanError } from '../../src/core/errors.ts';
import { seededRandom } from '../../src/core/random.ts';
import { createHashingEmbedder } from '../../src/embedding/hashing.ts';
import { inputOf, embedDataset, type EmbeddedDataset } from '../../src/replay/embedded.ts';
import {
  axisOf,
  candidatesOf,
  predictRows,
  sweepPolicy,
  type PolicySweep,
  type SweepAxis,
} from '../../src/replay/policy-sweep.ts';
import { plugInSweep } from '../../src/replay/plug-in-sweep.ts';
import { loadCatalogue } from '../../src/routing/catalogue.ts';
import { createRoute, type Route } from '../../src/routing/route.ts';
import { must } from './helpers.ts';
import { catsAndDogs } from './worlds.ts';

const catalogue = await loadCatalogue();
const embedder = createHashingEmbedder({ dimensions: 64 });
const data = await embedDataset(catsAndDogs(80, 'sweep'), embedder, () => undefined);

const onlyShape: Omit<EstimatorDefinition, 'create'> = {
  summary: 'Knows.',
  source: 'A test.',
  options: must(catalogue.estimators.get('mean')).options,
  needsEmbedding: false,
  quantities: ['quality', 'cost'],
  settings: () => [],
};

/** Predicts what is true of the row with this many prompt tokens: the sweep then has to trace the true frontier. */
function knowing(set: EmbeddedDataset, quantity: Quantity): EstimatorDefinition['create'] {
  const values = quantity === 'quality' ? set.dataset.quality : must(set.dataset.costUsd);
  return () => ({
    predict: ({ embedding }) => {
      const row = set.dataset.texts.findIndex((_, i) => inputOf(set, i).embedding.join() === embedding.join());
      return { mean: values.slice(row * 2, row * 2 + 2), deviation: new Float64Array(2) };
    },
    fit: () => undefined,
    update: () => undefined,
    save: () => ({ version: 1, data: {}, arrays: {} }),
    load: () => undefined,
  });
}

function routeOf(policy: string, options: Readonly<Record<string, unknown>> = {}, create = knowing): Route {
  const slot = (quantity: Quantity) => {
    const definition = { ...onlyShape, create: create(data, quantity) };
    const estimator = definition.create({}, { quantity, dimensions: 64 });
    return { name: 'knowing', definition, estimator, fingerprint: '' };
  };
  return createRoute({
    name: 'test',
    models: data.dataset.models.map((id) => ({
      id,
      price: null,
      contextTokens: null,
      capabilities: null,
      simulated: true,
      targets: [],
    })),
    policy: { name: policy, definition: must(catalogue.policies.get(policy)), options },
    policies: catalogue.policies,
    estimators: { quality: slot('quality'), cost: slot('cost') },
    lambda: null,
    exploration: { epsilon: 0 },
    embedder,
    seed: '0',
  });
}

const axisFor = (route: Route): SweepAxis => axisOf(route, data.dataset, predictRows(route, data));
const sweep = (route: Route, axis: SweepAxis, isPlainArgmax = false): PolicySweep =>
  sweepPolicy(route, data.dataset, predictRows(route, data), {
    axis,
    seed: '0',
    isPlainArgmax,
    onStep: () => undefined,
  });

describe('sweepPolicy', () => {
  it('agrees with argmax of quality - lambda x cost at every lambda', () => {
    const route = routeOf('cost-aware');
    const axis = axisFor(route);
    if (axis.type !== 'lambda') throw new Error(`axis ${axis.type}`);
    expect(axis.values.length).toBe(201);
    expect([axis.values[0], axis.values[1], axis.values[200]]).toEqual([0, 0.1, 1e5]);
    const actual = { quality: data.dataset.quality, costUsd: must(data.dataset.costUsd) };
    const { outcomes } = sweep(route, axis);
    expect(outcomes).toEqual(plugInSweep(actual, actual, 2, axis.values));
  });

  it('asks the route what it would have done online: same choice, same propensities, from the stream of the id', () => {
    const route = routeOf('epsilon-greedy', { epsilon: 0.3 });
    const axis = { type: 'lambda', values: Float64Array.of(40) } as const;
    const { outcomes, shares } = sweep(route, axis);
    const candidates = candidatesOf(data.dataset.models);
    let quality = 0;
    data.dataset.sampleIds.forEach((id, row) => {
      const { predictions } = route.predict(inputOf(data, row), candidates);
      const { propensities } = route.choose(candidates, predictions, 40, seededRandom(`0:${id}`));
      quality += propensities.reduce((sum, p, m) => sum + p * (data.dataset.quality[row * 2 + m] ?? 0), 0);
    });
    expect(outcomes.quality.reduce((sum, value) => sum + value, 0)).toBeCloseTo(quality, 9);
    expect((shares[0] ?? 0) + (shares[1] ?? 0)).toBeCloseTo(1, 9);
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.15 - 1e-9);
  });

  it('draws a curve by the threshold of a policy that has one, from all weak to all strong', () => {
    const route = routeOf('threshold', { strong: 'dear', weak: 'cheap' });
    const axis = axisFor(route);
    if (axis.type !== 'option') throw new Error(`axis ${axis.type}`);
    expect([axis.option, axis.values[0], axis.values[200]]).toEqual(['threshold', -1, 1]);
    const { shares } = sweep(route, axis);
    expect(shares[0]).toBeCloseTo(1, 9);
    const dear = axis.values.map((_, way) => shares[way * 2] ?? 0);
    for (let way = 1; way < dear.length; way++) expect(dear[way]).toBeLessThanOrEqual((dear[way - 1] ?? 0) + 1e-9);
  });

  it.each([
    ['random', {}, [0.5, 0.5]],
    ['static', { model: 'cheap' }, [0, 1]],
    ['weighted', { weights: { dear: 1, cheap: 3 } }, [0.25, 0.75]],
  ])('takes %s as one point, at its expected value', (policy, options, expected) => {
    const route = routeOf(policy, options);
    expect(axisFor(route)).toEqual({ type: 'point' });
    const { outcomes, shares } = sweep(route, { type: 'point' });
    expect(outcomes.ways).toBe(1);
    expected.forEach((share, m) => expect(shares[m]).toBeCloseTo(share, 9));
    const quality = expected.map((share, m) => share * (data.dataset.quality[m] ?? 0));
    expect(outcomes.quality[0]).toBeCloseTo((quality[0] ?? 0) + (quality[1] ?? 0), 12);
  });

  it('tells a table the group of each row', () => {
    const { groups, quality } = data.dataset;
    const options = {
      tag: 'group',
      models: { cat: 'cheap', dog: 'dear' },
      otherwise: { type: 'static', model: 'dear' },
    };
    const { outcomes, shares } = sweep(routeOf('table', options), { type: 'point' });
    expect(shares[1]).toBeCloseTo(groups.filter((group) => group === 'cat').length / groups.length, 9);
    groups.forEach((group, row) => expect(outcomes.quality[row]).toBe(quality[row * 2 + (group === 'cat' ? 1 : 0)]));
  });

  it('takes the short way for cost-aware to the same bits, exact ties included', () => {
    const rounded: typeof knowing = (set, quantity) => () => ({
      ...knowing(set, quantity)({}, { quantity, dimensions: 64 }),
      // Few levels, so that quality and cost often tie at once.
      predict: ({ embedding }) => {
        const level = Math.round(Math.abs(embedding[3] ?? 0) * 40) % 3;
        const mean = quantity === 'quality' ? [0.5, level === 0 ? 0.5 : 0.4] : [0.01, level === 2 ? 0.001 : 0.01];
        return { mean: Float64Array.from(mean), deviation: new Float64Array(2) };
      },
    });
    const route = routeOf('cost-aware', {}, rounded);
    const axis = axisFor(route);
    const [long, short] = [sweep(route, axis), sweep(route, axis, true)];
    expect(short.outcomes).toEqual(long.outcomes);
    expect(short.shares).toEqual(long.shares);
    expect(short.leaders).toEqual(long.leaders);
    expect([...long.shares].some((share) => share > 0 && share < 1)).toBe(true);
    expect([...long.outcomes.quality].some((quality) => quality === 0.5)).toBe(true);
  });

  it('counts what had to be stood in for', () => {
    const failing: typeof knowing = (set, quantity) => () => ({
      ...knowing(set, quantity)({}, { quantity, dimensions: 64 }),
      predict: () => {
        throw new PointsmanError('invalid_data', 'no.');
      },
    });
    const route = routeOf('cost-aware', {}, failing);
    const { degraded } = sweep(route, { type: 'lambda', values: Float64Array.of(0) });
    expect(degraded).toEqual({ 'quality:failed': 80, 'cost:failed': 80 });
  });
});

describe('a policy that asks for a second answer', () => {
  it('pays for it where it is another than the one that serves', () => {
    const alone = sweep(routeOf('stabl', { second_share: 0 }), { type: 'point' });
    const both = sweep(routeOf('stabl', { second_share: 1 }), { type: 'point' });
    expect(both.outcomes.quality).toEqual(alone.outcomes.quality);
    const costs = must(data.dataset.costUsd);
    // It knows nothing yet: each of the two serves with one half, so each draw of a second pays half its price.
    for (let row = 0; row < 80; row++) {
      const paid = (both.outcomes.costUsd[row] ?? 0) - (alone.outcomes.costUsd[row] ?? 0);
      const halves = [0.5 * (costs[row * 2] ?? 0), 0.5 * (costs[row * 2 + 1] ?? 0)];
      expect(Math.min(...halves.map((half) => Math.abs(paid - half)))).toBeLessThan(1e-12);
      expect(paid).toBeGreaterThan(0);
    }
  });
});
