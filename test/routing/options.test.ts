import { Type } from 'typebox';
import { describe, expect, test } from 'vitest';
import { PointsmanError } from '../../src/core/errors.ts';
import { checkOptions } from '../../src/routing/options.ts';

const schema = Type.Object({
  lambda: Type.Number({ minimum: 0, default: 50 }),
  mode: Type.Union([Type.Literal('fast'), Type.Literal('slow')], { default: 'fast' }),
  model: Type.Optional(Type.String()),
  weights: Type.Record(Type.String(), Type.Number({ minimum: 0 }), { default: {} }),
});

function refusal(options: unknown, of: Parameters<typeof checkOptions>[1] = schema): PointsmanError {
  try {
    checkOptions('policy x', of, options, 'routes.auto.policy');
  } catch (thrown) {
    if (thrown instanceof PointsmanError) return thrown;
    throw thrown;
  }
  throw new Error('it was accepted');
}

describe('checkOptions', () => {
  test('fills defaults and leaves what was given alone', () => {
    const given = { weights: { a: 1 } };
    expect(checkOptions('policy x', schema, given, 'p')).toEqual({ lambda: 50, mode: 'fast', weights: { a: 1 } });
    expect(given).toEqual({ weights: { a: 1 } });
    expect(checkOptions('policy x', schema, undefined, 'p').lambda).toBe(50);
    expect(checkOptions('policy x', schema, null, 'p').lambda).toBe(50);
    expect('model' in checkOptions('policy x', schema, { model: undefined }, 'p')).toBe(false);
  });

  test('one call does not share its defaults with the next', () => {
    const first = checkOptions('policy x', schema, {}, 'p');
    first.weights['a'] = 1;
    expect(checkOptions('policy x', schema, {}, 'p').weights).toEqual({});
  });

  test('an unknown option names its path and the nearest known one', () => {
    const error = refusal({ lamda: 3 });
    expect(error.code).toBe('invalid_config');
    expect(error.param).toBe('routes.auto.policy.lamda');
    expect(error.message).toContain('did you mean "lambda"');
    expect(refusal({ a: 1 }, Type.Object({})).message).toContain('it has none');
  });

  test.each([
    [{ lambda: -1 }, 'routes.auto.policy.lambda', 'must be >= 0, got -1'],
    [{ lambda: '7' }, 'routes.auto.policy.lambda', 'got "7"'],
    [{ lambda: NaN }, 'routes.auto.policy.lambda', 'got NaN'],
    [{ mode: 'x'.repeat(100) }, 'routes.auto.policy.mode', 'a long string'],
    [{ weights: { 'org/a~b': -1 } }, 'routes.auto.policy.weights.org/a~b', '>= 0, got -1'],
    [{ weights: [1] }, 'routes.auto.policy.weights', 'got a list'],
    [[1], 'routes.auto.policy', 'a map, not a list'],
    ['fast', 'routes.auto.policy', 'a map, not "fast"'],
  ])('%j is refused at its place', (options, param, message) => {
    const error = refusal(options);
    expect(error.param).toBe(param);
    expect(error.message).toContain(message);
    expect(error.message.startsWith(param)).toBe(true);
  });

  test('a missing option says what it is for', () => {
    const error = refusal({}, Type.Object({ strong: Type.String({ description: 'The better model.' }) }));
    expect(error.param).toBe('routes.auto.policy.strong');
    expect(error.message).toContain('policy x needs it: The better model.');
  });

  test('a schema that was written without typebox works the same', () => {
    const plain = JSON.parse(JSON.stringify(schema));
    expect(checkOptions('policy x', plain, {}, 'p')).toEqual({ lambda: 50, mode: 'fast', weights: {} });
    expect(refusal({ lambda: -1 }, plain).param).toBe('routes.auto.policy.lambda');
  });
});
