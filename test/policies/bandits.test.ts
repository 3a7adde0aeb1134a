import { describe, expect, test } from 'vitest';
import type { Observation } from '../../src/core/learner.ts';
import type { Policy, PolicyDecision } from '../../src/core/policy.ts';
import { hash32, seededRandom } from '../../src/core/random.ts';
import { decodeState, encodeState } from '../../src/core/state-codec.ts';
import { loadCatalogue } from '../../src/routing/catalogue.ts';
import { checkOptions } from '../../src/routing/options.ts';
import { policyContext } from '../../src/routing/policy-context.ts';

/** What the bandits do beyond the laws that every policy keeps. */
const { policies } = await loadCatalogue();
const models = ['a', 'b', 'c'];

function create(name: string, options: unknown = {}): Policy {
  const definition = policies.get(name);
  if (definition === undefined) throw new Error(`no policy ${name}`);
  return definition.create(
    checkOptions(name, definition.options, options, 'test'),
    policyContext(models, policies, 'test'),
  );
}

interface Beliefs {
  readonly quality?: readonly number[];
  readonly deviation?: readonly number[];
  readonly costUsd?: readonly number[];
}

function decide(policy: Policy, beliefs: Beliefs = {}, lambda: number | null = 0, seed = 'test'): PolicyDecision {
  const { quality = [0.5, 0.5, 0.5], deviation = [0, 0, 0], costUsd = [0.001, 0.002, 0.003] } = beliefs;
  const nothing = { mean: new Float64Array(3), deviation: new Float64Array(3) };
  return policy.decide({
    candidates: models.map((model) => ({ model, price: null })),
    predictions: {
      quality: { mean: Float64Array.from(quality), deviation: Float64Array.from(deviation) },
      cost: { mean: Float64Array.from(costUsd), deviation: new Float64Array(3) },
      latency: nothing,
      output_tokens: nothing,
    },
    lambda,
    random: seededRandom(seed),
  });
}

const chosen = ({ plan }: PolicyDecision): string => (plan.type === 'route' ? plan.model : 'rejected');

let seq = 0;
const fact = (model: string, value: number, more: Partial<Observation> = {}): Observation => ({
  seq: ++seq,
  decision: 'd',
  route: 'auto',
  model,
  quantity: 'quality',
  value,
  weight: 1,
  propensity: 1 / 3,
  promptTokens: 10,
  embedding: null,
  ...more,
});

/** Asks, answers with `worth`, tells, `rounds` times; gives how often each model was asked in the last half. */
function play(
  policy: Policy,
  rounds: number,
  worth: (model: string, round: number) => number,
  beliefs: Beliefs = {},
): number[] {
  const random = seededRandom('play');
  const counts = [0, 0, 0];
  for (let round = 0; round < rounds; round++) {
    const decision = decide(policy, beliefs, 0, `round ${round}`);
    const model = chosen(decision);
    const place = models.indexOf(model);
    if (round >= rounds / 2) counts[place] = (counts[place] ?? 0) + 1;
    const value = random.next() < worth(model, round) ? 1 : 0;
    policy.memory?.update(
      fact(model, value, { propensity: decision.propensities[place] ?? null, note: decision.note }),
    );
  }
  return counts;
}

describe('linucb', () => {
  test('adds alpha deviations to what is predicted, and weighs cost', () => {
    const beliefs = { quality: [0.6, 0.5, 0.4], deviation: [0.02, 0.3, 0.1], costUsd: [0.001, 0.001, 0.001] };
    expect(chosen(decide(create('linucb', { alpha: 0 }), beliefs))).toBe('a');
    const hopeful = decide(create('linucb', { alpha: 1 }), beliefs, 100);
    expect(chosen(hopeful)).toBe('b');
    expect(hopeful.ranking).toEqual([1, 0, 2]);
    expect(hopeful.reason).toBe('quality 0.5 + 0.3 for not knowing − 100 × $0.001 = 0.7 is the highest of 3');
    expect(chosen(decide(create('linucb', { alpha: 1 }), { ...beliefs, costUsd: [0.001, 0.004, 0.001] }, 100))).toBe(
      'a',
    );
  });
});

