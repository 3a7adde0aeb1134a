import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../src/core/candidate.ts';
import { PointsmanError } from '../../src/core/errors.ts';
import type { Estimator, EstimatorDefinition, Prediction, Quantity, TrainingRows } from '../../src/core/estimator.ts';
import type { Observation } from '../../src/core/learner.ts';
import { seededRandom } from '../../src/core/random.ts';
import { decodeState, encodeState } from '../../src/core/state-codec.ts';
import { loadCatalogue } from '../../src/routing/catalogue.ts';
import { checkOptions } from '../../src/routing/options.ts';

/** Every estimator of the catalogue keeps these laws. A new file in `src/estimators/` is picked up by itself. */
const { estimators } = await loadCatalogue();
const cases = [...estimators].flatMap(([name, definition]) =>
  definition.quantities.map((quantity) => ({ name, definition, quantity })),
);

const dimensions = 12;
const models = ['a', 'b', 'c'];
const price = { input: 1, cachedInput: 0.5, output: 4 };
const candidates: readonly Candidate[] = [
  ...models.map((model) => ({ model, price })),
  { model: 'never-seen', price },
  { model: 'never-seen-nor-priced', price: null },
];

const create = (definition: EstimatorDefinition, quantity: Quantity, size = dimensions): Estimator =>
  definition.create(checkOptions('estimator', definition.options, {}, 'test'), { quantity, dimensions: size });

/** Values in each quantity's unit. */
const valueOf = (quantity: Quantity, share: number): number =>
  share * { quality: 1, cost: 0.002, latency: 8000, output_tokens: 800 }[quantity];

function unitVector(seed: string): Float32Array {
  const random = seededRandom(seed);
  const raw = Float32Array.from({ length: dimensions }, () => random.normal());
  const length = Math.sqrt(raw.reduce((sum, x) => sum + x * x, 0));
  return raw.map((x) => x / length);
}

/** A world in which who is best depends on the first coordinate, and some outcomes are missing. */
function plantedRows(count: number, quantity: Quantity, missing: number, seed: string): TrainingRows {
  const random = seededRandom(seed);
  const embeddings = new Float32Array(count * dimensions);
  const promptTokens = new Float64Array(count);
  const values = new Float64Array(count * models.length);
  for (let row = 0; row < count; row++) {
    const vector = unitVector(`${seed}:${row}`);
    embeddings.set(vector, row * dimensions);
    promptTokens[row] = 20 + random.integer(400);
    const lean = (vector[0] ?? 0) > 0 ? 0.4 : -0.4;
    [0.5 + lean, 0.5 - lean, 0.55].forEach((mean, column) => {
      const noisy = Math.min(1, Math.max(0, mean + 0.1 * random.normal()));
      values[row * models.length + column] = random.next() < missing ? NaN : valueOf(quantity, noisy);
    });
  }
  return { models, dimensions, embeddings, promptTokens, values };
}

const someFact = { decision: 'd', route: 'auto', weight: 1, propensity: 1 / 3 } as const;

function observations(count: number, quantity: Quantity, seed: string): Observation[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, seq) => ({
    seq,
    decision: `d${seq}`,
    route: 'auto',
    model: models[random.integer(models.length)] ?? 'a',
    quantity,
    value: valueOf(quantity, random.next()),
    weight: 0.1 + random.next(),
    propensity: 0.5,
    promptTokens: random.integer(500),
    embedding: random.next() < 0.1 ? null : unitVector(`${seed}:${seq}`),
  }));
}

function expectSane(prediction: Prediction, quantity: Quantity): void {
  expect(prediction.mean.length).toBe(candidates.length);
  expect(prediction.deviation.length).toBe(candidates.length);
  prediction.mean.forEach((mean, i) => {
    expect(Number.isFinite(mean)).toBe(true);
    expect(mean).toBeGreaterThanOrEqual(0);
    if (quantity === 'quality') expect(mean).toBeLessThanOrEqual(1);
    const deviation = prediction.deviation[i] ?? NaN;
    expect(Number.isFinite(deviation)).toBe(true);
    expect(deviation).toBeGreaterThanOrEqual(0);
  });
}

const ask = (estimator: Estimator, seed: string): Prediction =>
  estimator.predict({ embedding: unitVector(seed), promptTokens: 100 }, candidates);
const bitsOf = ({ mean, deviation }: Prediction): number[] => [...mean, ...deviation];

