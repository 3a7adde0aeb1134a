import { assert, property, string } from 'fast-check';
import { expect, it } from 'vitest';
import { TextUnits } from '../../src/embedding/text-units.ts';

it('gives what charCodeAt gives, lone surrogates too, for texts of any length one after another', () => {
  const units = new TextUnits(8);
  assert(
    property(string({ unit: 'binary', maxLength: 40 }), (text) => {
      const broken = `${text}\ud800`;
      for (const each of [text, broken]) {
        expect(units.read(each)).toBe(each.length);
        expect([...units.codes.subarray(0, each.length)]).toEqual(
          Array.from({ length: each.length }, (_, i) => each.charCodeAt(i)),
        );
      }
    }),
  );
});
