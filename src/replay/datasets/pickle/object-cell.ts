import { dataError } from '../data-error.ts';
import type { Cell } from '../table.ts';
import type { ByteSource, RandomFile } from './byte-source.ts';
import { elementReader, elementType } from './element-type.ts';
import { Built, bytesOf, Dict, Global, Span, textOf, Tuple, type PickleValue } from './values.ts';

/** A list in a cell may hold lists; a pickle can make such a thing without end out of a few bytes. */
const cellItemsLimit = 10_000;

/** One object of an object column. Throws `invalid_data` for what is no text, number, truth value, list or record of them. */
export function objectCell(value: PickleValue | undefined, source: ByteSource, file: RandomFile): Cell {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isNaN(value) ? null : value;
  if (value instanceof Span) return textOf(value, source) ?? '';
  let items = 0;
  const read = (part: PickleValue | undefined): Cell => {
    items += 1;
    if (items > cellItemsLimit)
      throw dataError(file.name, null, null, `a cell holds more than ${cellItemsLimit} values`);
    if (part === undefined || part === null || typeof part === 'boolean' || typeof part === 'string')
      return part ?? null;
    if (typeof part === 'number') return Number.isNaN(part) ? null : part;
    if (typeof part === 'bigint') return Number(part);
    if (part instanceof Span) return textOf(part, source) ?? '';
    if (Array.isArray(part)) return part.map(read);
    if (part instanceof Tuple) return part.items.map(read);
    if (part instanceof Dict) return Object.fromEntries([...part.entries].map(([key, member]) => [key, read(member)]));
    if (part instanceof Global && part.name === 'pandas._libs.missing NA') return null;
    if (part instanceof Built && part.name === 'pandas._libs.tslibs.nattype _nat_unpickle') return null;
    const bytes = part instanceof Built ? bytesOf(part.args[1], source) : null;
    if (part instanceof Built && part.name === 'numpy.core.multiarray scalar' && bytes !== null) {
      const type = elementType(part.args[0], file);
      if (bytes.length === type.size) return elementReader(bytes, type, file)(0);
    }
    throw dataError(file.name, null, null, 'a cell holds something that is no text, number, list or record');
  };
  return read(value);
}
