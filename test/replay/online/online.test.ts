import { describe, expect, test } from 'vitest';
import type { Learner, Observation } from '../../../src/core/learner.ts';
import { seededRandom } from '../../../src/core/random.ts';
import { loadCatalogue } from '../../../src/routing/catalogue.ts';
import type { Dataset } from '../../../src/replay/datasets/dataset.ts';
import {
  createContestant,
  createOnlineBed,
  fullInformation,
  warmStart,
  type OnlineBed,
} from '../../../src/replay/online/bed.ts';
import {
  bestFixed,
  firstShare,
  meanOver,
  normalisedUtility,
  quartiles,
  shareOf,
  worstSpending,
} from '../../../src/replay/online/measures.ts';
import { createOnlineLab, type OnlineSpec } from '../../../src/replay/online/online-run.ts';
import { checkEvents, everyLabel, parseEvent, type Scenario } from '../../../src/replay/online/scenario.ts';
import { runStream, type Course } from '../../../src/replay/online/stream.ts';
import { cumulativeRegret, dynamicRegret, intervalRegret } from '../../../src/replay/metrics/regret.ts';
import { bestPerQuery, utilitiesOfWay, type Utilities } from '../../../src/replay/metrics/utility.ts';
import { createWorld } from '../../../src/replay/online/world.ts';

const models = ['codes', 'writes', 'cheap'];
const dimensions = 6;

/** Two kinds of query, a model for each, and a cheap one that is right half the time. */
function planted(rows: number, seed: string): Dataset {
  const random = seededRandom(seed);
  const kinds = Array.from({ length: rows }, () => (random.next() < 0.5 ? 'code' : 'prose'));
  const luck = (chance: number): number => (random.next() < chance ? 1 : 0);
  const texts = kinds.map((kind, i) => `${kind} ${i}`);
  return {
    name: 'planted',
    models,
    embeddedText: 'prompt',
    sources: [{ name: 'planted', sha256: '', licence: null, use: 'bundle', rows }],
    warnings: [],
    sampleIds: texts,
    prompts: texts,
    texts,
    groups: kinds,
    quality: Float64Array.from(
      kinds.flatMap((kind) => [luck(kind === 'code' ? 0.95 : 0.2), luck(kind === 'code' ? 0.2 : 0.95), luck(0.5)]),
    ),
    costUsd: Float64Array.from(kinds.flatMap(() => [0.002, 0.002, 0.0002])),
  };
}

const embedder = {
  id: 'kinds',
  dimensions,
  embed(text: string): Float32Array {
    const random = seededRandom(text);
    const raw = Float32Array.from({ length: dimensions }, () => 0.2 * random.normal());
    raw[text.startsWith('code') ? 0 : 1] = 1;
    const length = Math.hypot(...raw);
    return raw.map((value) => value / length);
  },
};

const catalogue = await loadCatalogue();
const bed: OnlineBed = await createOnlineBed(planted(300, 'train'), planted(200, 'test'), {
  catalogue,
  embedder,
  onProgress: () => undefined,
});
const lab = createOnlineLab(bed, 'test');
const linear = { name: 'linear-bayes', options: { alpha: 1 } };
const scenario = (over: Partial<Scenario> = {}): Scenario => ({
  steps: 1500,
  order: 'random',
  feedback: everyLabel,
  events: [],
  ...over,
});
const spec = (over: Partial<OnlineSpec> = {}): OnlineSpec => ({
  policy: { name: 'linear-thompson' },
  estimator: linear,
  start: 'cold',
  scenario: scenario(),
  lambda: 10,
  epsilon: 0,
  seeds: 1,
  ...over,
});
function courseOf(over: Partial<OnlineSpec> = {}): Course {
  const [course] = lab.run(spec(over), (each) => each);
  if (course === undefined) throw new Error('no course');
  return course;
}