/** The same rows in another order. */
function shuffled(rows: TrainingRows): TrainingRows {
  const count = rows.promptTokens.length;
  const order = Array.from({ length: count }, (_, i) => (i * 7 + 3) % count);
  const pick = (from: Float64Array, width: number): Float64Array =>
    Float64Array.from(order.flatMap((row) => [...from.subarray(row * width, (row + 1) * width)]));
  return {
    ...rows,
    embeddings: Float32Array.from(pick(Float64Array.from(rows.embeddings), dimensions)),
    promptTokens: pick(rows.promptTokens, 1),
    values: pick(rows.values, models.length),
  };
}

it('finds the catalogue', () => {
  expect([...estimators.keys()]).toEqual(expect.arrayContaining(['knn', 'mean', 'ridge']));
});

describe.each(cases)('$name of $quantity', ({ name, definition, quantity }) => {
  it('says what it is', () => {
    expect(definition.summary).toMatch(/\.$/);
    expect(definition.source.length).toBeGreaterThan(20);
    expect(definition.source).toMatch(/\bDeviations?[:,]|\bNo deviation\.|\bNo paper is followed\./);
  });

  it('answers before it has learned anything', () => {
    const prediction = ask(create(definition, quantity), 'q');
    expectSane(prediction, quantity);
    // All it can know is the price: equal prices, equal predictions; an unknown price is no bargain.
    expect(prediction.mean[0]).toBe(prediction.mean[3]);
    if (quantity === 'cost') {
      expect(prediction.mean[3]).toBeGreaterThan(0);
      expect(prediction.mean[4]).toBeGreaterThan(prediction.mean[3] ?? NaN);
    }
  });

  it('stays finite and in range whatever it learned and is asked', () => {
    const value = fc.double({ min: 0, max: quantity === 'quality' ? 1 : 50, noNaN: true });
    const strange = fc.float32Array({ minLength: dimensions, maxLength: dimensions });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...models), value, strange, fc.nat(1e6)), { maxLength: 30 }),
        strange,
        fc.nat(1e6),
        (facts, embedding, promptTokens) => {
          const estimator = create(definition, quantity);
          facts.forEach(([model, learned, at, tokens], seq) =>
            estimator.update({
              ...someFact,
              seq,
              model,
              quantity,
              value: learned,
              promptTokens: tokens,
              embedding: normalised(at),
            }),
          );
          expectSane(estimator.predict({ embedding: normalised(embedding), promptTokens }, candidates), quantity);
          expectSane(estimator.predict({ embedding, promptTokens }, candidates), quantity);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('is least sure of a model that it never saw', () => {
    const estimator = create(definition, quantity);
    estimator.fit(plantedRows(80, quantity, 0, 'wide'));
    const { deviation } = ask(estimator, 'q');
    for (let i = 0; i < models.length; i++) expect(deviation[i]).toBeLessThan(deviation[3] ?? NaN);
  });

  it('grows surer with evidence', () => {
    const average = (count: number): number => {
      const estimator = create(definition, quantity);
      estimator.fit(plantedRows(count, quantity, 0, 'evidence'));
      const seen = Array.from({ length: 20 }, (_, i) => [
        ...ask(estimator, `q${i}`).deviation.subarray(0, models.length),
      ]);
      return seen.flat().reduce((sum, value) => sum + value, 0) / (20 * models.length);
    };
    const [cold, some, much] = [average(0), average(20), average(600)];
    expect(some).toBeLessThan(cold);
    expect(much).toBeLessThan(some);
  });

  it('decides the same to the bit after save and load, and goes on learning the same', () => {
    const original = create(definition, quantity);
    original.fit(plantedRows(60, quantity, 0.3, 'save'));
    const facts = observations(40, quantity, 'save');
    facts.slice(0, 20).forEach((fact) => original.update(fact));
    const loaded = create(definition, quantity);
    loaded.fit(plantedRows(20, quantity, 0, 'something to be replaced'));
    loaded.load(decodeState(encodeState(original.save())));
    expect(bitsOf(ask(loaded, 'q'))).toEqual(bitsOf(ask(original, 'q')));
    for (const fact of facts.slice(20)) {
      original.update(fact);
      loaded.update(fact);
    }
    expect(bitsOf(ask(loaded, 'q'))).toEqual(bitsOf(ask(original, 'q')));
    expect(encodeState(loaded.save()).equals(encodeState(original.save()))).toBe(true);
  });

  it('saves a copy: what it learns later does not reach into a saved state', () => {
    const estimator = create(definition, quantity);
    estimator.fit(plantedRows(20, quantity, 0, 'copy'));
    const state = estimator.save();
    const before = encodeState(state);
    observations(30, quantity, 'copy').forEach((fact) => estimator.update(fact));
    expect(encodeState(state).equals(before)).toBe(true);
    const loaded = create(definition, quantity);
    loaded.load(state);
    observations(30, quantity, 'copy').forEach((fact) => loaded.update(fact));
    expect(encodeState(state).equals(before)).toBe(true);
  });

  it('refuses the state of another version, quantity or shape, and keeps its own', () => {
    const estimator = create(definition, quantity);
    estimator.fit(plantedRows(20, quantity, 0, 'refuse'));
    const before = bitsOf(ask(estimator, 'q'));
    const good = estimator.save();
    const other = create(definition, quantity === 'quality' ? 'cost' : 'quality');
    const firstArray = Object.keys(good.arrays)[0] ?? '';
    const broken = [
      { ...good, version: good.version + 1 },
      { ...good, data: { ...good.data, models: 'a' } },
      { ...good, data: { ...good.data, models: [...models, 'd'] } },
      { ...good, arrays: {} },
      { ...good, arrays: { ...good.arrays, [firstArray]: new Float64Array(1) } },
      other.save(),
    ];
    for (const state of broken) {
      expect(() => estimator.load(state)).toThrow(expect.objectContaining({ code: 'invalid_data' }));
    }
    expect(bitsOf(ask(estimator, 'q'))).toEqual(before);
    if (definition.needsEmbedding) {
      expect(() => create(definition, quantity, dimensions + 1).load(good)).toThrow(/dimensions/);
    }
  });

  it('does not care about the order of rows', () => {
    for (const missing of [0, 0.4]) {
      const rows = plantedRows(90, quantity, missing, 'order');
      const one = create(definition, quantity);
      const two = create(definition, quantity);
      one.fit(rows);
      two.fit(shuffled(rows));
      for (const seed of ['p', 'q', 'r']) {
        const [a, b] = [bitsOf(ask(one, seed)), bitsOf(ask(two, seed))];
        a.forEach((value, i) => expect(Math.abs(value - (b[i] ?? NaN))).toBeLessThanOrEqual(1e-9 * Math.abs(value)));
      }
    }
  });

  it('learns the same from the same observations', () => {
    const [one, two] = [create(definition, quantity), create(definition, quantity)];
    for (const fact of observations(60, quantity, 'same')) {
      one.update(fact);
      two.update({ ...fact, embedding: fact.embedding?.slice() ?? null });
    }
    expect(encodeState(one.save()).equals(encodeState(two.save()))).toBe(true);
  });

  it('forgets on fit what it knew before', () => {
    const rows = plantedRows(30, quantity, 0.2, 'again');
    const [fresh, used] = [create(definition, quantity), create(definition, quantity)];
    used.fit(plantedRows(50, quantity, 0, 'before'));
    observations(20, quantity, 'before').forEach((fact) => used.update({ ...fact, model: 'gone' }));
    used.fit(rows);
    fresh.fit(rows);
    expect(encodeState(used.save()).equals(encodeState(fresh.save()))).toBe(true);
  });

  it('ignores observations that it cannot use', () => {
    const estimator = create(definition, quantity);
    estimator.fit(plantedRows(20, quantity, 0, 'ignore'));
    const before = encodeState(estimator.save());
    const [fact] = observations(1, quantity, 'ignore');
    if (fact === undefined) throw new Error('no observation');
    const useless: Observation[] = [
      { ...fact, value: NaN },
      { ...fact, value: Infinity },
      { ...fact, value: -1 },
      { ...fact, weight: 0 },
      { ...fact, weight: NaN },
      { ...fact, quantity: quantity === 'quality' ? 'cost' : 'quality' },
    ];
    useless.forEach((observation) => estimator.update(observation));
    expect(encodeState(estimator.save()).equals(before)).toBe(true);
  });

  it.each([0, 1, 2])('is sane with %i rows', (count) => {
    const estimator = create(definition, quantity);
    estimator.fit(plantedRows(count, quantity, 0, 'few'));
    expectSane(ask(estimator, 'q'), quantity);
  });

  it('refuses rows that do not fit together, and says where', () => {
    const rows = plantedRows(5, quantity, 0, 'bad');
    const spoilt = (change: (values: Float64Array) => void): TrainingRows => {
      const values = rows.values.slice();
      change(values);
      return { ...rows, values };
    };
    const bad: [TrainingRows, RegExp][] = [
      [{ ...rows, dimensions: dimensions + 1 }, /dimensions/],
      [{ ...rows, embeddings: rows.embeddings.slice(1) }, /embedding/],
      [{ ...rows, embeddings: rows.embeddings.map((x, i) => (i === 3 * dimensions ? NaN : x)) }, /row 3/],
      [{ ...rows, promptTokens: rows.promptTokens.map(() => -1) }, /prompt tokens/],
      [{ ...rows, models: ['a', 'a', 'c'] }, /two columns/],
      [{ ...rows, values: rows.values.slice(1) }, /values/],
      [spoilt((values) => (values[7] = -0.1)), /row 2, column "b"/],
      [spoilt((values) => (values[2] = Infinity)), /row 0, column "c"/],
    ];
    for (const [broken, message] of bad) {
      expect(() => create(definition, quantity).fit(broken)).toThrow(message);
      expect(() => create(definition, quantity).fit(broken)).toThrow(PointsmanError);
    }
  });

  it('learns a constant', () => {
    const rows = plantedRows(200, quantity, 0, 'constant');
    const constant = valueOf(quantity, 0.3);
    const estimator = create(definition, quantity);
    estimator.fit({ ...rows, promptTokens: rows.promptTokens.fill(100), values: rows.values.fill(constant) });
    const { mean } = ask(estimator, 'q');
    for (let i = 0; i < models.length; i++) {
      expect(Math.abs((mean[i] ?? NaN) - constant)).toBeLessThan(0.05 * constant);
    }
  });

  it('works with one model and one candidate', () => {
    const estimator = create(definition, quantity);
    const rows = plantedRows(30, quantity, 0, 'one');
    const values = rows.values.filter((_, cell) => cell % models.length === 0);
    estimator.fit({ ...rows, models: ['a'], values });
    const { mean } = estimator.predict({ embedding: unitVector('q'), promptTokens: 9 }, [{ model: 'a', price }]);
    expect(mean.length).toBe(1);
    expect(Number.isFinite(mean[0])).toBe(true);
  });

  it('gives each candidate its own answer, whatever stands beside it', () => {
    const estimator = create(definition, quantity);
    estimator.fit(plantedRows(60, quantity, 0.2, 'beside'));
    const together = ask(estimator, 'q');
    candidates.forEach((candidate, i) => {
      const alone = estimator.predict({ embedding: unitVector('q'), promptTokens: 100 }, [candidate]);
      expect(bitsOf(alone)).toEqual([together.mean[i], together.deviation[i]]);
    });
  });

  it('offers settings that its own schema accepts', () => {
    const rows = plantedRows(50, quantity, 0, 'settings');
    for (const setting of definition.settings(rows)) {
      const options = checkOptions(name, definition.options, setting, 'settings');
      const estimator = definition.create(options, { quantity, dimensions });
      estimator.fit(rows);
      expectSane(ask(estimator, 'q'), quantity);
    }
  });

  it.runIf(definition.needsEmbedding)('beats the mean where the query matters, from rows and from feedback', () => {
    const rows = plantedRows(400, quantity, 0, 'planted');
    const fitted = create(definition, quantity);
    fitted.fit(rows);
    const folded = create(definition, quantity);
    const random = seededRandom('feedback');
    for (let row = 0; row < 400; row++) {
      const column = random.integer(models.length);
      folded.update({
        ...someFact,
        seq: row,
        model: models[column] ?? '',
        quantity,
        value: rows.values[row * models.length + column] ?? NaN,
        promptTokens: rows.promptTokens[row] ?? 0,
        embedding: rows.embeddings.slice(row * dimensions, (row + 1) * dimensions),
      });
    }
    for (const estimator of [fitted, folded]) {
      let found = 0;
      for (let i = 0; i < 200; i++) {
        const embedding = unitVector(`held out ${i}`);
        const { mean } = estimator.predict({ embedding, promptTokens: 200 }, candidates.slice(0, 2));
        if ((mean[0] ?? 0) > (mean[1] ?? 0) === (embedding[0] ?? 0) > 0) found++;
      }
      // Context-free means cannot do better than chance: about 100 of 200.
      expect(found).toBeGreaterThan(150);
    }
  });
});

function normalised(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  return length > 0 && length < Infinity ? vector.map((x) => x / length) : vector;
}