describe('Thompson sampling', () => {
  test.each(['thompson', 'linear-thompson'])('%s: probabilities of being the best, worked out by hand', (name) => {
    // Two that are equally believed, one hopeless: a half each.
    const halves = decide(create(name), { quality: [0.7, 0.7, 0.2], deviation: [0.05, 0.05, 0.01] });
    expect(halves.propensities[0]).toBeCloseTo(0.5, 9);
    expect(halves.propensities[2]).toBe(0);
    // The dearer one pays 0.1 in quality: .3 deviations of the difference, Phi(-1 / sqrt 2) = .24.
    const dear = decide(
      create(name, name === 'thompson' ? {} : { scale: 1 }),
      {
        quality: [0.5, 0.5, 0],
        deviation: [0.1, 0.1, 0],
        costUsd: [0, 0.1, 0],
      },
      1,
    );
    expect(Math.abs((dear.propensities[1] ?? NaN) - 0.24)).toBeLessThan(0.01);
  });
});

describe('upper confidence bounds', () => {
  test('ucb tries everything once, cheapest first, then follows mean + sqrt(xi log t / n)', () => {
    const policy = create('ucb', { exploration: 0.5 });
    expect(chosen(decide(policy))).toBe('a');
    policy.memory?.update(fact('a', 1));
    expect(chosen(decide(policy))).toBe('b');
    policy.memory?.update(fact('b', 0));
    policy.memory?.update(fact('c', 1, { weight: 2 }));
    // t = 4, log 4 = 1.386: a 1 + sqrt(.693), b 0 + .833, c 1 + sqrt(.693 / 2) = 1.589.
    const decision = decide(policy);
    expect(decision.ranking).toEqual([0, 2, 1]);
    expect(decision.reason).toContain('quality 1 + 0.833 for not knowing');
    expect(chosen(decide(policy, {}, 200))).toBe('a');
    expect(chosen(decide(policy, { costUsd: [0.01, 0.002, 0.003] }, 100))).toBe('c');
  });

  test('finds the best model, and ucb keeps to it', () => {
    const [, , c = 0] = play(create('ucb'), 3000, (model) => ({ a: 0.4, b: 0.5, c: 0.7 })[model] ?? 0);
    expect(c).toBeGreaterThan(1200);
  });

  test.each([
    ['discounted-ucb', { discount: 0.98, exploration: 0.1 }],
    ['sliding-window-ucb', { window: 150, exploration: 0.1 }],
  ])('%s notices that the best has become the worst; ucb holds on to it', (name, options) => {
    const worth = (model: string, round: number): number =>
      model === 'a' ? (round < 3000 ? 0.9 : 0.1) : model === 'b' ? 0.6 : 0.2;
    const [a = 0, b = 0] = play(create(name, options), 4000, worth);
    const [old = 0] = play(create('ucb', { exploration: 0.1 }), 4000, worth);
    expect(a).toBeLessThan(1150);
    expect(b).toBeGreaterThan(700);
    expect(old).toBeGreaterThan(1900);
  });

  test('the window counts exactly its last observations', () => {
    const policy = create('sliding-window-ucb', { window: 3, exploration: 0 });
    for (const [model, value] of [
      ['a', 1],
      ['b', 0.5],
      ['c', 0.9],
      ['a', 0.2],
      ['b', 0.6],
    ] as const) {
      policy.memory?.update(fact(model, value));
    }
    // c .9, a .2, b .6 are left.
    expect(decide(policy).ranking).toEqual([2, 1, 0]);
  });
});

