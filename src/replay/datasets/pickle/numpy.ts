import { dataError } from '../data-error.ts';
import type { Cell } from '../table.ts';
import { ByteSource, type RandomFile } from './byte-source.ts';
import { elementReader, elementType } from './element-type.ts';
import { objectCell } from './object-cell.ts';
import { Built, bytesOf, Dict, Tuple, type PickleValue } from './values.ts';

/** An array of numpy, read cell by cell. */
export interface NumpyArray {
  readonly shape: readonly number[];
  /** `place` in row-major order, whatever the order in the file. */
  at(place: number): Cell;
  /** The same, with a window of its own on the file: walking down several columns at once stays cheap. */
  fork(): NumpyArray;
}

/** Null where the value is no array. Throws `invalid_data` where it is one that contradicts itself or is not known. */
export function readArray(value: PickleValue | undefined, file: RandomFile): NumpyArray | null {
  if (!(value instanceof Built)) return null;
  if (value.name === 'numpy.core.multiarray _reconstruct' && value.state instanceof Tuple) {
    const [, shape, type, columnMajor, data] = value.state.items;
    return arrayOf(shape, type, columnMajor === true, data, file);
  }
  if (value.name === 'numpy.core.numeric _frombuffer') {
    const [data, type, shape, order] = value.args;
    return arrayOf(shape, type, order === 'F', data, file);
  }
  return extensionArray(value, file);
}

/** Arrays of pandas around one of numpy: dates and texts, and numbers or truth values beside a mask of what is missing. */
function extensionArray(value: Built, file: RandomFile): NumpyArray | null {
  if (value.name === 'pandas._libs.arrays __pyx_unpickle_NDArrayBacked') {
    const items = value.state instanceof Tuple ? value.state.items : [];
    const [type] = items;
    if (type instanceof Built && type.name === 'pandas.core.dtypes.dtypes CategoricalDtype') {
      return categories(type, readArray(items[1], file), file);
    }
    return readArray(items[1], file) ?? readArray(items[0], file);
  }
  if (!value.name.startsWith('pandas.core.arrays.') || !(value.state instanceof Dict)) return null;
  const data = readArray(value.state.entries.get('_data'), file);
  const mask = readArray(value.state.entries.get('_mask'), file);
  return data === null || mask === null
    ? null
    : plain(data.shape, (place) => (mask.at(place) === true ? null : data.at(place)));
}

/** Each value is the place of its category; -1 is none. Null where the categories are kept in a way not known here. */
function categories(type: Built, codes: NumpyArray | null, file: RandomFile): NumpyArray | null {
  const index = type.state instanceof Dict ? type.state.entries.get('categories') : undefined;
  const members = index instanceof Built ? index.args[1] : undefined;
  const labels = members instanceof Dict ? readArray(members.entries.get('data'), file) : null;
  if (codes === null || labels === null) return null;
  const [count = 0] = labels.shape;
  return plain(codes.shape, (place) => {
    const code = codes.at(place);
    if (code === -1) return null;
    if (typeof code === 'number' && code >= 0 && code < count) return labels.at(code);
    throw dataError(file.name, place + 1, null, 'a category that is not in the list of categories');
  });
}

function arrayOf(
  shapeValue: PickleValue | undefined,
  typeValue: PickleValue | undefined,
  columnMajor: boolean,
  data: PickleValue | undefined,
  file: RandomFile,
): NumpyArray {
  const shape = shapeOf(shapeValue, file);
  const type = elementType(typeValue, file);
  const length = shape.reduce((product, side) => product * side, 1);
  const [rows = 1, columns = 1] = shape;
  if (type.kind === 'O') {
    // Objects are written in row-major order, whatever the array's own.
    if (!Array.isArray(data) || data.length !== length) throw wrongLength(file, shape);
    return objects(shape, data, file);
  }
  const bytes = bytesOf(data, new ByteSource(file));
  if (bytes === null || bytes.length !== length * type.size) throw wrongLength(file, shape);
  const read = elementReader(bytes, type, file);
  if (!columnMajor || shape.length < 2) return plain(shape, read);
  if (shape.length > 2) throw dataError(file.name, null, null, 'an array of more than two dimensions');
  return plain(shape, (place) => read((place % columns) * rows + Math.floor(place / columns)));
}

function plain(shape: readonly number[], at: (place: number) => Cell): NumpyArray {
  const array: NumpyArray = { shape, at, fork: () => array };
  return array;
}

function objects(shape: readonly number[], data: readonly PickleValue[], file: RandomFile): NumpyArray {
  const source = new ByteSource(file);
  return { shape, at: (place) => objectCell(data[place], source, file), fork: () => objects(shape, data, file) };
}

function wrongLength(file: RandomFile, shape: readonly number[]) {
  return dataError(file.name, null, null, `an array of shape ${shape.join(' x ')} has another number of values`);
}

function shapeOf(value: PickleValue | undefined, file: RandomFile): readonly number[] {
  const sides = value instanceof Tuple ? value.items : [value];
  const shape = sides.filter((side) => typeof side === 'number' && Number.isSafeInteger(side) && side >= 0);
  if (shape.length !== sides.length || shape.length > 3)
    throw dataError(file.name, null, null, 'an array has no shape');
  return shape.map(Number);
}
