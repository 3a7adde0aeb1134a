import { readdirSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Candidate } from '../../src/core/candidate.ts';
import type { Prediction, Quantity } from '../../src/core/estimator.ts';
import type { PolicyDecision, PolicyDefinition } from '../../src/core/policy.ts';
import { seededRandom } from '../../src/core/random.ts';
import { loadCatalogue } from '../../src/routing/catalogue.ts';
import { checkOptions } from '../../src/routing/options.ts';
import { policyContext } from '../../src/routing/policy-context.ts';

/** Every policy of the catalogue, whatever it is, keeps these laws. A new file in `src/policies/` is picked up by itself. */
const { policies } = await loadCatalogue();
const route = ['m0', 'm1', 'm2', 'm3', 'm4', 'm5'];

interface World {
  readonly models: readonly string[];
  readonly predictions: Readonly<Record<Quantity, Prediction>>;
  readonly lambda: number | null;
}

/** Few distinct values, so that ties in score and cost are common; extremes are among them. */
const quality = fc.oneof(fc.constantFrom(0, 0.5, 1, 1e-12), fc.double({ min: 0, max: 1, noNaN: true }));
const cost = fc.oneof(fc.constantFrom(0, 1e-12, 0.001, 1e6), fc.double({ min: 0, max: 1, noNaN: true }));
const lambda = fc.oneof(fc.constantFrom(null, 0, 1, 1e5, 1e12), fc.double({ min: 0, max: 1e6, noNaN: true }));

const world: fc.Arbitrary<World> = fc.shuffledSubarray(route, { minLength: 1 }).chain((models) => {
  const values = (value: fc.Arbitrary<number>): fc.Arbitrary<Prediction> =>
    fc
      .tuple(
        fc.array(value, { minLength: models.length, maxLength: models.length }),
        fc.array(value, { minLength: models.length, maxLength: models.length }),
      )
      .map(([mean, deviation]) => ({ mean: Float64Array.from(mean), deviation: Float64Array.from(deviation) }));
  return fc.record({
    models: fc.constant(models),
    lambda,
    predictions: fc.record({
      quality: values(quality),
      cost: values(cost),
      latency: values(cost),
      output_tokens: values(cost),
    }),
  });
});

const candidatesOf = (models: readonly string[]): readonly Candidate[] =>
  models.map((model) => ({ model, price: { input: 1, cachedInput: 1, output: 2 } }));

function decide(
  name: string,
  definition: PolicyDefinition,
  { models, predictions, lambda }: World,
  seed: string,
): PolicyDecision {
  const options = checkOptions(name, definition.options, definition.example(route), 'test');
  const policy = definition.create(options, policyContext(route, policies, 'test'));
  return policy.decide({ candidates: candidatesOf(models), predictions, lambda, random: seededRandom(seed) });
}

function reorder({ models, predictions, lambda }: World, order: readonly number[]): World {
  const pick = (values: Float64Array): Float64Array => Float64Array.from(order, (i) => values[i] ?? NaN);
  const moved = (prediction: Prediction): Prediction => ({
    mean: pick(prediction.mean),
    deviation: pick(prediction.deviation),
  });
  return {
    models: order.map((i) => models[i] ?? ''),
    lambda,
    predictions: {
      quality: moved(predictions.quality),
      cost: moved(predictions.cost),
      latency: moved(predictions.latency),
      output_tokens: moved(predictions.output_tokens),
    },
  };
}

const chosenPlace = (decision: PolicyDecision, models: readonly string[]): number =>
  decision.plan.type === 'route' ? models.indexOf(decision.plan.model) : -1;

test('every file of src/policies is in the catalogue, and nothing else', () => {
  const files = readdirSync(new URL('../../src/policies/', import.meta.url)).map((file) => file.replace(/\.ts$/, ''));
  expect([...policies.keys()].sort()).toEqual(files.sort());
  expect(files).toContain('cost-aware');
});

