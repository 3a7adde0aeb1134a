import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { pickTarget } from '../../src/upstream/pick.ts';
import { optionsOf } from '../../src/upstream/plan.ts';
import { decisionOver, modelOf, queryOf, targetOf } from './fixtures.ts';

const home = targetOf('home', 'http://127.0.0.1/', { local: true, region: 'eu' });
const away = targetOf('away', 'https://api.example.com/', { local: false, region: 'us' });
const a = modelOf('a', [home, away]);
const b = modelOf('b', [away]);
const c = modelOf('c', [home]);
const models = new Map([a, b, c].map((model) => [model.id, model]));

function plan(wishes = {}, decision = decisionOver([a, b, c])): string[] {
  return optionsOf(decision, models, queryOf({ wishes })).map(
    ({ model, targets }) => `${model.id}: ${targets.map(({ id }) => id).join(' ')}`,
  );
}

describe('optionsOf', () => {
  it('follows the ranking, the plan’s model first', () => {
    expect(plan()).toEqual(['a: home away', 'b: away', 'c: home']);
    expect(plan({}, decisionOver([a, b, c], { type: 'route', model: 'c' }))).toEqual([
      'c: home',
      'a: home away',
      'b: away',
    ]);
  });

  it.each([
    ['local_only', { localOnly: true }, ['a: home', 'c: home']],
    ['region', { region: 'us' }, ['a: away', 'b: away']],
    ['both, met by none', { localOnly: true, region: 'us' }, []],
    ['models', { models: ['b'] }, ['b: away']],
  ])('holds %s for every target', (_, wishes, expected) => {
    expect(plan(wishes)).toEqual(expected);
  });

  it('models that were passed over for their health come last, and hold to the wishes too', () => {
    const removals = [
      { model: 'b', check: 'context', reason: 'too long' },
      { model: 'c', check: 'health', reason: 'every target is cooling down' },
    ] as const;
    const decision = { ...decisionOver([a]), removals };
    expect(plan({}, decision)).toEqual(['a: home away', 'c: home']);
    expect(plan({ region: 'us' }, decision)).toEqual(['a: away']);
    // What it would cost was not predicted.
    expect(plan({ maxCostUsd: 1 }, decision)).toEqual(['a: home away']);
  });

  it('a rejection has none, an unknown model is passed over', () => {
    expect(plan({}, decisionOver([a], { type: 'reject', reason: 'no' }))).toEqual([]);
    expect(plan({}, decisionOver([modelOf('ghost', [home]), b]))).toEqual(['b: away']);
  });
});

describe('pickTarget', () => {
  it('follows the weights and never takes weight 0 while another has some', () => {
    const targets = [1, 0, 3].map((weight, i) => targetOf(String(i), '', { weight }));
    const random = seededRandom('weights');
    const counts = [0, 0, 0];
    for (let i = 0; i < 8000; i++) counts[Number(pickTarget(targets, random.next())?.id)]!++;
    expect(counts[1]).toBe(0);
    // Four standard deviations of a binomial with p = 1/4 over 8,000 draws are 155.
    expect(Math.abs((counts[0] ?? 0) - 2000)).toBeLessThan(155);
  });

  it('takes weights that are all 0 for equal', () => {
    const targets = ['x', 'y'].map((id) => targetOf(id, '', { weight: 0 }));
    const random = seededRandom('zero');
    expect(new Set(Array.from({ length: 50 }, () => pickTarget(targets, random.next())?.id)).size).toBe(2);
  });

  it('law: always one of them; null only of none', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ min: 0, max: 1e6, noNaN: true })), fc.integer(), (weights, seed) => {
        const targets = weights.map((weight, i) => targetOf(String(i), '', { weight }));
        const picked = pickTarget(targets, seededRandom(seed).next());
        if (targets.length === 0) expect(picked).toBeNull();
        else expect(targets).toContain(picked);
      }),
    );
  });
});
