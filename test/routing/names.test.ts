import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PointsmanError } from '../../src/core/errors.ts';
import { matches, overlap } from '../../src/routing/glob.ts';
import { createNames, type NameSettings } from '../../src/routing/names.ts';
import { model } from './build.ts';

const policies = ['static', 'cost-aware', 'threshold', 'routellm'];
const settings = (overrides: Partial<NameSettings> = {}): NameSettings => ({
  models: [model('gpt-4o'), model('meta-llama/Llama-3'), model('gpt-4o-mini')],
  routes: ['auto', 'team/code', 'mf'],
  aliases: { 'gpt-4o*': 'auto', fast: 'gpt-4o-mini', cheap: 'auto/cost-aware' },
  policies,
  ...overrides,
});
const resolve = createNames(settings());
const route = (name: string, policy: string | null = null): object => ({ type: 'route', route: name, policy });

function refusal(run: () => unknown): PointsmanError {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof PointsmanError) return thrown;
    throw thrown;
  }
  throw new Error('it was accepted');
}

describe('names', () => {
  test.each([
    ['auto', route('auto')],
    ['team/code', route('team/code')],
    ['auto/cost-aware', route('auto', 'cost-aware')],
    ['team/code/static', route('team/code', 'static')],
    ['cheap', route('auto', 'cost-aware')],
    ['gpt-4o-2024-11-20', route('auto')],
    ['auto/threshold=0.25', route('auto', 'threshold=0.25')],
    ['router-mf-0.11593', route('mf', 'threshold=0.11593')],
    ['router-mf--0.5', route('mf', 'threshold=-0.5')],
    ['auto/routellm=0.25', route('auto', 'routellm=0.25')],
  ])('%s', (name, expected) => {
    expect(resolve(name)).toEqual(expected);
  });

  test("RouteLLM's names mean the route, else the one route whose estimator of quality is meant", () => {
    const named = createNames(
      settings({
        thresholdRoutes: [
          { route: 'mf', policy: 'routellm', estimators: ['own', 'ridge'] },
          { route: 'auto', policy: 'threshold', estimators: ['mine', 'preference'] },
          { route: 'team/code', policy: 'routellm', estimators: ['sw', 'sw-ranking'] },
        ],
      }),
    );
    expect(named('router-mf-0.11593')).toEqual(route('mf', 'routellm=0.11593'));
    expect(named('router-mine-0.2')).toEqual(route('auto', 'threshold=0.2'));
    expect(named('router-preference--0.2')).toEqual(route('auto', 'threshold=-0.2'));
    expect(named('router-sw_ranking-0.2')).toEqual(route('team/code', 'routellm=0.2'));
    expect(named('router-sw-ranking-0.2')).toEqual(route('team/code', 'routellm=0.2'));
    expect(refusal(() => named('router-bert-0.2')).message).toContain('No model, route or alias');
  });

  test('RouteLLM calls preference mf; two routes that fit are told apart by their names', () => {
    const of = (...routes: string[]) =>
      createNames(
        settings({
          routes,
          aliases: {},
          thresholdRoutes: routes.map((each) => ({
            route: each,
            policy: 'routellm',
            estimators: ['mine', 'preference'],
          })),
        }),
      );
    expect(of('one')('router-mf-0.5')).toEqual(route('one', 'routellm=0.5'));
    expect(refusal(() => of('one', 'two')('router-mf-0.5'))).toMatchObject({
      code: 'model_not_found',
      message: '"router-mf-0.5" fits several routes; write router-one-0.5 or router-two-0.5.',
    });
  });

  test('an exact model id goes before a pattern, also one with a slash', () => {
    expect(resolve('gpt-4o')).toMatchObject({ type: 'model', model: { id: 'gpt-4o' } });
    expect(resolve('meta-llama/Llama-3')).toMatchObject({ type: 'model', model: { id: 'meta-llama/Llama-3' } });
    expect(resolve('fast')).toMatchObject({ type: 'model', model: { id: 'gpt-4o-mini' } });
  });

  test.each([
    ['atuo', '"auto"?', 'There are auto, team/code'],
    ['auto/cost-awre', 'has no policy "cost-awre". Did you mean "cost-aware"?', 'static, cost-aware'],
    ['auto/static=3', 'has no policy "static=3"', 'static'],
    ['auto/threshold=1e9', 'has no policy', 'threshold'],
    ['router-nowhere-0.5', 'Did you mean', 'auto'],
    ['', 'Did you mean', 'auto'],
    ['__proto__', 'Did you mean', 'auto'],
  ])('%s is not found, and the message helps', (name, nearest, listed) => {
    const error = refusal(() => resolve(name));
    expect(error.code).toBe('model_not_found');
    expect(error.param).toBe('model');
    expect(error.message).toContain(nearest);
    expect(error.message).toContain(listed);
  });

  test('a name of a megabyte is refused shortly', () => {
    const error = refusal(() => resolve(`auto/${'x'.repeat(1e6)}`));
    expect(error.code).toBe('model_not_found');
    expect(error.message.length).toBeLessThan(1000);
  });

  test.each<[string, Partial<NameSettings>, string]>([
    ['a route named like a model', { routes: ['gpt-4o'] }, 'both a model and a route'],
    ['the same model twice', { models: [model('a'), model('a')] }, 'both a model and a model'],
    ['an alias named like a route', { aliases: { auto: 'gpt-4o' } }, 'both a route and a alias'],
    ['a model that hides route/policy', { models: [model('auto/static')] }, 'hides policy static of route auto'],
    ['two patterns for one name', { aliases: { 'gpt-*': 'auto', '*-mini': 'mf' } }, 'can match "gpt-*" as well'],
    ['an alias to nowhere', { aliases: { fast: 'gpt-4o-mni' } }, 'Did you mean "gpt-4o-mini"'],
    ['an alias to an alias', { aliases: { 'x*': 'fast', fast: 'auto' } }, 'is no model, route or route/policy'],
  ])('%s stops the boot', (_, overrides, message) => {
    const error = refusal(() => createNames(settings({ aliases: {}, ...overrides })));
    expect(error.code).toBe('invalid_config');
    expect(error.message).toContain(message);
  });
});

describe('glob', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 5 });
  const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 5 });
  const expression = (pattern: string): RegExp => new RegExp(`^${pattern.replaceAll('*', '.*')}$`);

  test('matches what the same regular expression matches', () => {
    fc.assert(
      fc.property(glob, text, (pattern, name) => matches(pattern, name) === expression(pattern).test(name)),
      {
        numRuns: 2000,
      },
    );
  });

  test('two patterns overlap exactly where some name matches both', () => {
    // Over two letters, five characters a side: a common name of at most ten characters exists if any does.
    const names = Array.from({ length: 2 ** 11 - 1 }, (_, i) =>
      (i + 1).toString(2).slice(1).replaceAll('0', 'a').replaceAll('1', 'b'),
    );
    fc.assert(
      fc.property(glob, glob, (one, other) => {
        const [a, b] = [expression(one), expression(other)];
        expect(overlap(one, other)).toBe(names.some((name) => a.test(name) && b.test(name)));
      }),
      { numRuns: 300 },
    );
  });
});
