import { array, assert, integer, property } from 'fast-check';
import { expect, it } from 'vitest';
import { newDoubles, newFloats } from '../../src/math/slab.ts';

it.each([
  ['doubles', newDoubles],
  ['floats', newFloats],
] as const)('%s are zeros of the wanted length, and nobody writes into those of another', (_, create) => {
  assert(
    property(array(integer({ min: 0, max: 1500 }), { maxLength: 40 }), (lengths) => {
      const cut = lengths.map((length) => create(length));
      cut.forEach((each, i) => {
        expect(each.length).toBe(lengths[i]);
        expect(each.every((value) => value === 0)).toBe(true);
        each.fill(i + 1);
      });
      cut.forEach((each, i) => expect(each.every((value) => value === i + 1)).toBe(true));
    }),
  );
});
