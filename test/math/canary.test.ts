import { describe, expect, it } from 'vitest';
import type { Observation } from '../../src/core/learner.ts';
import { seededRandom, type Random } from '../../src/core/random.ts';
import { actionNote, createCanaryTrial, type CanaryTrial } from '../../src/math/canary-trial.ts';
import { addToSequence, newSequence, sequenceInterval } from '../../src/math/confidence-sequence.ts';

describe('a confidence sequence', () => {
  it('misses at any of 1,000 looks in at most alpha of the runs, and narrows', () => {
    const runs = 300;
    for (const mean of [0.05, 0.5, 0.9]) {
      let missed = 0;
      let width = 0;
      for (let run = 0; run < runs; run++) {
        const random = seededRandom(`${mean}:${run}`);
        const sequence = newSequence();
        let ever = false;
        for (let i = 0; i < 1_000; i++) {
          addToSequence(sequence, random.next() < mean ? 1 : 0, 0.1);
          const { low, high } = sequenceInterval(sequence, 0.1);
          if (low > mean || high < mean) ever = true;
        }
        if (ever) missed++;
        const { low, high } = sequenceInterval(sequence, 0.1);
        width += (high - low) / runs;
      }
      expect(missed / runs).toBeLessThanOrEqual(0.1);
      expect(width).toBeLessThan(0.2);
    }
  });

  it('says everything before it knows anything, and is safe at the ends', () => {
    expect(sequenceInterval(newSequence(), 0.05)).toEqual({ low: 0, high: 1 });
    const sequence = newSequence();
    for (let i = 0; i < 500; i++) addToSequence(sequence, 7, 0.05);
    const { low, high } = sequenceInterval(sequence, 0.05);
    expect(high).toBe(1);
    expect(low).toBeGreaterThan(0.9);
  });
});

const settings = { alpha: 0.05, qualityMargin: 0.02, highestCostUsd: 0.01, costMarginUsd: 0, leastWeight: 0.5 };

function fact(change: Partial<Observation>): Observation {
  return {
    seq: 1,
    decision: 'd',
    route: 'auto',
    model: 'm',
    quantity: 'quality',
    value: 1,
    weight: 1,
    propensity: 1,
    promptTokens: 1,
    embedding: null,
    ...change,
  };
}

/** Feeds both arms until a verdict or the end; returns how many facts that took. */
function run(
  trial: CanaryTrial,
  random: Random,
  quality: readonly number[],
  cost: readonly number[],
  steps: number,
): number {
  for (let i = 0; i < steps; i++) {
    if (trial.phase !== 'testing') return i;
    const arm = i % 2;
    trial.update(fact({ note: [arm], value: random.next() < (quality[arm] ?? 0) ? 1 : 0 }));
    trial.update(fact({ note: [arm], quantity: 'cost', value: (cost[arm] ?? 0) * (0.5 + random.next()) }));
  }
  return steps;
}

describe('a canary', () => {
  it('is promoted when better and cheaper, rolled back when worse, and rolled back when dearer', () => {
    const better = createCanaryTrial(settings);
    run(better, seededRandom('better'), [0.6, 0.8], [0.004, 0.002], 20_000);
    expect(better.phase).toBe('promoted');
    const worse = createCanaryTrial(settings);
    run(worse, seededRandom('worse'), [0.8, 0.6], [0.004, 0.002], 20_000);
    expect(worse.phase).toBe('rolled_back');
    const dearer = createCanaryTrial(settings);
    run(dearer, seededRandom('dearer'), [0.7, 0.7], [0.002, 0.004], 20_000);
    expect(dearer.phase).toBe('rolled_back');
  });

  it('is not fooled: of 100 candidates that are worse by more than the margin at most 5 % are ever promoted', () => {
    let promoted = 0;
    for (let i = 0; i < 100; i++) {
      const trial = createCanaryTrial({ ...settings, highestCostUsd: null });
      run(trial, seededRandom(`null ${i}`), [0.7, 0.67], [0, 0], 2_000);
      if (trial.phase === 'promoted') promoted++;
    }
    expect(promoted).toBeLessThanOrEqual(5);
  });

  it('obeys: promote, roll back, freeze, resume, restart', () => {
    const trial = createCanaryTrial(settings);
    const say = (action: Parameters<typeof actionNote>[0]): void =>
      trial.update(fact({ note: actionNote(action), weight: 1 }));
    say('promote');
    expect(trial.phase).toBe('promoted');
    say('rollback');
    expect(trial.phase).toBe('rolled_back');
    say('restart');
    say('freeze');
    expect([trial.phase, trial.frozen]).toEqual(['testing', true]);
    run(trial, seededRandom('frozen'), [1, 0], [0.001, 0.009], 2_000);
    expect(trial.phase).toBe('testing');
    say('resume');
    run(trial, seededRandom('frozen'), [1, 0], [0.001, 0.009], 2_000);
    expect(trial.phase).toBe('rolled_back');
  });

  it('ignores what it should not count: faint hints, facts without an arm, other quantities', () => {
    const trial = createCanaryTrial(settings);
    const before = trial.save();
    trial.update(fact({ note: [1], weight: 0.2 }));
    trial.update(fact({}));
    trial.update(fact({ note: [1], quantity: 'latency', value: 9 }));
    trial.update(fact({ note: [7] }));
    expect(trial.save()).toEqual(before);
  });

  it('goes on after a restart as if nothing had been, and refuses a damaged state', () => {
    const [one, other] = [createCanaryTrial(settings), createCanaryTrial(settings)];
    run(one, seededRandom('half'), [0.7, 0.72], [0.004, 0.002], 200);
    other.load(one.save());
    const [a, b] = [one, other].map((trial) => run(trial, seededRandom('rest'), [0.7, 0.8], [0.004, 0.002], 20_000));
    expect(a).toBe(b);
    expect(other.save()).toEqual(one.save());
    const state = one.save();
    expect(() => other.load({ ...state, arrays: { sequences: new Float64Array(24).fill(Number.NaN) } })).toThrow(
      /damaged/,
    );
  });
});
