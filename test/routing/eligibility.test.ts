import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Model } from '../../src/core/candidate.ts';
import { PointsmanError } from '../../src/core/errors.ts';
import type { Query } from '../../src/core/query.ts';
import { capCost, createEligibility, type EligibilityContext } from '../../src/routing/eligibility.ts';
import { model, query, target } from './build.ts';

const run = (models: readonly Model[], asked: Query, context: EligibilityContext = {}): [string[], string[]] => {
  const { candidates, removals } = createEligibility(models)(asked, context);
  return [
    candidates.map(({ model }) => model),
    removals.map(({ model, check, reason }) => `${model} ${check}: ${reason}`),
  ];
};

describe('eligibility', () => {
  const plain = model('plain');

  test.each<[string, Model, Query, EligibilityContext, string]>([
    ['price', model('x', { price: null }), query(), {}, 'x price: its price is unknown'],
    ['key', model('x'), query(), { allowedModels: new Set(['plain']) }, 'x key: the key may not use it'],
    [
      'allow list',
      model('x'),
      query({ wishes: { models: ['plain'] } }),
      {},
      'x allow_list: not among the models that the request allows',
    ],
    [
      'context',
      model('x', { contextTokens: 1000 }),
      query({ promptTokens: 900, maxOutputTokens: 101 }),
      {},
      'x context: needs about 1001 tokens, takes 1000',
    ],
    [
      'capability',
      model('x', { capabilities: new Set() }),
      query({ needs: ['tools'] }),
      {},
      'x capability: needs tools, has none',
    ],
  ])('%s removes with its reason', (_, bad, asked, context, removal) => {
    expect(run([bad, plain], asked, context)).toEqual([['plain'], [removal]]);
    expect(run([plain, bad], asked, context)).toEqual([['plain'], [removal]]);
  });

  test('a prompt that fits exactly stays, and what is unknown removes nothing', () => {
    const unknown = model('unknown', { contextTokens: null, capabilities: null });
    const exact = model('exact', { contextTokens: 1000 });
    const asked = query({ promptTokens: 900, maxOutputTokens: 100, needs: ['tools'] });
    expect(run([unknown, exact], asked)).toEqual([['unknown', 'exact'], []]);
  });

  test('local_only and region ask for one target that satisfies both', () => {
    const here = target({ local: true, region: 'eu' });
    const remoteHere = target({ region: 'eu' });
    const localThere = target({ local: true, region: 'us' });
    const models = [
      model('both', { targets: [remoteHere, here] }),
      model('mixed', { targets: [remoteHere, localThere] }),
      model('remote', { targets: [remoteHere] }),
    ];
    expect(run(models, query({ wishes: { localOnly: true } }))).toEqual([
      ['both', 'mixed'],
      ['remote local_only: no local target'],
    ]);
    expect(run(models, query({ wishes: { region: 'us' } }))[0]).toEqual(['mixed']);
    expect(run(models, query({ wishes: { localOnly: true, region: 'eu' } }))).toEqual([
      ['both'],
      ['mixed region: no local target in eu', 'remote local_only: no local target'],
    ]);
  });

  test('what is down is removed, but never the last', () => {
    const models = [model('a'), model('b'), model('c', { price: null })];
    expect(run(models, query(), { isUp: (id) => id !== 'a' })).toEqual([
      ['b'],
      ['c price: its price is unknown', 'a health: every target is cooling down'],
    ]);
    expect(run(models, query(), { isUp: () => false })[0]).toEqual(['a', 'b']);
  });

  test('where nothing is left the message names every model and its check', () => {
    const models = [model('a', { price: null }), model('b', { capabilities: new Set() })];
    const asked = query({ model: 'auto', needs: ['images'] });
    expect(() => createEligibility(models)(asked, {})).toThrow(
      expect.objectContaining({
        code: 'no_eligible_candidate',
        message:
          'No model of "auto" can take this request: a (price: its price is unknown); b (capability: needs images, has none).',
      }),
    );
  });

  test('every model is either a candidate, in order, or removed once', () => {
    const anyModel = fc.record({
      price: fc.constantFrom(null, { input: 1, cachedInput: 1, output: 1 }),
      contextTokens: fc.constantFrom(null, 50, 500),
      local: fc.boolean(),
      up: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(anyModel, { minLength: 1, maxLength: 6 }), fc.boolean(), (each, localOnly) => {
        const models = each.map(({ price, contextTokens, local }, i) =>
          model(`m${i}`, { price, contextTokens, targets: [target({ local })] }),
        );
        const fits = each.map(
          ({ price, contextTokens, local }) => price !== null && (contextTokens ?? 100) >= 100 && (local || !localOnly),
        );
        const isUp = (id: string): boolean => each[Number(id.slice(1))]?.up === true;
        const eligible = createEligibility(models);
        const asked = query({ promptTokens: 100, wishes: localOnly ? { localOnly } : {} });
        if (!fits.includes(true)) {
          expect(() => eligible(asked, { isUp })).toThrow(PointsmanError);
          return;
        }
        const { candidates, removals } = eligible(asked, { isUp });
        const kept = candidates.map(({ model }) => model);
        expect([...kept, ...removals.map(({ model }) => model)].sort()).toEqual(models.map(({ id }) => id).sort());
        expect(kept).toEqual(models.map(({ id }) => id).filter((id) => kept.includes(id)));
        const someUp = models.some(({ id }, i) => fits[i] === true && isUp(id));
        const expected = models.filter(({ id }, i) => fits[i] === true && (!someUp || isUp(id)));
        expect(kept).toEqual(expected.map(({ id }) => id));
      }),
    );
  });
});

describe('capCost', () => {
  const before = {
    candidates: ['a', 'b', 'c'].map((model) => ({ model, price: null })),
    removals: [{ model: 'z', check: 'price', reason: 'its price is unknown' }] as const,
    predictions: {
      quality: { mean: Float64Array.of(0.1, 0.2, 0.3), deviation: Float64Array.of(1, 2, 3) },
      cost: { mean: Float64Array.of(0.01, 0.5, 0.02), deviation: Float64Array.of(0, 0, 0) },
    },
  };

  test('keeps predictions beside their candidates', () => {
    const after = capCost('auto', 0.02, before);
    expect(after.candidates.map(({ model }) => model)).toEqual(['a', 'c']);
    expect([...(after.predictions.quality?.mean ?? [])]).toEqual([0.1, 0.3]);
    expect([...(after.predictions.quality?.deviation ?? [])]).toEqual([1, 3]);
    expect(after.removals.at(-1)).toEqual({
      model: 'b',
      check: 'max_cost',
      reason: 'predicted to cost $0.50, the request allows $0.02',
    });
    expect(capCost('auto', 1, before)).toBe(before);
  });

  test('without a cost prediction nothing is within the cap', () => {
    const { quality } = before.predictions;
    expect(() => capCost('auto', 1, { ...before, predictions: { quality } })).toThrow(/max_cost/);
    expect(() => capCost('auto', 0.001, before)).toThrow(/a \(max_cost.*z|z \(price.*a \(max_cost/);
  });
});
