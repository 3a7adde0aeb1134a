import { expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import type { Observation } from '../../src/core/learner.ts';
import type { Policy } from '../../src/core/policy.ts';
import { decodeState, encodeState } from '../../src/core/state-codec.ts';
import { loadCatalogue } from '../../src/routing/catalogue.ts';
import { checkOptions } from '../../src/routing/options.ts';
import { policyContext } from '../../src/routing/policy-context.ts';

const { policies } = await loadCatalogue();
const models = ['a', 'b', 'c', 'd'];
const candidates = models.map((model) => ({ model, price: null }));

function create(name: string, options: unknown): Policy {
  const definition = policies.get(name);
  if (definition === undefined) throw new Error(`no policy ${name}`);
  return definition.create(
    checkOptions(name, definition.options, options, 'test'),
    policyContext(models, policies, 'test'),
  );
}

let seq = 0;
const fact = (place: number, value: number, propensity: number, note?: readonly number[]): Observation => ({
  seq: ++seq,
  decision: 'd',
  route: 'r',
  model: models[place] ?? '',
  quantity: 'quality',
  value,
  weight: 1,
  propensity,
  promptTokens: 1,
  embedding: null,
  note,
});
const nothing = { mean: new Float64Array(4), deviation: new Float64Array(4) };
const decide = (policy: Policy, seed: string) =>
  policy.decide({
    candidates,
    predictions: { quality: nothing, cost: nothing, latency: nothing, output_tokens: nothing },
    lambda: null,
    random: seededRandom(seed),
  });

const steps = 6_000;
const change = 4_000;
/** Expected qualities: `a` is best until the change, and worst after it. */
const world = (step: number): readonly number[] => (step < change ? [0.9, 0.5, 0.4, 0.3] : [0.1, 0.5, 0.8, 0.3]);

/** What was lost against the best model of each stretch: [before, after]. Expected, so only the policy's own draws are luck. */
function regrets(policy: Policy, seed: string): readonly [number, number] {
  const luck = seededRandom(`${seed}:luck`);
  const lost: [number, number] = [0, 0];
  for (let step = 0; step < steps; step++) {
    const qualities = world(step);
    const drawn = qualities.map((quality) => (luck.next() < quality ? 1 : 0));
    const { ranking, propensities, second } = decide(policy, `${seed}:${step}`);
    const place = ranking[0] ?? 0;
    lost[step < change ? 0 : 1] += Math.max(...qualities) - (qualities[place] ?? 0);
    policy.memory?.update(fact(place, drawn[place] ?? 0, propensities[place] ?? 0));
    if (second !== undefined)
      policy.memory?.update(fact(second.place, drawn[second.place] ?? 0, second.propensity, [1]));
  }
  return lost;
}

test('loses less than exp3 after a change point, and no more than sqrt(models x length) asks for on either side', () => {
  for (const seed of ['one', 'two', 'three']) {
    const [before, after] = regrets(create('stabl', { lambda: 0 }), seed);
    const [, exp3After] = regrets(create('exp3', { lambda: 0 }), seed);
    expect(after).toBeLessThan(0.75 * exp3After);
    for (const [lost, length] of [
      [before, change],
      [after, steps - change],
    ] as const) {
      expect(lost).toBeLessThan(5 * Math.sqrt(models.length * length));
    }
  }
});

test('its propensities are those of its draws, and the second one is uniform and apart from the first', () => {
  const policy = create('stabl', { lambda: 0, epsilon: 0.1, second_share: 0.5 });
  for (let i = 0; i < 300; i++) policy.memory?.update(fact(i % 4, i % 4 === 1 ? 1 : 0, 0.25));
  const counts = new Float64Array(4);
  const seconds = new Float64Array(4);
  const both = new Float64Array(4);
  const draws = 20_000;
  const { propensities } = decide(policy, 'x');
  const likeliest = propensities.indexOf(Math.max(...propensities));
  for (let i = 0; i < draws; i++) {
    const { ranking, second } = decide(policy, `draw ${i}`);
    const place = ranking[0] ?? 0;
    counts[place] = (counts[place] ?? 0) + 1;
    if (second === undefined) continue;
    expect(second.propensity).toBe(0.125);
    seconds[second.place] = (seconds[second.place] ?? 0) + 1;
    if (place === likeliest) both[second.place] = (both[second.place] ?? 0) + 1;
  }
  expect(propensities[1]).toBeGreaterThan(0.3);
  for (let i = 0; i < 4; i++) {
    expect((counts[i] ?? 0) / draws).toBeCloseTo(propensities[i] ?? 0, 1.7);
    expect((seconds[i] ?? 0) / draws).toBeCloseTo(0.125, 1.9);
    expect((both[i] ?? 0) / draws).toBeCloseTo(0.125 * (propensities[likeliest] ?? 0), 1.9);
  }
});

test('a saved memory decides as the one that goes on, and a damaged one is refused', () => {
  const policy = create('stabl', {});
  for (let i = 0; i < 100; i++) policy.memory?.update(fact(i % 3, (i % 5) / 4, 0.3));
  const state = policy.memory?.save() ?? { version: 0, data: {}, arrays: {} };
  const other = create('stabl', {});
  other.memory?.load(decodeState(encodeState(state)));
  expect(decide(other, 'same')).toEqual(decide(policy, 'same'));
  const trust = new Float64Array(13).fill(NaN);
  expect(() => other.memory?.load({ ...state, arrays: { ...state.arrays, trust } })).toThrow(/Remove the snapshot/);
});
