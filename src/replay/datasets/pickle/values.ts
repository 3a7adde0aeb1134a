import type { ByteSource } from './byte-source.ts';

/**
 * What a pickle becomes: an inert picture of it. A constructor that the pickle names is never run; the call is kept as
 * a `Built` with its arguments, and `numpy.ts` and `data-frame.ts` read the few that make up a table.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Span
  | Tuple
  | Dict
  | Global
  | Built
  | PickleValue[];

/** A long text or byte string, left in the file until somebody wants it. */
export class Span {
  readonly at: number;
  /** Bytes. */
  readonly length: number;
  readonly kind: 'utf8' | 'latin1' | 'bytes';

  constructor(at: number, length: number, kind: 'utf8' | 'latin1' | 'bytes') {
    this.at = at;
    this.length = length;
    this.kind = kind;
  }
}

export class Tuple {
  readonly items: readonly PickleValue[];

  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** Keys that are no plain text or number are not looked up by anybody, so they are only counted. */
export class Dict {
  readonly entries = new Map<string | number, PickleValue>();
}

/** A name from the allow-list, as `module name`. */
export class Global {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A call of an allowed constructor that was written down instead of made. */
export class Built {
  /** As `module name`. */
  readonly name: string;
  readonly args: readonly PickleValue[];
  state: PickleValue | undefined = undefined;

  constructor(name: string, args: readonly PickleValue[]) {
    this.name = name;
    this.args = args;
  }
}

/** The text of a string or span; null for anything else. `source` may be left anywhere. */
export function textOf(value: PickleValue | undefined, source: ByteSource): string | null {
  if (typeof value === 'string') return value;
  if (!(value instanceof Span) || value.kind === 'bytes') return null;
  source.seek(value.at);
  return source.text(value.length, value.kind);
}

/**
 * The bytes of a byte string; null for anything else. Protocols before 3 have no byte strings: there `_codecs.encode`
 * of a text in latin1, or a text of Python 2, stands for one.
 */
export function bytesOf(value: PickleValue | undefined, source: ByteSource): Uint8Array | null {
  if (value instanceof Uint8Array) return value;
  if (value instanceof Built && value.name === 'builtins bytearray') return bytesOf(value.args[0] ?? '', source);
  if (value instanceof Built && value.name === '_codecs encode') {
    const text = textOf(value.args[0], source);
    return text === null ? null : Buffer.from(text, 'latin1');
  }
  if (typeof value === 'string') return Buffer.from(value, 'latin1');
  if (!(value instanceof Span) || value.kind === 'utf8') return null;
  source.seek(value.at);
  return source.bytes(value.length);
}
