import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Estimator } from '../../src/core/estimator.ts';
import type { Observation } from '../../src/core/learner.ts';
import { decodeState, encodeState } from '../../src/core/state-codec.ts';
import { loadCatalogue } from '../../src/routing/catalogue.ts';
import { checkOptions } from '../../src/routing/options.ts';

/** Preferences that come while serving: who won against whom, and never how good either was. */
const { estimators } = await loadCatalogue();
const dimensions = 4;
const code = Float32Array.of(1, 0, 0, 0);
const prose = Float32Array.of(0, 1, 0, 0);

function create(): Estimator {
  const definition = estimators.get('preference');
  if (definition === undefined) throw new Error('preference has gone');
  return definition.create(checkOptions('preference', definition.options, {}, 'test'), {
    quantity: 'quality',
    dimensions,
  });
}

let seq = 0;
const pair = (model: string, against: string, value: number, embedding: Float32Array | null): Observation => ({
  seq: ++seq,
  decision: `${seq}`,
  route: 'auto',
  model,
  against,
  quantity: 'preference',
  value,
  weight: 1,
  propensity: null,
  promptTokens: 10,
  embedding,
});
const qualities = (estimator: Estimator, embedding: Float32Array): readonly number[] => [
  ...estimator.predict(
    { embedding, promptTokens: 10 },
    ['a', 'b', 'c'].map((model) => ({ model, price: null })),
  ).mean,
];

test('teach who is better at what, from nothing', () => {
  const estimator = create();
  for (let i = 0; i < 150; i++) {
    estimator.update(pair('a', 'b', 1, code));
    // Told the other way round: the same fact.
    estimator.update(pair('a', 'b', 0, prose));
  }
  const [a = 0, b = 0, c = 0] = qualities(estimator, code);
  const [a2 = 0, b2 = 0, c2 = 0] = qualities(estimator, prose);
  expect(a - b).toBeGreaterThan(0.5);
  expect(b2 - a2).toBeGreaterThan(0.5);
  // A model that was in no pair stays where it was.
  expect([c, c2]).toEqual([0.5, 0.5]);
});

test('move both models alike, a tie moves neither of two equals, and one about a single model says nothing', () => {
  const estimator = create();
  estimator.update(pair('a', 'b', 0.5, code));
  estimator.update(pair('a', 'a', 1, code));
  expect(qualities(estimator, code)).toEqual([0.5, 0.5, 0.5]);
  estimator.update(pair('a', 'b', 1, code));
  const [a = 0, b = 0] = qualities(estimator, code);
  expect(a).toBeGreaterThan(0.5);
  expect(a - 0.5).toBeCloseTo(0.5 - b, 12);
});

test('end where the difference says what the pairs say', () => {
  const estimator = create();
  // a wins three in four: 1/2 + (q_a - q_b) / 2 = 3/4.
  for (let i = 0; i < 4000; i++) estimator.update(pair('a', 'b', i % 4 === 0 ? 0 : 1, code));
  const [a = 0, b = 0] = qualities(estimator, code);
  expect(a - b).toBeCloseTo(0.5, 1);
});

test('are nothing to the other quantities, and whatever comes leaves finite numbers and a state that goes on alike', () => {
  const definition = estimators.get('preference');
  const cost = definition?.create(checkOptions('preference', definition.options, {}, 'test'), {
    quantity: 'cost',
    dimensions,
  });
  const before = cost?.save();
  cost?.update(pair('a', 'b', 1, code));
  expect(cost?.save()).toEqual(before);
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          model: fc.constantFrom('a', 'b', 'c'),
          against: fc.constantFrom('a', 'b', 'c'),
          value: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(-1, 2, NaN)),
          weight: fc.constantFrom(0.1, 1, 1000),
          embedding: fc.constantFrom(code, prose, null),
        }),
        { maxLength: 30 },
      ),
      (facts) => {
        const estimator = create();
        for (const { model, against, value, weight, embedding } of facts) {
          estimator.update({ ...pair(model, against, value, embedding), weight });
        }
        const told = [...qualities(estimator, code), ...qualities(estimator, prose)];
        for (const quality of told) expect(quality >= 0 && quality <= 1).toBe(true);
        const other = create();
        other.load(decodeState(encodeState(estimator.save())));
        for (const each of [estimator, other]) each.update(pair('a', 'b', 1, code));
        expect(qualities(other, prose)).toEqual(qualities(estimator, prose));
      },
    ),
  );
});
