import { beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/core/random.ts';
import type { LoggedDecision } from '../../../src/outcomes/log.ts';
import { evaluateLog } from '../../../src/replay/log/evaluate-log.ts';
import { routedLog } from '../../../src/replay/log/log-choices.ts';
import { targetPolicy } from '../../../src/replay/log/target-chances.ts';
import { loadCatalogue, type Catalogue } from '../../../src/routing/catalogue.ts';

let catalogue: Catalogue;
beforeAll(async () => {
  catalogue = await loadCatalogue();
});

const cost = [0.001, 0.01];
/** Queries of two kinds: even ones both models answer, odd ones only `large` does. */
const truth = (query: number, model: number): number => (query % 2 === 0 || model === 1 ? 1 : 0);
const predicted = (query: number) => ({
  quality: { mean: Float64Array.of(truth(query, 0), 1), deviation: Float64Array.of(0.1, 0.1) },
  cost: { mean: Float64Array.from(cost), deviation: new Float64Array(2) },
});

/** A log of a policy that takes `small` with this probability. */
function log(queries: number, small: number, change: Partial<LoggedDecision> = {}): LoggedDecision[] {
  const random = seededRandom(`log ${small}`);
  return Array.from({ length: queries }, (_, query) => {
    const model = random.next() < small ? 0 : 1;
    const name = ['small', 'large'][model] ?? '';
    return {
      decision: `dec_${query}`,
      at: query,
      route: 'auto',
      policy: 'weighted',
      lambda: null,
      pinned: false,
      shadow: null,
      predictions: predicted(query),
      prompt: null,
      embedder: null,
      embedding: null,
      candidates: ['small', 'large'],
      propensities: Float64Array.of(small, 1 - small),
      chosen: name,
      served: name,
      quality: truth(query, model),
      costUsd: cost[model] ?? 0,
      promptTokens: 1,
      outputTokens: 1,
      ...change,
    };
  });
}

const options = { lambda: 20, resamples: 0, seed: 'x' };
const target = (name: string, own: Record<string, unknown> = {}, lambda: number | null = null, epsilon = 0) =>
  targetPolicy({ name, options: own, lambda, epsilon }, ['small', 'large'], catalogue);

describe('a policy that did not write the log', () => {
  it('is evaluated to what it would truly have come to', () => {
    const routed = routedLog(log(2_000, 0.5), null, 'x.db');
    // At lambda 20 the even queries go to small, the odd ones to large.
    const [quality, dollars, utility] = evaluateLog(routed, target('cost-aware', {}, 20), options);
    for (const [figure, value] of [
      [quality, 1],
      [dollars, 0.0055],
      [utility, 1 - 20 * 0.0055],
    ] as const) {
      if (figure?.result?.type !== 'estimate') throw new Error('no estimate');
      for (const estimate of [figure.result.ips, figure.result.snips, figure.result.doublyRobust]) {
        expect(Math.abs((estimate?.value ?? 9) - value)).toBeLessThan(4 * (estimate?.standardError ?? 0) + 1e-9);
        expect((estimate?.high ?? 9) - (estimate?.low ?? 0)).toBeLessThan(0.2 * Math.max(value, 0.01));
      }
      expect(figure.result.effectiveSampleSize).toBeGreaterThan(800);
    }
    expect(quality?.logged?.value).toBeCloseTo(0.75, 1);
  });

  it('has no support in a log that never tried the other model; exploration gives it some', () => {
    const routed = routedLog(log(100, 0), null, 'x.db');
    expect(evaluateLog(routed, target('cost-aware', {}, 20), options)[0]?.result?.type).toBe('no_support');
    const even = routedLog(log(100, 0.5), null, 'x.db');
    expect(evaluateLog(even, target('static', { model: 'large' }, null, 0.1), options)[0]?.result?.type).toBe(
      'estimate',
    );
  });

  it('takes the lambda that was logged where none is given', () => {
    const rows = log(10, 0.5, { lambda: 1_000 });
    expect([...target('cost-aware').chances(rows)].filter((_, i) => i % 2 === 0)).toEqual(
      Array.from({ length: 10 }, () => 1),
    );
    expect([...target('cost-aware', {}, 0).chances(rows.slice(1, 2))]).toEqual([0, 1]);
  });

  it('needs the predictions it reads, and names what is missing', () => {
    const rows = log(3, 0.5, { predictions: {} });
    expect(() => target('cost-aware').chances(rows)).toThrow(/reads quality, cost.*dec_0/);
    expect(target('random').chances(rows)).toEqual(new Float64Array(6).fill(0.5));
  });

  it('is named and optioned as anywhere else', () => {
    expect(() => target('cost-awear')).toThrow(/there is no policy/);
    expect(() => target('cost-aware', { lamda: 3 })).toThrow(/did you mean "lambda"/);
    expect(target('exp3').remembers).toBe(true);
    expect(target('cost-aware').remembers).toBe(false);
  });
});

describe('what of a log counts', () => {
  it('not what clients chose, nor what a fallback answered; one route at a time', () => {
    const rows = [...log(3, 0.5), ...log(2, 0.5, { pinned: true }), ...log(1, 0.5, { served: 'else' })];
    const found = routedLog(rows, null, 'x.db');
    expect(found).toMatchObject({ route: 'auto', leftOut: { pinned: 2, fallback: 1 } });
    expect(found.rows).toHaveLength(3);
    const two = [...rows, ...log(1, 0.5, { route: 'b' })];
    expect(() => routedLog(two, null, 'x.db')).toThrow(/auto, b; choose one with --route/);
    expect(routedLog(two, 'b', 'x.db').rows).toHaveLength(1);
    expect(() => routedLog(two, 'c', 'x.db')).toThrow(/nothing to evaluate/);
  });

  it('a figure that nobody knows is told as unknown, not as zero', () => {
    const routed = routedLog(log(20, 0.5, { quality: null }), null, 'x.db');
    const [quality, dollars, utility] = evaluateLog(routed, target('random'), options);
    expect([quality?.result, utility?.result]).toEqual([null, null]);
    expect(dollars?.result?.type).toBe('estimate');
  });
});
