import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePythonList } from '../../../src/replay/datasets/python-list.ts';

describe('parsePythonList', () => {
  // What `repr` of CPython 3 writes for each list.
  it.each([
    [`['Is water wet?']`, 'Is water wet?'],
    [`["It's wet", 'say "yes"']`, `It's wet\nsay "yes"`],
    [`['a\\nb\\tc \\\\ \\'q\\'']`, `a\nb\tc \\ 'q'`],
    [`['caf\\xe9 \\u6f22 \\U0001f600']`, 'café 漢 😀'],
    [`['a',\n 'b', ]`, 'a\nb'],
    [`['\\d+ stays']`, '\\d+ stays'],
    [`['']`, ''],
  ])('reads %s', (literal, text) => {
    expect(parsePythonList(literal)).toBe(text);
  });

  it.each([
    'plain',
    '[1, 2]',
    `['open`,
    `['a'] and more`,
    `['a' 'b']`,
    `[]`,
    `['\\xzz']`,
    `['\\uD8']`,
    `['\\U00110000']`,
  ])('leaves %s as it is', (text) => {
    expect(parsePythonList(text)).toBe(text);
  });

  it('undoes the escaping of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const literal = `['${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n').replaceAll('\r', '\\r')}']`;
        expect(parsePythonList(literal)).toBe(text);
      }),
    );
  });
});