describe('exp3', () => {
  test('starts uniform, then weighs exp(−eta x estimated loss)', () => {
    const policy = create('exp3', { eta: 0.1, epsilon: 0, bias: 0.1 });
    expect([...decide(policy).propensities]).toEqual([1 / 3, 1 / 3, 1 / 3]);
    policy.memory?.update(fact('a', 0.4, { propensity: 0.5 }));
    // Loss .6 / (.5 + .1) = 1, so the weights are e^-.1, 1, 1.
    const sum = Math.exp(-0.1) + 2;
    expect(decide(policy).propensities[0]).toBeCloseTo(Math.exp(-0.1) / sum, 12);
    // Dollars of two rounds are brought to the one labelled round: .3 / .6 x 1 / 2 = .25 a dollar.
    policy.memory?.update(fact('a', 0.3, { quantity: 'cost', propensity: 0.5 }));
    policy.memory?.update(fact('b', 0, { quantity: 'cost', propensity: 0.5 }));
    expect(decide(policy, {}, 2).propensities[0]).toBeCloseTo(Math.exp(-0.15) / (Math.exp(-0.15) + 2), 12);
  });

  test('learns whatever order good and bad come in, and says nothing of facts without a propensity', () => {
    const policy = create('exp3');
    policy.memory?.update(fact('a', 0, { propensity: null }));
    expect([...decide(policy).propensities]).toEqual([1 / 3, 1 / 3, 1 / 3]);
    const [, b = 0] = play(policy, 6000, (model) => (model === 'b' ? 0.8 : 0.3));
    expect(b).toBeGreaterThan(2400);
  });
});

describe('budget-paced', () => {
  const options = { policy: { type: 'cost-aware' }, usd_per_request: 0.002, headroom: 0, gain: 0.01, damping: 0 };

  test('the price follows debt, with numbers worked out by hand', () => {
    const policy = create('budget-paced', options);
    const beliefs = { quality: [0.5, 0.55, 0.6] };
    expect(chosen(decide(policy, beliefs))).toBe('c');
    for (let i = 0; i < 4; i++) policy.memory?.update(fact('c', 0.006, { quantity: 'cost' }));
    // Four requests at three budgets: debt 8, so a dollar costs .01 x 8 / .002 = 40.
    const decision = decide(policy, beliefs);
    expect(decision.lambda).toBe(40);
    expect(decision.reason).toContain('dollar price 40, 8 requests in debt');
    expect(decide(policy, beliefs, 5).lambda).toBe(45);
    for (let i = 0; i < 20; i++) policy.memory?.update(fact('a', 0, { quantity: 'cost' }));
    expect(decide(policy, beliefs).lambda).toBe(0);
  });

  test('keeps spending at the budget where models to either side of it are all there is', () => {
    const policy = create('budget-paced', { policy: 'cost-aware', usd_per_request: 0.002 });
    const price: Readonly<Record<string, number>> = { a: 0.0005, b: 0.004, c: 0.02 };
    const beliefs = { quality: [0.4, 0.6, 0.8], costUsd: models.map((model) => price[model] ?? 0) };
    let spent = 0;
    for (let step = 0; step < 6000; step++) {
      const model = chosen(decide(policy, beliefs));
      policy.memory?.update(fact(model, price[model] ?? 0, { quantity: 'cost' }));
      if (step >= 3000) spent += price[model] ?? 0;
    }
    expect(spent / 3000 / 0.002).toBeGreaterThan(0.97);
    expect(spent / 3000 / 0.002).toBeLessThanOrEqual(1);
  });

  test('around a policy that remembers keeps both memories in one', () => {
    const both = { policy: { type: 'ucb', exploration: 0 }, usd_per_request: 0.001 };
    const policy = create('budget-paced', both);
    policy.memory?.update(fact('a', 0.1));
    policy.memory?.update(fact('b', 0.9));
    policy.memory?.update(fact('c', 0.3));
    for (let i = 0; i < 3; i++) policy.memory?.update(fact('c', 0.004, { quantity: 'cost' }));
    const state = policy.memory?.save();
    if (state === undefined) throw new Error('no memory');
    const copy = create('budget-paced', both);
    copy.memory?.load(decodeState(encodeState(state)));
    expect(decide(copy)).toEqual(decide(policy));
    expect(decide(copy).reason).toMatch(/quality 0.9 .* in debt/);
    const other = create('budget-paced', { policy: 'cost-aware', usd_per_request: 0.001 });
    expect(() => other.memory?.load(state)).toThrow(expect.objectContaining({ code: 'invalid_data' }));
    // A part that is refused leaves the whole as it was.
    const before = decide(copy);
    const broken = { ...state, arrays: { ...state.arrays, '1/sums': new Float64Array(1) } };
    expect(() => copy.memory?.load(broken)).toThrow(/saved state of ucb/);
    expect(decide(copy)).toEqual(before);
  });
});

