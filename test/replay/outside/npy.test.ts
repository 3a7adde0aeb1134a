import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, constantFrom, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readNpy } from '../../../src/replay/outside/npy.ts';
import { readOwnEmbeddings } from '../../../src/replay/outside/own-embeddings.ts';
import { temporaryFolder } from '../helpers.ts';

const folder = temporaryFolder();
let files = 0;

/** As numpy.save writes it. */
function npy(
  values: readonly number[],
  shape: string,
  { descr = '<f4', fortran = 'False', version = 1, cut = 0 } = {},
): string {
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': (${shape}), }`;
  const lengthBytes = version === 1 ? 2 : 4;
  const padded = `${text.padEnd(Math.ceil((text.length + 9 + lengthBytes) / 64) * 64 - 9 - lengthBytes)}\n`;
  const head = Buffer.alloc(8 + lengthBytes);
  head.write('\u0093NUMPY', 'latin1');
  head[6] = version;
  if (version === 1) head.writeUInt16LE(padded.length, 8);
  else head.writeUInt32LE(padded.length, 8);
  const body =
    descr === '<f8' ? Buffer.from(Float64Array.from(values).buffer) : Buffer.from(Float32Array.from(values).buffer);
  const path = join(folder, `${(files += 1)}.npy`);
  const bytes = Buffer.concat([head, Buffer.from(padded), body]);
  writeFileSync(path, bytes.subarray(0, bytes.length - cut));
  return path;
}

describe('readNpy', () => {
  it('reads what numpy writes, in both widths and all versions', () => {
    assert(
      property(
        integer({ min: 1, max: 6 }),
        integer({ min: 1, max: 6 }),
        constantFrom('<f4', '<f8'),
        constantFrom(1, 2, 3),
        (rows, columns, descr, version) => {
          const values = Array.from({ length: rows * columns }, (_, i) => Math.fround(i * 0.37 - 1));
          const path = npy(values, `${rows}, ${columns}`, { descr, version });
          expect(readNpy(path, 'x.npy')).toEqual({ rows, columns, values: Float32Array.from(values) });
        },
      ),
      { numRuns: 30 },
    );
  });

  it.each([
    ['another type', npy([1, 2], '1, 2', { descr: '<i8' }), 'it holds <i8; save it as float32'],
    ['big-endian', npy([1, 2], '1, 2', { descr: '>f4' }), 'it holds >f4'],
    ['Fortran order', npy([1, 2], '1, 2', { fortran: 'True' }), 'Fortran order'],
    ['one dimension', npy([1, 2], '2,'), 'two dimensions are needed'],
    ['three dimensions', npy([1, 2], '1, 1, 2'), 'two dimensions are needed'],
    ['a cut file', npy([1, 2, 3, 4], '2, 2', { cut: 3 }), 'bytes where its header means'],
    ['not a number', npy([1, 2, 3, Number.NaN], '2, 2'), 'row 2: value 2 is not a finite number'],
    [
      'a pickle in the header',
      npy([1], "1, 1), '__reduce__': os.system('x'), 'y': (1"),
      'its header cannot be understood',
    ],
  ])('refuses %s', (_, path, message) => {
    expect(() => readNpy(path, 'x.npy')).toThrow(message);
  });

  it('refuses what is no .npy file, and a file that is not there', () => {
    writeFileSync(join(folder, 'text.npy'), 'a,b\n1,2\n3,4\n5,6\n');
    expect(() => readNpy(join(folder, 'text.npy'), 'text.npy')).toThrow('text.npy: it is no .npy file');
    expect(() => readNpy(join(folder, 'none.npy'), 'none.npy')).toThrow('none.npy: it cannot be read');
  });
});

describe('readOwnEmbeddings', () => {
  it('joins parts in order and brings rows to length 1', () => {
    const { embeddings, dimensions, id } = readOwnEmbeddings([npy([3, 4], '1, 2'), npy([0, 0, 0, -2], '2, 2')], 3);
    expect(dimensions).toBe(2);
    expect([...embeddings].map((value) => Number(value.toFixed(6)))).toEqual([0.6, 0.8, 0, 0, 0, -1]);
    expect(id).toMatch(/^npy-[0-9a-f]{12}-2$/);
  });

  it('counts rows', () => {
    expect(() => readOwnEmbeddings([npy([1, 2], '1, 2')], 2)).toThrow('1 rows where the data has 2');
    expect(() => readOwnEmbeddings([npy([1, 2], '1, 2'), npy([1], '1, 1')], 2)).toThrow('1 columns where');
  });
});
