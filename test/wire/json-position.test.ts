import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonErrorOffset, placeOf } from '../../src/wire/json-position.ts';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('finds an error exactly where JSON.parse throws', () => {
  const nearlyJson = fc
    .tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom('', '"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', '.', 'e', 't', ' ', '\n', '\u0001'),
    )
    .map(
      ([text, at, change]) => text.slice(0, at % (text.length + 1)) + change + text.slice((at % (text.length + 1)) + 1),
    );
  fc.assert(
    fc.property(fc.oneof(nearlyJson, fc.json(), fc.string()), (text) => {
      expect(jsonErrorOffset(text) === null).toBe(isJson(text));
    }),
    { numRuns: 5_000 },
  );
});

test('everything before the place could still have become JSON: cutting there moves no error forward', () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), fc.constantFrom('}', ']', ',', ':', 'x', '"'), (text, at, change) => {
      const broken = text.slice(0, at % text.length) + change + text.slice(at % text.length);
      const offset = jsonErrorOffset(broken);
      if (offset !== null) expect(jsonErrorOffset(broken.slice(0, offset)) ?? offset).toBe(offset);
    }),
    { numRuns: 2_000 },
  );
});

describe('places', () => {
  test.each([
    ['', 0],
    ['{', 1],
    ['{"a" 1}', 5],
    ['{"a":1,}', 7],
    ['[1,2', 4],
    ['[1 2]', 3],
    ['{"a":tru}', 8],
    ['{"a":"\u0001"}', 6],
    ['{"a":"\\x"}', 7],
    ['{"a":"\\u12g4"}', 10],
    ['{"a":01}', 6],
    ['{"a":1.}', 7],
    ['{"a":-}', 6],
    ['{"a":1e+}', 8],
    ['{} {}', 3],
    ["{'a':1}", 1],
  ])('%j at %i', (text, offset) => {
    expect(jsonErrorOffset(text)).toBe(offset);
  });

  test('are told as line and column', () => {
    expect(placeOf('{\n  "a": x\n}', 9)).toBe('line 2, column 8');
    expect(placeOf('x', 0)).toBe('line 1, column 1');
    expect(placeOf('a\nb', 1)).toBe('line 1, column 2');
    expect(placeOf('a\nb', 2)).toBe('line 2, column 1');
  });
});

test('a million brackets do not overflow the stack', () => {
  expect(jsonErrorOffset('['.repeat(1_000_000))).toBe(1_000_000);
});
