import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { Cells, unpackCells, type Cell, type PackedCells } from '../../src/outcomes/cells.ts';

function packed(list: readonly Cell[]): PackedCells {
  const cells = new Cells();
  for (const cell of list) cells.push(cell);
  return cells.pack();
}

it('gives back every cell, NaN, -0 and empty strings among them', () => {
  const cell = fc.oneof(
    fc.constant(null),
    fc.double(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('same', '', 'toString'),
  );
  fc.assert(
    fc.property(fc.array(cell), (cells) => {
      expect(unpackCells(packed(cells))).toEqual(cells);
    }),
  );
});

it('sends a string that repeats once', () => {
  const { text, ends } = packed(['auto', 1, 'auto', null, 'id']);
  expect(text).toBe('autoid');
  expect([...ends]).toEqual([4, 6]);
});

it('can be written over, and packed again with what came since', () => {
  const cells = new Cells();
  for (let i = 0; i < 3000; i++) cells.push(i % 2 === 0 ? i : `text ${i % 7}`);
  cells.pushUnique('text 1');
  const before = unpackCells(cells.pack());
  expect(before.slice(0, 3)).toEqual([0, 'text 1', 2]);
  expect(before[3000]).toBe('text 1');
  cells.set(0, 'now a text');
  cells.set(1, null);
  cells.set(2, 0.5);
  cells.push('last');
  const after = unpackCells(cells.pack());
  expect(after.slice(0, 3)).toEqual(['now a text', null, 0.5]);
  expect(after.slice(3, 3001)).toEqual(before.slice(3));
  expect(after).toHaveLength(3002);
  expect(after[3001]).toBe('last');
});
