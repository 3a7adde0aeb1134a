import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../src/core/candidate.ts';
import type { Observation } from '../../src/core/learner.ts';
import { seededRandom } from '../../src/core/random.ts';
import prior from '../../src/estimators/prior.ts';
import { factsOf } from '../../src/math/model-facts.ts';
import { checkOptions } from '../../src/routing/options.ts';

const facts = (model: string, output: number | null = null) =>
  factsOf({ model, price: output === null ? null : { input: 1, cachedInput: 1, output } });

describe('what a model id tells', () => {
  it.each<[string, number | null]>([
    ['meta-llama/Meta-Llama-3.1-70B-Instruct-Turbo', 70],
    ['mistralai/Mixtral-8x7B-Instruct-v0.1', 56],
    ['qwen3-235b-a22b-2507', 235],
    ['llama-3.2-1.5b', 1.5],
    ['gpt-4o-2024-05-13', null],
    ['claude-3-5-sonnet', null],
    ['phi-3-mini-4k-instruct', null],
  ])('size of %s: %s', (model, size) => {
    expect(facts(model).sizeBillions).toBe(size);
  });

  it.each<[string, number, boolean]>([
    ['gpt-5-nano', -1, true],
    ['gpt-5-chat', 0, false],
    ['gpt-4o-mini', -1, false],
    ['claude-opus-4-5', 1, false],
    ['gemini-2.5-pro', 1, true],
    ['o3-mini', -1, true],
    ['deepseek-r1-0528', 0, true],
    ['grok-4.20-0309-non-reasoning', 0, false],
    ['qwen3-235b-a22b-thinking-2507', 0, true],
    ['qwen3-235b-a22b-2507', 0, false],
    // No word of its own.
    ['geminiprolific', 0, false],
  ])('tier and thinking of %s: %s, %s', (model, tier, reasons) => {
    expect(facts(model)).toMatchObject({ tier, reasons });
  });

  it('takes a price of zero for none: a model at home has no price to judge by', () => {
    expect(facts('a', 0).outputPrice).toBeNull();
    expect(facts('a', 4).outputPrice).toBe(4);
  });
});

const dimensions = 4;
const sizes = [1, 3, 8, 20, 70, 400];
const models = sizes.map((size) => `family-${size}b`);
const create = () =>
  prior.create(checkOptions('prior', prior.options, { alpha: 1 }, 'test'), { quantity: 'quality', dimensions });
const easy = Float64Array.of(1, 0, 0, 0);
const hard = Float64Array.of(0, 1, 0, 0);

/** A world where bigger is better, and on hard queries much so. */
function trained() {
  const random = seededRandom('prior');
  const rows = 600;
  const embeddings = new Float32Array(rows * dimensions);
  const values = new Float64Array(rows * models.length);
  for (let row = 0; row < rows; row++) {
    const isHard = row % 2 === 1;
    embeddings.set(isHard ? hard : easy, row * dimensions);
    sizes.forEach((size, m) => {
      const chance = isHard ? 0.1 + 0.08 * Math.log2(size) : 0.85;
      values[row * models.length + m] = random.next() < chance ? 1 : 0;
    });
  }
  const estimator = create();
  estimator.fit({ models, dimensions, embeddings, promptTokens: new Float64Array(rows).fill(50), values });
  return estimator;
}

const candidate = (model: string): Candidate => ({ model, price: null });
const ask = (estimator: ReturnType<typeof trained>, query: Float64Array, ...names: string[]) =>
  estimator.predict({ embedding: Float32Array.from(query), promptTokens: 50 }, names.map(candidate));

describe('the prior', () => {
  it('orders models that it never saw by what it learned of others, where the query is hard', () => {
    const estimator = trained();
    const { mean } = ask(estimator, hard, 'other-2b', 'other-100b');
    expect(mean[1]).toBeGreaterThan((mean[0] ?? 1) + 0.25);
    const onEasy = ask(estimator, easy, 'other-2b', 'other-100b').mean;
    expect(Math.abs((onEasy[1] ?? 0) - (onEasy[0] ?? 1))).toBeLessThan(0.15);
    expect(onEasy[0]).toBeGreaterThan((mean[0] ?? 1) + 0.3);
  });

  it('gives way to outcomes, here and on queries like it', () => {
    const estimator = trained();
    const before = ask(estimator, hard, 'other-100b');
    for (let seq = 1; seq <= 60; seq++) estimator.update(outcome(seq, 'other-100b', hard, 0));
    const after = ask(estimator, hard, 'other-100b');
    expect(before.mean[0]).toBeGreaterThan(0.5);
    expect(after.mean[0]).toBeLessThan(0.1);
    expect(after.deviation[0]).toBeLessThan((before.deviation[0] ?? 0) / 3);
    // Nothing was learned of others.
    expect(ask(estimator, hard, 'other-70b').mean[0]).toBeGreaterThan(0.4);
  });

  it('forgets what the price said once outcomes say otherwise', () => {
    const estimator = trained();
    for (let seq = 1; seq <= 200; seq++) estimator.update(outcome(seq, 'priced', easy, 0.7));
    const input = { embedding: Float32Array.from(easy), promptTokens: 50 };
    const [cheap, dear] = [0.1, 90].map(
      (output) => estimator.predict(input, [{ model: 'priced', price: { input: 0, cachedInput: 0, output } }]).mean[0],
    );
    expect(Math.abs((dear ?? 0) - 0.7)).toBeLessThan(0.03);
    expect(Math.abs((cheap ?? 0) - 0.7)).toBeLessThan(0.03);
  });

  it('expects long answers of models that think at length', () => {
    const options = checkOptions('prior', prior.options, {}, 'test');
    const cost = prior.create(options, { quantity: 'cost', dimensions });
    const price = { input: 0, cachedInput: 0, output: 10 };
    const input = { embedding: new Float32Array(dimensions), promptTokens: 10 };
    const { mean } = cost.predict(input, [
      { model: 'deepseek-r1', price },
      { model: 'deepseek-v3', price },
    ]);
    expect(mean[0]).toBeCloseTo(10 * (mean[1] ?? 0), 9);
  });
});

function outcome(seq: number, model: string, query: Float64Array, value: number): Observation {
  return {
    seq,
    decision: `d${seq}`,
    route: 'auto',
    model,
    quantity: 'quality',
    value,
    weight: 1,
    propensity: 1,
    promptTokens: 50,
    embedding: Float32Array.from(query),
  };
}