describe('a stream', () => {
  test('repeats bit for bit, and another seed is another stream', () => {
    expect(courseOf()).toEqual(courseOf());
    const [one, two] = lab.run(spec({ seeds: 2 }), (course) => course);
    expect(one).not.toEqual(two);
  });

  test.each(['linucb', 'linear-thompson', 'epsilon-greedy'])('%s learns from what it asked alone', (name) => {
    const course = courseOf({ policy: { name } });
    expect(normalisedUtility(course, 750)).toBeGreaterThan(0.85);
    expect(meanOver(course.utility, 750)).toBeGreaterThan(bestFixed(course) + 0.1);
    expect(courseOf({ policy: { name: 'random' } }).utility).toSatisfy(
      (utility: Float64Array) => Math.abs(meanOver(utility) - meanOver(course.random)) < 0.05,
    );
  });

  test('a warm start is as good as the reference from the first step', () => {
    const course = courseOf({ start: 'warm', policy: { name: 'linucb', options: { alpha: 0.2 } } });
    expect(normalisedUtility(course, 0, 200)).toBeGreaterThan(0.9);
  });

  test('hands out exactly the facts a gateway would have: costs at once, labels when they come', () => {
    const seen: Observation[] = [];
    const spy: Learner = {
      update: (observation) => void seen.push(observation),
      save: () => ({ version: 1, data: {}, arrays: {} }),
      load: () => undefined,
    };
    const contestant = createContestant(bed, { name: 'random' }, linear, {}, { epsilon: 0 });
    const reference = fullInformation(bed, linear, 3, 'x');
    const late = scenario({ steps: 1000, feedback: { share: 0.3, delay: 40, poisoned: 0.5 } });
    const course = runStream(
      { ...contestant, students: [{ learner: spy, accepts: () => true }] },
      bed.stream,
      late,
      reference,
      10,
      's',
    );
    const costs = seen.filter(({ quantity }) => quantity === 'cost');
    const labels = seen.filter(({ quantity }) => quantity === 'quality');
    expect(seen.map(({ seq }) => seq)).toEqual(seen.map((_, i) => i + 1));
    expect(costs.map(({ value }) => value)).toEqual([...course.costUsd]);
    expect(labels).toHaveLength(course.labels);
    expect(Math.abs(labels.length - 288)).toBeLessThan(60);
    let opposite = 0;
    for (const label of labels) {
      const step = Number(label.decision);
      // It stands right behind the cost of the step `delay` later.
      expect(seen[label.seq - 2]).toMatchObject({ quantity: 'cost', decision: `${step + 40}` });
      expect(label.model).toBe(models[course.chosen[step] ?? -1]);
      expect(label.propensity).toBeCloseTo(1 / 3, 12);
      if (label.value !== course.quality[step]) opposite++;
      expect([course.quality[step], 1 - (course.quality[step] ?? 0)]).toContain(label.value);
    }
    expect(Math.abs(opposite / labels.length - 0.5)).toBeLessThan(0.12);
  });

  test('asks only models that exist', () => {
    const events = [parseEvent('arrive:writes@600'), parseEvent('vanish:codes@900')];
    const { chosen, arms } = courseOf({ policy: { name: 'random' }, scenario: scenario({ events }) });
    const asked = (from: number, to: number): Set<number> => new Set(chosen.subarray(from, to));
    expect(asked(0, 600)).toEqual(new Set([0, 2]));
    expect(asked(600, 900)).toEqual(new Set([0, 1, 2]));
    expect(asked(900, 1500)).toEqual(new Set([1, 2]));
    const there = models.map((_, m) => [...utilitiesOfWay(arms, m).keys()].filter((step) => isThere(arms, m, step)));
    expect(there.map((steps) => [steps.length, steps[0]])).toEqual([
      [900, 0],
      [900, 600],
      [1500, 0],
    ]);
  });

  test('forgetting notices a model that degrades; without it the model is trusted for longer', () => {
    const events = [parseEvent('degrade:codes:0.05@2000')];
    const run = (discount: number): number => {
      const estimator = { name: 'linear-bayes', options: { alpha: 1, discount } };
      const course = courseOf({ estimator, start: 'warm', scenario: scenario({ steps: 3000, events }) });
      expect(shareOf(course.chosen, 0, 1000, 2000)).toBeGreaterThan(0.3);
      return shareOf(course.chosen, 0, 2000, 2600);
    };
    const forgetting = run(0.97);
    expect(forgetting).toBeLessThan(0.15);
    expect(run(1)).toBeGreaterThan(2 * forgetting);
  });

  test('budget-paced keeps to the budget, through an announced price shock too', () => {
    const budget = 0.0012;
    const policy = { name: 'budget-paced', options: { policy: 'linucb', usd_per_request: budget } };
    const calm = courseOf({ policy, lambda: 0, start: 'warm', scenario: scenario({ steps: 6000 }) });
    expect(meanOver(calm.costUsd, 3000) / budget).toBeGreaterThan(0.97);
    expect(meanOver(calm.costUsd, 3000) / budget).toBeLessThanOrEqual(1.001);
    const events = [parseEvent('price:*:2@3000')];
    const shock = courseOf({ policy, lambda: 0, start: 'warm', scenario: scenario({ steps: 8000, events }) });
    expect(meanOver(shock.costUsd, 3000, 8000) / budget).toBeLessThan(1.05);
    const free = courseOf({
      policy: { name: 'linucb' },
      lambda: 0,
      start: 'warm',
      scenario: scenario({ steps: 8000, events }),
    });
    expect(meanOver(free.costUsd, 3000, 8000) / budget).toBeGreaterThan(2);
  });
});

