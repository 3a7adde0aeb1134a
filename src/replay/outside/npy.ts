import { readFileSync } from 'node:fs';
import { messageOf } from '../../core/errors.ts';
import { dataError } from '../datasets/data-error.ts';

/** A matrix [rows x columns], row-major. */
export interface NpyMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

const magic = '\u0093NUMPY';
const header =
  /^\{\s*'descr':\s*'(?<descr>[^']*)'\s*,\s*'fortran_order':\s*(?<fortran>True|False)\s*,\s*'shape':\s*\((?<shape>[\d,\sL]*)\)\s*,?\s*\}\s*$/;

/**
 * NumPy's .npy, versions 1 to 3 (numpy.lib.format): two dimensions, little-endian float32 or float64, C order. Nothing
 * in the file is run. Throws `invalid_data` naming the file and what is wrong; of values that are not finite, the row.
 */
export function readNpy(path: string, name: string): NpyMatrix {
  const refuse = (problem: string) => dataError(name, null, null, problem);
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw refuse(`it cannot be read: ${messageOf(cause)}`);
  }
  if (bytes.length < 12 || bytes.toString('latin1', 0, 6) !== magic) throw refuse('it is no .npy file');
  const version = bytes[6] ?? 0;
  if (version < 1 || version > 3) throw refuse(`.npy version ${version} is not known; 1 to 3 are`);
  const headerStart = version === 1 ? 10 : 12;
  const start = headerStart + (version === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8));
  const parts = header.exec(bytes.toString('latin1', headerStart, Math.min(start, headerStart + 4096)))?.groups;
  if (start > bytes.length || parts === undefined) throw refuse('its header cannot be understood');
  const { descr = '', fortran, shape = '' } = parts;
  const width = descr === '<f4' ? 4 : descr === '<f8' ? 8 : null;
  if (width === null) throw refuse(`it holds ${descr}; save it as float32 or float64 (array.astype("<f4"))`);
  if (fortran === 'True') throw refuse('it is in Fortran order; save numpy.ascontiguousarray(array)');
  const [rows, columns, ...more] = shape
    .split(',')
    .map((part) => part.trim().replace('L', ''))
    .filter((part) => part !== '')
    .map(Number);
  if (rows === undefined || columns === undefined || more.length > 0) {
    throw refuse(`its shape is (${shape.trim()}); two dimensions are needed, a row for each query`);
  }
  const expected = start + rows * columns * width;
  if (bytes.length !== expected) throw refuse(`it has ${bytes.length} bytes where its header means ${expected}`);
  const values = new Float32Array(rows * columns);
  for (let i = 0; i < values.length; i++) {
    const at = start + i * width;
    const value = width === 4 ? bytes.readFloatLE(at) : bytes.readDoubleLE(at);
    if (!Number.isFinite(value)) {
      throw dataError(name, Math.floor(i / columns) + 1, null, `value ${(i % columns) + 1} is not a finite number`);
    }
    values[i] = value;
  }
  return { rows, columns, values };
}
