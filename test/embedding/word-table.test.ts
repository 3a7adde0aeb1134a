import { array, assert, constantFrom, property } from 'fast-check';
import { expect, it } from 'vitest';
import { TextUnits } from '../../src/embedding/text-units.ts';
import { WordTable } from '../../src/embedding/word-table.ts';

const unitsOf = (text: string): Uint16Array => {
  const units = new TextUnits(1);
  units.read(text);
  return units.codes;
};

it('tells every word once, in the order of first use, with how often it came; and then knows none', () => {
  const table = new WordTable();
  assert(
    property(array(constantFrom('a', 'b', 'ab', 'ba', 'abc', 'ä', '語'), { maxLength: 30 }), (words) => {
      const text = words.join(' ');
      const codes = unitsOf(text);
      let at = 0;
      for (const word of words) {
        table.add(codes, at, at + word.length);
        at += word.length + 1;
      }
      const expected = new Map<string, number>();
      for (const word of words) expected.set(word, (expected.get(word) ?? 0) + 1);
      const told: [string, number][] = [];
      table.drain((_, start, end, times) => told.push([text.slice(start, end), times]));
      expect(told).toEqual([...expected]);
      table.drain(() => expect.unreachable());
    }),
  );
});

it('tells words apart whose hashes are the same', () => {
  // Two words with the same 32-bit FNV-1a hash over UTF-16 units, found by search.
  const [one, other] = collision();
  const table = new WordTable();
  const text = `${one} ${other} ${one}`;
  const codes = unitsOf(text);
  const hash = table.add(codes, 0, one.length);
  expect(table.add(codes, one.length + 1, one.length + 1 + other.length)).toBe(hash);
  table.add(codes, text.length - one.length, text.length);
  const told: number[] = [];
  table.drain((_hash, _start, _end, times) => told.push(times));
  expect(told).toEqual([2, 1]);
});

/** The hash is one multiplication a unit, so two units can be chosen to meet: (h ^ a) p ^ b = (h ^ c) p ^ d. */
function collision(): [string, string] {
  const prime = 0x01000193;
  const start = 0x811c9dc5;
  const seen = new Map<number, number>();
  for (let first = 0x100; first < 0x10000; first++) {
    // What the second unit would have to bring the sum to zero in its low 16 bits.
    const high = Math.imul(start ^ first, prime) >>> 16;
    const before = seen.get(high);
    if (before !== undefined) {
      const a = Math.imul(start ^ before, prime) & 0xffff;
      const b = Math.imul(start ^ first, prime) & 0xffff;
      return [String.fromCharCode(before, a), String.fromCharCode(first, b)];
    }
    seen.set(high, first);
  }
  throw new Error('no collision');
}