describe('a world', () => {
  test('multiplies prices and tells of announced ones', () => {
    const events = [parseEvent('price:cheap:10@3'), parseEvent('price-unannounced:*:2@5')];
    const at = createWorld(bed.stream.dataset, scenario({ steps: 10, events }), 'w');
    const cheap = Array.from({ length: 7 }, (_, step) => at(step).costUsd[2] ?? NaN);
    expect(cheap.map((cost) => Math.round(cost * 1e6))).toEqual([200, 200, 200, 2000, 2000, 4000, 4000]);
    expect([...at(7).announced]).toEqual([1, 1, 10]);
  });

  test('deals every row once a round, and the file order as it is', () => {
    const rows = 200;
    const at = createWorld(bed.stream.dataset, scenario({ steps: 2 * rows }), 'deal');
    const dealt = Array.from({ length: 2 * rows }, (_, step) => at(step).row);
    const all = Array.from({ length: rows }, (_, i) => i);
    for (const round of [dealt.slice(0, rows), dealt.slice(rows)])
      expect([...round].sort((a, b) => a - b)).toEqual(all);
    expect(dealt.slice(0, rows)).not.toEqual(dealt.slice(rows));
    const filed = createWorld(bed.stream.dataset, scenario({ order: 'file' }), 'deal');
    expect(all.map((step) => filed(step).row)).toEqual(all);
  });

  test('a degraded model is right as often as it is said to be', () => {
    const at = createWorld(
      bed.stream.dataset,
      scenario({ steps: 4000, events: [parseEvent('degrade:codes:0.3@0')] }),
      'd',
    );
    let sum = 0;
    for (let step = 0; step < 4000; step++) sum += at(step).quality[0] ?? 0;
    expect(Math.abs(sum / 4000 - 0.3)).toBeLessThan(0.03);
  });
});

describe('events', () => {
  test('are read from text; a model id may hold colons', () => {
    expect(parseEvent('price:*:10@8000')).toEqual({
      type: 'price',
      at: 8000,
      model: null,
      factor: 10,
      announced: true,
    });
    expect(parseEvent('price-unannounced:a:b:0.5@1')).toEqual({
      type: 'price',
      at: 1,
      model: 'a:b',
      factor: 0.5,
      announced: false,
    });
    expect(parseEvent('degrade:qwen:7b:0.25@9')).toEqual({ type: 'degrade', at: 9, model: 'qwen:7b', quality: 0.25 });
    expect(parseEvent('vanish:qwen:7b@9')).toEqual({ type: 'vanish', at: 9, model: 'qwen:7b' });
  });

  test.each([
    '',
    'price:*:x@1',
    'price:*@1',
    'degrade:a:2@1',
    'degrade:a:@1',
    'arrive:@3',
    'arrive:a',
    'explode:a@1',
    'price:*:-1@1',
  ])('"%s" is refused', (text) => {
    expect(() => parseEvent(text)).toThrow(/expected price:MODEL/);
  });

  test('name models of the data set', () => {
    expect(() => checkEvents([parseEvent('vanish:nobody@1')], models)).toThrow(/no model "nobody"; it has codes/);
    expect(() => checkEvents([parseEvent('price:*:2@1')], models)).not.toThrow();
  });
});

const isThere = ({ queries, values }: Utilities, model: number, step: number): boolean =>
  Number.isFinite(values[model * queries + step]);

