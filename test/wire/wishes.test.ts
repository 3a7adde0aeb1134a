import { describe, expect, test } from 'vitest';
import { PointsmanError } from '../../src/core/errors.ts';
import { readWishes } from '../../src/wire/wishes.ts';

function errorOf(object: unknown, headers: Record<string, string> = {}): PointsmanError {
  try {
    readWishes(object, headers);
  } catch (thrown) {
    if (thrown instanceof PointsmanError && thrown.code === 'invalid_wish') return thrown;
    throw thrown;
  }
  return expect.fail('no error');
}

const all = {
  models: ['a', 'b'],
  lambda: 12.5,
  max_cost_usd: 0.01,
  local_only: true,
  region: 'eu',
  session: 's-1',
  tags: { team: 'search', run: '7' },
};
const asHeaders = {
  'x-pointsman-models': ' a, b ,',
  'x-pointsman-lambda': '12.5',
  'x-pointsman-max-cost-usd': '1e-2',
  'x-pointsman-local-only': 'true',
  'x-pointsman-region': 'eu',
  'x-pointsman-session': 's-1',
  'x-pointsman-tags': 'team=search, run=7',
};
const read = {
  models: ['a', 'b'],
  lambda: 12.5,
  maxCostUsd: 0.01,
  localOnly: true,
  region: 'eu',
  session: 's-1',
  tags: { team: 'search', run: '7' },
};

test('the body object and the headers say the same', () => {
  expect(readWishes(all, {})).toEqual(read);
  expect(readWishes(undefined, asHeaders)).toEqual(read);
});

test('without any there are none', () => {
  expect(readWishes(undefined, { authorization: 'x', 'x-request-id': 'y' })).toEqual({});
  expect(readWishes(null, {})).toEqual({});
  expect(readWishes({}, {})).toEqual({});
});

test('the body beats the headers, member by member; null is no word', () => {
  const wishes = readWishes({ lambda: 3, region: null }, { ...asHeaders, 'x-pointsman-lambda': 'wrong' });
  expect(wishes).toEqual({ ...read, lambda: 3 });
});

test.each<[unknown, string]>([
  ['fast', 'pointsman'],
  [[], 'pointsman'],
  [{ models: [] }, 'pointsman.models'],
  [{ models: 'a' }, 'pointsman.models'],
  [{ models: ['a', 3] }, 'pointsman.models'],
  [{ lambda: -1 }, 'pointsman.lambda'],
  [{ lambda: '1' }, 'pointsman.lambda'],
  [{ max_cost_usd: true }, 'pointsman.max_cost_usd'],
  [{ local_only: 'true' }, 'pointsman.local_only'],
  [{ local_only: 1 }, 'pointsman.local_only'],
  [{ region: '' }, 'pointsman.region'],
  [{ session: 'x'.repeat(257) }, 'pointsman.session'],
  [{ tags: ['a'] }, 'pointsman.tags'],
  [{ tags: { a: 1 } }, 'pointsman.tags'],
  [{ tags: { a: 'x'.repeat(257) } }, 'pointsman.tags'],
  [{ tags: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`t${i}`, ''])) }, 'pointsman.tags'],
])('%j is refused at %s', (object, param) => {
  expect(errorOf(object).param).toBe(param);
});

test.each([
  ['x-pointsman-models', ' , '],
  ['x-pointsman-lambda', 'much'],
  ['x-pointsman-lambda', ''],
  ['x-pointsman-lambda', 'Infinity'],
  ['x-pointsman-max-cost-usd', '-1'],
  ['x-pointsman-local-only', 'yes'],
  ['x-pointsman-session', ''],
  ['x-pointsman-tags', 'alone'],
  ['x-pointsman-tags', '=value'],
])('%s: %j is refused', (header, value) => {
  expect(errorOf(undefined, { [header]: value }).param).toBe(header);
});

describe('unknown names', () => {
  test.each([
    ['lamda', 'lambda'],
    ['maxCostUsd', 'max_cost_usd'],
    ['localOnly', 'local_only'],
    ['model', 'models'],
  ])('%s is told to be %s', (written, meant) => {
    expect(errorOf({ [written]: 1 }).message).toContain(`did you mean "${meant}"?`);
  });

  test('a header too', () => {
    const error = errorOf(undefined, { 'x-pointsman-lamda': '1' });
    expect(error.message).toContain('did you mean "x-pointsman-lambda"?');
    expect(error.param).toBe('x-pointsman-lamda');
  });

  test('nothing near is not guessed, but listed', () => {
    const { message } = errorOf({ completely_else: 1 });
    expect(message).not.toContain('did you mean');
    expect(message).toContain('models, lambda, max_cost_usd');
  });

  test.each(['__proto__', 'constructor', 'toString'])('%s is no way in', (name) => {
    const object: unknown = JSON.parse(`{"${name}":{"x":"y"}}`);
    expect(errorOf(object).param).toBe(`pointsman.${name}`);
    expect(errorOf(undefined, { [`x-pointsman-${name.toLowerCase()}`]: '1' }).code).toBe('invalid_wish');
  });
});

test('a tag named __proto__ is a tag', () => {
  const { tags } = readWishes(undefined, { 'x-pointsman-tags': '__proto__=x' });
  expect(Object.entries(tags ?? {})).toEqual([['__proto__', 'x']]);
});
