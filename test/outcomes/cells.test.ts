import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { packCells, unpackCells } from '../../src/outcomes/cells.ts';

it('gives back every cell, NaN, -0 and empty strings among them', () => {
  const cell = fc.oneof(fc.constant(null), fc.double(), fc.string(), fc.constantFrom('same', '', 'toString'));
  fc.assert(
    fc.property(fc.array(cell), (cells) => {
      expect(unpackCells(packCells(cells))).toEqual(cells);
    }),
  );
});

it('sends a string that repeats once', () => {
  expect(packCells(['auto', 1, 'auto', null, 'id']).texts).toEqual(['auto', 'id']);
});