describe('measures', () => {
  const course: Course = {
    chosen: Int32Array.of(0, 0, 1, 1, 1, 0),
    quality: new Float64Array(6),
    costUsd: Float64Array.of(1, 1, 4, 4, 1, 1),
    utility: Float64Array.of(0.2, 0.4, 0.6, 0.6, 0.6, 0),
    random: new Float64Array(6).fill(0.2),
    reference: new Float64Array(6).fill(0.7),
    referenceChoice: new Int32Array(6),
    // The third comes late: it is no fixed arm, but the best of the last three steps.
    arms: {
      ways: 3,
      queries: 6,
      values: Float64Array.of(0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 1, 1, 1, 0, 0, 0, -Infinity, -Infinity, -Infinity, 1, 1, 1),
    },
    labels: 6,
  };

  test('worked out by hand', () => {
    expect(normalisedUtility(course, 0)).toBeCloseTo(0.4, 12);
    expect(normalisedUtility(course, 2, 5)).toBeCloseTo(0.8, 12);
    expect(bestFixed(course)).toBe(0.5);
    const { utility, arms } = course;
    expect(cumulativeRegret(utility, bestPerQuery(arms)).at(-1)).toBeCloseTo(3.6, 12);
    expect(dynamicRegret(utility, arms, 1)).toBeCloseTo(0.6, 12);
    expect(dynamicRegret(utility, arms, 2)).toBeCloseTo(3.6, 12);
    expect(intervalRegret(utility, arms, 2)).toEqual({ regret: expect.closeTo(1.4, 12), way: 1, from: 0, to: 1 });
    expect(intervalRegret(utility, arms, null).regret).toBeCloseTo(1.8, 12);
    expect(worstSpending(course, 2, 2)).toBe(2);
    expect(worstSpending(course, 2, 3, 0, 3)).toBe(1);
    expect(shareOf(course.chosen, 1, 1, 5)).toBe(0.75);
    expect(firstShare(course.chosen, 1, 0, 2, (share) => share >= 1)).toBe(3);
    expect(firstShare(course.chosen, 0, 1, 2, (share) => share === 0)).toBe(3);
    expect(firstShare(course.chosen, 0, 0, 3, (share) => share === 0)).toBe(4);
    expect(firstShare(course.chosen, 2, 0, 2, (share) => share > 0)).toBeNull();
    expect(quartiles([4, 1, 3, 2, 5])).toEqual({ low: 2, median: 3, high: 4 });
  });
});

test('full information does not peek: a row without twins is predicted as if it were not there', () => {
  const { dataset } = bed.stream;
  const before = fullInformation(bed, linear, 4, 'peek');
  const quality = dataset.quality.slice();
  quality.fill(0, 0, 3);
  const other: OnlineBed = { ...bed, stream: { ...bed.stream, dataset: { ...dataset, quality } } };
  const after = fullInformation(other, linear, 4, 'peek');
  expect([...after.quality.subarray(0, 3)]).toEqual([...before.quality.subarray(0, 3)]);
  expect(after.quality).not.toEqual(before.quality);
});

test('a warm start is the state of training rows alone, for what the estimator can estimate', () => {
  expect(Object.keys(warmStart(bed, linear))).toEqual(['quality', 'cost']);
  const [quality] = Object.values(warmStart(bed, { name: 'beta-mean' }));
  expect(quality?.data['quantity']).toBe('quality');
});

test('a second observation teaches the memory of the policy that drew it, and no estimator', () => {
  const contestant = createContestant(bed, { name: 'stabl', options: { lambda: 0 } }, linear, {}, { epsilon: 0 });
  const heard: Observation[] = [];
  const [quality, ...others] = contestant.students;
  if (quality === undefined) throw new Error('nothing learns');
  const { learner } = quality;
  const spy: Learner = {
    update: (each) => void heard.push(each),
    save: () => learner.save(),
    load: (state) => learner.load(state),
  };
  const students = [{ ...quality, learner: spy }, ...others];
  const reference = fullInformation(bed, linear, 3, 'x');
  runStream({ ...contestant, students }, bed.stream, scenario({ steps: 500 }), reference, 0, 'second');
  expect(heard).toHaveLength(500);
  expect(heard.every(({ note }) => note === undefined)).toBe(true);
  expect(contestant.route.memory?.learner.save().data['facts']).toBe(1000);
});

test('a second answer costs its dollars, and the answer that was served is not paid twice', () => {
  const reference = fullInformation(bed, linear, 3, 'x');
  const run = (share: number) => {
    const options = { lambda: 0, second_share: share, epsilon: 1 };
    const contestant = createContestant(bed, { name: 'stabl', options }, linear, {}, { epsilon: 0 });
    return runStream(contestant, bed.stream, scenario({ steps: 3000 }), reference, 100, 'paid');
  };
  const [alone, asked] = [run(0), run(1)];
  // Same draws of the model that serves: what it costs more is the second one, where it is another.
  expect(asked.chosen).toEqual(alone.chosen);
  const paid = asked.costUsd.map((usd, step) => usd - (alone.costUsd[step] ?? 0));
  expect(paid.filter((usd) => usd === 0).length / 3000).toBeCloseTo(1 / 3, 1);
  expect(meanOver(paid)).toBeCloseTo(((2 / 3) * (0.002 + 0.002 + 0.0002)) / 3, 4);
  for (const [step, usd] of paid.entries()) {
    expect((alone.utility[step] ?? 0) - (asked.utility[step] ?? 0)).toBeCloseTo(100 * usd, 12);
  }
});