describe('policy-bandit', () => {
  const options = {
    policies: [{ type: 'static', model: 'a' }, { type: 'static', model: 'b' }, 'random'],
    least_share: 0.06,
  };

  test('mixes the propensities of its policies, and notes what each would have done', () => {
    const decision = decide(create('policy-bandit', options));
    // A third each: a and b get a third of their own and a ninth of random's.
    expect(decision.propensities[0]).toBeCloseTo(1 / 3 + 1 / 9, 9);
    expect(decision.propensities[2]).toBeCloseTo(1 / 9, 9);
    const [model, chance, ...chances] = decision.note ?? [];
    expect(model).toBe(hash32(chosen(decision)));
    expect(chance).toBe(decision.propensities[decision.ranking[0] ?? 0]);
    expect(chances).toEqual({ a: [1, 0, 1 / 3], b: [0, 1, 1 / 3], c: [0, 0, 1 / 3] }[chosen(decision)]);
  });

  test('finds the policy that is worth most', () => {
    const [, b = 0] = play(create('policy-bandit', options), 4000, (model) => ({ a: 0.3, b: 0.8, c: 0.5 })[model] ?? 0);
    expect(b).toBeGreaterThan(1750);
  });

  test('learns nothing from a fallback, whose model nobody chose', () => {
    const policy = create('policy-bandit', options);
    const decision = decide(policy);
    const before = policy.memory?.save();
    const other = models.find((model) => model !== chosen(decision)) ?? '';
    policy.memory?.update(fact(other, 1, { note: decision.note }));
    policy.memory?.update(fact(chosen(decision), 1));
    policy.memory?.update(fact(chosen(decision), 1, { note: [...(decision.note ?? []), 1] }));
    expect(policy.memory?.save()).toEqual(before);
    policy.memory?.update(fact(chosen(decision), 1, { note: decision.note }));
    expect(policy.memory?.save()).not.toEqual(before);
  });

  test('does not stand in itself', () => {
    const nested = { policies: ['random', { type: 'policy-bandit', policies: ['random', 'static'] }] };
    expect(() => create('policy-bandit', nested)).toThrow(/directly/);
  });
});

