import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeState, encodeState } from '../../src/core/state-codec.ts';
import type { State, TypedArray } from '../../src/core/state.ts';

const array: fc.Arbitrary<TypedArray> = fc.oneof(
  fc.float32Array({ maxLength: 20 }),
  fc.float64Array({ maxLength: 20 }),
  fc.int32Array({ maxLength: 20 }),
  fc.uint8Array({ maxLength: 20 }),
);
const state: fc.Arbitrary<State> = fc.record({
  version: fc.integer(),
  data: fc.dictionary(
    fc.string().filter((key) => key !== '__proto__'),
    fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<string>,
  ),
  arrays: fc.dictionary(
    fc.string().filter((key) => key !== '__proto__'),
    array,
  ),
});

describe('state codec', () => {
  it('gives back every number and name, to the bit', () => {
    fc.assert(
      fc.property(state, (original) => {
        const bytes = encodeState(original);
        const read = decodeState(bytes);
        expect(encodeState(read).equals(bytes)).toBe(true);
        expect(Object.keys(read.arrays).toSorted()).toEqual(Object.keys(original.arrays).toSorted());
        for (const [name, values] of Object.entries(original.arrays)) expect(read.arrays[name]).toEqual(values);
        expect(JSON.stringify(read.data)).toBe(JSON.stringify(original.data));
      }),
    );
  });

  it('reads from a slice that starts at an odd byte', () => {
    const bytes = encodeState({ version: 1, data: {}, arrays: { a: Float64Array.of(1.5, -2) } });
    const shifted = Buffer.concat([Buffer.of(7), bytes]).subarray(1);
    expect(decodeState(shifted).arrays['a']).toEqual(Float64Array.of(1.5, -2));
  });

  it('refuses every truncation that loses an array or the header', () => {
    const bytes = encodeState({ version: 1, data: { name: 'x' }, arrays: { a: Float64Array.of(1, 2, 3) } });
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeState(bytes.subarray(0, length))).toThrow(/cannot be read/);
    }
  });

  const array = { name: 'a', kind: 'f64', length: 1 };
  it.each([
    null,
    [],
    'text',
    { data: {}, arrays: [] },
    { version: 1.5, data: {}, arrays: [] },
    { version: 1, data: [], arrays: [] },
    { version: 1, data: null, arrays: [] },
    { version: 1, data: {}, arrays: {} },
    { version: 1, data: {}, arrays: [null] },
    { version: 1, data: {}, arrays: [{ ...array, name: 7 }] },
    { version: 1, data: {}, arrays: [{ ...array, kind: 'f99' }] },
    { version: 1, data: {}, arrays: [{ ...array, kind: 'toString' }] },
    { version: 1, data: {}, arrays: [{ ...array, length: -1 }] },
    { version: 1, data: {}, arrays: [{ ...array, length: '1' }] },
  ])('refuses the header %j', (shape) => {
    const header = Buffer.from(JSON.stringify(shape));
    const bytes = Buffer.alloc(64 + header.length);
    bytes.write('PMS1');
    bytes.writeUInt32LE(header.length, 4);
    header.copy(bytes, 8);
    expect(() => decodeState(bytes)).toThrow(/another shape/);
  });
});
