import { PointsmanError } from './errors.ts';
import type { Json, State, TypedArray } from './state.ts';

/**
 * A State as one buffer: `PMS1`, the header's length (uint32, little-endian), a JSON header, then every array at a
 * multiple of 8 bytes. The same state always gives the same bytes, so states can be compared and fingerprinted.
 */
const magic = 'PMS1';

const kinds = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u8: Uint8Array } as const;
type Kind = keyof typeof kinds;

interface Header {
  readonly version: number;
  readonly data: Readonly<Record<string, Json>>;
  readonly arrays: readonly { readonly name: string; readonly kind: Kind; readonly length: number }[];
}

const isCount = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0;
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** By hand: the thread that owns the database decodes states, and a schema library would double its memory. */
const isHeader = (value: unknown): value is Header =>
  isRecord(value) &&
  Number.isInteger(value['version']) &&
  isRecord(value['data']) &&
  Array.isArray(value['arrays']) &&
  value['arrays'].every(
    (entry: unknown) =>
      isRecord(entry) &&
      typeof entry['name'] === 'string' &&
      typeof entry['kind'] === 'string' &&
      Object.hasOwn(kinds, entry['kind']) &&
      isCount(entry['length']),
  );

const align = (offset: number): number => (offset + 7) & ~7;

function kindOf(array: TypedArray): Kind {
  if (array instanceof Float32Array) return 'f32';
  if (array instanceof Float64Array) return 'f64';
  if (array instanceof Int32Array) return 'i32';
  return 'u8';
}

export function encodeState(state: State): Buffer {
  const entries = Object.entries(state.arrays).sort(([a], [b]) => (a < b ? -1 : 1));
  const header = {
    version: state.version,
    data: state.data,
    arrays: entries.map(([name, array]) => ({ name, kind: kindOf(array), length: array.length })),
  };
  const json = Buffer.from(JSON.stringify(header));
  let offset = align(8 + json.length);
  const places = entries.map(([, array]) => {
    const place = offset;
    offset = align(offset + array.byteLength);
    return place;
  });
  const out = Buffer.alloc(offset);
  out.write(magic, 0, 'latin1');
  out.writeUInt32LE(json.length, 4);
  json.copy(out, 8);
  entries.forEach(([, array], i) => {
    out.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), places[i] ?? 0);
  });
  return out;
}

/** Throws `invalid_data` when the bytes are not one whole encoded state. */
export function decodeState(bytes: Uint8Array): State {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const broken = (why: string, cause?: unknown): PointsmanError =>
    new PointsmanError('invalid_data', `Learned state cannot be read: ${why}.`, { cause });
  if (buffer.length < 8 || buffer.toString('latin1', 0, 4) !== magic) throw broken('it does not begin with PMS1');
  const headerEnd = 8 + buffer.readUInt32LE(4);
  if (headerEnd > buffer.length) throw broken('it ends inside its header');
  let header: unknown;
  try {
    header = JSON.parse(buffer.toString('utf8', 8, headerEnd));
  } catch (cause) {
    throw broken('its header is not JSON', cause);
  }
  if (!isHeader(header)) throw broken('its header has another shape');
  const arrays: Record<string, TypedArray> = {};
  let offset = align(headerEnd);
  for (const { name, kind, length } of header.arrays) {
    const Kind = kinds[kind];
    const size = length * Kind.BYTES_PER_ELEMENT;
    if (offset + size > buffer.length) throw broken(`it ends inside the array "${name}"`);
    // Copied, so that the view is aligned and owns its memory.
    arrays[name] = new Kind(new Uint8Array(buffer.subarray(offset, offset + size)).buffer, 0, length);
    offset = align(offset + size);
  }
  return { version: header.version, data: header.data, arrays };
}
