import { dataError } from '../data-error.ts';
import type { Cell } from '../table.ts';
import type { RandomFile } from './byte-source.ts';
import { Built, Tuple, type PickleValue } from './values.ts';

/** A dtype of numpy. */
export interface ElementType {
  /** numpy's kind: f, i, u, b, O, M, U, S. */
  readonly kind: string;
  /** Bytes. */
  readonly size: number;
  readonly littleEndian: boolean;
  /** Of a date: s, ms, us, ns. */
  readonly unit: string;
}

/** Throws `invalid_data` for a dtype that no table has. */
export function elementType(value: PickleValue | undefined, file: RandomFile): ElementType {
  const name = value instanceof Built && value.name === 'numpy dtype' ? value.args[0] : undefined;
  const match = typeof name === 'string' ? /^[<>|=]?([fiubOMUS])(\d*)/.exec(name) : null;
  const state = value instanceof Built && value.state instanceof Tuple ? value.state.items : [];
  const [, kind = '', digits = ''] = match ?? [];
  const stated = state[5];
  // Texts tell their size only in the state; a character of U takes four bytes.
  const size = digits !== '' ? Number(digits) * (kind === 'U' ? 4 : 1) : typeof stated === 'number' ? stated : 0;
  const isKnown = { f: [4, 8], i: [1, 2, 4, 8], u: [1, 2, 4, 8], b: [1], O: [8], M: [8] }[kind];
  if (match === null || (isKnown !== undefined && !isKnown.includes(size)) || size > 1 << 20) {
    throw dataError(file.name, null, null, `an array of ${typeof name === 'string' ? name : 'no known type'}`);
  }
  const members = state[8];
  const unit = members instanceof Tuple && members.items[1] instanceof Tuple ? members.items[1].items[0] : null;
  return {
    kind,
    size,
    littleEndian: state[1] !== '>',
    unit: unit instanceof Uint8Array ? Buffer.from(unit).toString() : 'ns',
  };
}

/** Gives the element at a place, which must lie inside. NaN and NaT are null. */
export function elementReader(bytes: Uint8Array, type: ElementType, file: RandomFile): (place: number) => Cell {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const { size, littleEndian } = type;
  switch (type.kind) {
    case 'f': {
      const read = (place: number): number =>
        size === 8 ? view.getFloat64(place * 8, littleEndian) : view.getFloat32(place * 4, littleEndian);
      return (place) => {
        const value = read(place);
        return Number.isNaN(value) ? null : value;
      };
    }
    case 'b':
      return (place) => view.getUint8(place) !== 0;
    case 'i':
      if (size === 8) return (place) => Number(view.getBigInt64(place * 8, littleEndian));
      if (size === 4) return (place) => view.getInt32(place * 4, littleEndian);
      return size === 2 ? (place) => view.getInt16(place * 2, littleEndian) : (place) => view.getInt8(place);
    case 'u':
      if (size === 8) return (place) => Number(view.getBigUint64(place * 8, littleEndian));
      if (size === 4) return (place) => view.getUint32(place * 4, littleEndian);
      return size === 2 ? (place) => view.getUint16(place * 2, littleEndian) : (place) => view.getUint8(place);
    case 'M':
      return (place) => dateOf(view.getBigInt64(place * 8, littleEndian), type.unit);
    case 'S':
      return (place) =>
        Buffer.from(bytes.subarray(place * size, (place + 1) * size))
          .toString('latin1')
          .replace(/\0+$/, '');
    case 'U':
      return (place) => wideText(view, place * size, size, littleEndian);
    default:
      throw dataError(file.name, null, null, `an array of kind ${type.kind}`);
  }
}

const notATime = -(2n ** 63n);
const perMillisecond: Readonly<Record<string, bigint>> = { ns: 1_000_000n, us: 1000n, ms: 1n };

/** ISO 8601; null for NaT and for what no calendar holds. */
function dateOf(ticks: bigint, unit: string): string | null {
  if (ticks === notATime) return null;
  const divisor = perMillisecond[unit];
  const date = new Date(divisor === undefined ? Number(ticks) * 1000 : Number(ticks / divisor));
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function wideText(view: DataView, from: number, size: number, littleEndian: boolean): string {
  let text = '';
  for (let at = from; at < from + size; at += 4) {
    const code = view.getUint32(at, littleEndian);
    if (code === 0) break;
    text += String.fromCodePoint(Math.min(code, 0x10ffff));
  }
  return text;
}