describe('onboarding', () => {
  const options = {
    policy: { type: 'linucb', alpha: 0 },
    probes: 4,
    share: 0.4,
    cautious_until: 6,
    cautious_share: 0.25,
  };
  const beliefs = { quality: [0.6, 0.5, 0.9], deviation: [0.01, 0.01, 0.5] };

  function after(labels: readonly [number, number, number], given = beliefs): PolicyDecision {
    const policy = create('onboarding', options);
    labels.forEach((count, i) => {
      for (let n = 0; n < count; n++) policy.memory?.update(fact(models[i] ?? '', 0.5));
    });
    return decide(policy, given);
  }

  test('leaves the inner policy alone while nobody is known, and when everybody is', () => {
    expect([...after([3, 3, 3]).propensities]).toEqual([0, 0, 1]);
    expect([...after([6, 9, 6]).propensities]).toEqual([0, 0, 1]);
  });

  test('a newcomer gets probes only, where its prediction is in doubt', () => {
    const close = ({ propensities }: PolicyDecision, expected: readonly number[]): void =>
      expected.forEach((each, i) => expect(propensities[i]).toBeCloseTo(each, 12));
    close(after([9, 9, 0]), [0.6, 0, 0.4]);
    close(after([9, 9, 3], { ...beliefs, deviation: [0.01, 0.01, 0.125] }), [0.8, 0, 0.2]);
    close(after([9, 0, 0], { ...beliefs, deviation: [0.01, 0.25, 0.125] }), [0.7, 0.2, 0.1]);
    // On trial: a quarter at most, the rest to the next that is known.
    close(after([9, 9, 5]), [0.75, 0, 0.25]);
  });

  test('a better newcomer is adopted, a worse one is not, and both only after their quiz', () => {
    for (const [quality, low, high] of [
      [0.95, 700, 1000],
      [0.05, 0, 60],
    ] as const) {
      const policy = create('onboarding', {
        policy: { type: 'discounted-ucb', exploration: 0.05 },
        probes: 20,
        share: 0.3,
      });
      for (let i = 0; i < 60; i++) for (const model of ['a', 'b']) policy.memory?.update(fact(model, 0.5));
      const [, , c = 0] = play(policy, 2000, (model) => (model === 'c' ? quality : 0.5), { deviation: [0, 0, 0.5] });
      expect(c).toBeGreaterThanOrEqual(low);
      expect(c).toBeLessThanOrEqual(high);
    }
  });
});

describe.each(['ucb', 'discounted-ucb', 'sliding-window-ucb', 'exp3', 'policy-bandit', 'budget-paced', 'onboarding'])(
  'the memory of %s',
  (name) => {
    const definition = policies.get(name);
    const fresh = (): Policy => create(name, definition?.example(models));
    const random = seededRandom(`memory of ${name}`);
    const facts = Array.from({ length: 400 }, () => {
      const model = models[random.integer(3)] ?? '';
      const quantity = random.next() < 0.5 ? ('quality' as const) : ('cost' as const);
      return fact(model, quantity === 'quality' ? random.next() : random.next() * 0.002, {
        quantity,
        propensity: random.next(),
        note: [hash32(model), 0.5, random.next(), random.next(), random.next()],
      });
    });
    const memoryOf = (policy: Policy) => {
      if (policy.memory === undefined) throw new Error('it remembers nothing');
      return policy.memory;
    };

    test('goes on after save and load as if nothing had happened, to the bit', () => {
      const [one, two] = [fresh(), fresh()];
      facts.slice(0, 200).forEach((each) => memoryOf(one).update(each));
      const state = memoryOf(one).save();
      const bytes = encodeState(state);
      memoryOf(two).load(decodeState(bytes));
      facts.slice(200).forEach((each) => {
        memoryOf(one).update(each);
        memoryOf(two).update(each);
      });
      expect(encodeState(memoryOf(two).save()).equals(encodeState(memoryOf(one).save()))).toBe(true);
      expect(decide(two)).toEqual(decide(one));
      expect(encodeState(state).equals(bytes)).toBe(true);
    });

    test('passes over what it cannot use, and refuses a state that is not its own', () => {
      const policy = fresh();
      facts.slice(0, 50).forEach((each) => memoryOf(policy).update(each));
      const state = memoryOf(policy).save();
      for (const quantity of ['quality', 'cost'] as const) {
        for (const spoilt of [{ value: NaN }, { value: -1 }, { value: Infinity }]) {
          memoryOf(policy).update(fact('a', 0, { quantity, note: [hash32('a'), 0.5, 1, 1, 1], ...spoilt }));
        }
      }
      memoryOf(policy).update(fact('a', 5, { quantity: 'latency' }));
      expect(encodeState(memoryOf(policy).save()).equals(encodeState(state))).toBe(true);
      for (const broken of [
        { ...state, version: 99 },
        { ...state, arrays: {} },
      ]) {
        expect(() => memoryOf(fresh()).load(broken)).toThrow(expect.objectContaining({ code: 'invalid_data' }));
      }
    });
  },
);