describe.each([...policies])('policy %s', (name, definition) => {
  test('says what it is, and where it leaves its source', () => {
    expect(definition.summary).toMatch(/\.$/);
    expect(definition.source).toMatch(/\bDeviations?[:,]|\bNo deviation\.|\bNo paper is followed\./);
  });

  test('propensities are a distribution that gives the chosen model a chance', () => {
    fc.assert(
      fc.property(world, fc.string(), (world, seed) => {
        const decision = decide(name, definition, world, seed);
        const propensities = [...decision.propensities];
        expect(propensities).toHaveLength(world.models.length);
        for (const propensity of propensities) {
          expect(propensity).toBeGreaterThanOrEqual(0);
          expect(propensity).toBeLessThanOrEqual(1);
        }
        expect(Math.abs(propensities.reduce((sum, each) => sum + each, 0) - 1)).toBeLessThan(1e-9);
        if (decision.plan.type === 'route') {
          expect(propensities[chosenPlace(decision, world.models)]).toBeGreaterThan(0);
        }
      }),
    );
  });

  test('the ranking is a permutation led by the plan, and the reason is a line', () => {
    fc.assert(
      fc.property(world, fc.string(), (world, seed) => {
        const decision = decide(name, definition, world, seed);
        expect([...decision.ranking].sort((a, b) => a - b)).toEqual(world.models.map((_, i) => i));
        if (decision.plan.type === 'route') expect(decision.ranking[0]).toBe(chosenPlace(decision, world.models));
        expect(decision.reason).toMatch(/^[^\n]{5,300}$/);
        expect(decision.reason).not.toMatch(/NaN|undefined|Infinity/);
        if (decision.lambda !== null) expect(Number.isFinite(decision.lambda)).toBe(true);
      }),
    );
  });

  test('the same input and random stream give the same decision, and the input is left alone', () => {
    fc.assert(
      fc.property(world, fc.string(), (world, seed) => {
        const before = structuredClone(world);
        const first = decide(name, definition, world, seed);
        expect(decide(name, definition, world, seed)).toEqual(first);
        expect(world).toEqual(before);
      }),
    );
  });

  test('propensities do not depend on the random stream', () => {
    fc.assert(
      fc.property(world, fc.string(), fc.string(), (world, one, other) => {
        const { propensities } = decide(name, definition, world, one);
        expect(decide(name, definition, world, other).propensities).toEqual(propensities);
      }),
    );
  });

  test('reordering the candidates reorders the propensities', () => {
    fc.assert(
      fc.property(
        world.chain((world) =>
          fc.tuple(
            fc.constant(world),
            fc.shuffledSubarray([...world.models.keys()], { minLength: world.models.length }),
          ),
        ),
        ([world, order]) => {
          const { propensities } = decide(name, definition, world, 'seed');
          const moved = decide(name, definition, reorder(world, order), 'seed').propensities;
          for (const [place, i] of order.entries()) {
            expect(Math.abs((moved[place] ?? NaN) - (propensities[i] ?? NaN))).toBeLessThan(1e-12);
          }
        },
      ),
    );
  });

  test('what is drawn is what the propensities say, over 20,000 streams', () => {
    const even = (values: readonly number[]): Prediction => ({
      mean: Float64Array.from(values),
      deviation: new Float64Array(values.length).fill(0.1),
    });
    // m1, m3 and m4 tie exactly in quality and cost under any lambda, so that fair ties are counted too.
    const cases: readonly World[] = [
      [0.1, 0.9, 0.2, 0.9, 0.9, 0.3],
      [0.9, 0.5, 0.2, 0.5, 0.5, 0.3],
    ].map((mean) => ({
      models: route,
      lambda: 1,
      predictions: {
        quality: even(mean),
        cost: even([0.2, 0.1, 0.3, 0.1, 0.1, 0.2]),
        latency: even([1, 1, 1, 1, 1, 1]),
        output_tokens: even([1, 1, 1, 1, 1, 1]),
      },
    }));
    for (const world of cases) {
      const options = checkOptions(name, definition.options, definition.example(route), 'test');
      const policy = definition.create(options, policyContext(route, policies, 'test'));
      const candidates = candidatesOf(route);
      const counts = new Float64Array(route.length);
      const draws = 20_000;
      const random = seededRandom('frequencies');
      let propensities = new Float64Array();
      for (let i = 0; i < draws; i++) {
        const decision = policy.decide({ candidates, predictions: world.predictions, lambda: world.lambda, random });
        const place = chosenPlace(decision, route);
        counts[place] = (counts[place] ?? 0) + 1;
        propensities = new Float64Array(decision.propensities);
      }
      let chiSquare = 0;
      for (const [i, count] of counts.entries()) {
        const expected = (propensities[i] ?? 0) * draws;
        if (expected === 0) expect(count).toBe(0);
        else chiSquare += (count - expected) ** 2 / expected;
      }
      // The 99.99 % point of chi-square with 5 degrees of freedom.
      expect(chiSquare).toBeLessThan(25.8);
    }
  });

  test('a policy can be made of its example over two models', () => {
    const models = ['a', 'b'];
    const options = checkOptions(name, definition.options, definition.example(models), 'test');
    expect(() => definition.create(options, policyContext(models, policies, 'test'))).not.toThrow();
  });
});
