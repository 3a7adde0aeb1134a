import { ByteSource, type RandomFile } from './byte-source.ts';
import { defaultMemoryLimitBytes, Machine } from './machine.ts';
import { Dict, Span, Tuple, type PickleValue } from './values.ts';

/** Texts up to this size are read at once; longer ones are left in the file. */
const shortBytes = 64;
/** Numbers of more bytes than this are no number of a table. */
const longestInteger = 64;

/**
 * Reads a Python pickle (protocols 0 to 5, as pickletools describes them) into an inert picture. It never imports or
 * runs what the pickle names; names outside the allow-list are refused. Memory is bounded: long texts stay in the file.
 * `limitBytes` is what its objects may take.
 * Throws `invalid_data` with the byte where the pickle is malformed, cut short or not wanted.
 */
export function unpickle(file: RandomFile, limitBytes = defaultMemoryLimitBytes): PickleValue {
  const source = new ByteSource(file);
  const machine = new Machine(source, limitBytes);
  for (;;) {
    const code = source.byte();
    if (code === stop) return machine.result();
    const run = opcodes[code];
    if (run === undefined)
      throw machine.refuse(`0x${code.toString(16).padStart(2, '0')} is no instruction of a pickle`);
    run(machine, source);
  }
}

type Opcode = (machine: Machine, source: ByteSource) => void;

const stop = 0x2e;
/** By code; the names are those of Python's pickletools. */
const opcodes: (Opcode | undefined)[] = [];
const define = (code: string | number, run: Opcode): void => {
  opcodes[typeof code === 'string' ? code.charCodeAt(0) : code] = run;
};

function pushSpan(machine: Machine, source: ByteSource, length: number, kind: Span['kind']): void {
  if (length > shortBytes) machine.pushObject(new Span(source.skip(length), length, kind));
  else if (kind === 'bytes') machine.push(source.bytes(length), 96);
  else machine.push(source.text(length, kind), 24 + length);
}

/** A decimal integer of protocol 0, `01` and `00` being true and false there. */
function pushDecimal(machine: Machine, line: Buffer): void {
  const text = line.toString('latin1').replace(/L$/, '');
  if (text === '01' || text === '00') machine.push(text === '01');
  else if (text.length <= 3 * longestInteger && /^-?\d+$/.test(text)) machine.push(exact(BigInt(text)), 16);
  else throw machine.refuse('an integer is not one');
}

/** Little-endian two's complement. */
function pushLong(machine: Machine, source: ByteSource, length: number): void {
  if (length > longestInteger) throw machine.refuse(`an integer of ${length} bytes`);
  let value = 0n;
  const bytes = source.bytes(length);
  for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  machine.push(exact(BigInt.asIntN(8 * length, value)), 16);
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The place in the memo, or the text of a name, on a line of protocol 0. */
function placeOn(machine: Machine, line: Buffer): number {
  const place = Number(line.toString('latin1'));
  if (!Number.isSafeInteger(place) || place < 0) throw machine.refuse('a reference is no number');
  return place;
}

const unwanted =
  (what: string): Opcode =>
  (machine) => {
    throw machine.refuse(`the pickle uses ${what}, which no table needs; nothing was run`);
  };

define('(', (machine) => machine.mark());
define('0', (machine) => void machine.pop());
define('1', (machine) => void machine.popMark());
define('2', (machine) => machine.push(machine.top()));

define('N', (machine) => machine.push(null));
define(0x88, (machine) => machine.push(true));
define(0x89, (machine) => machine.push(false));
define('I', (machine, source) => pushDecimal(machine, source.line()));
define('L', (machine, source) => pushDecimal(machine, source.line()));
define('J', (machine, source) => machine.push(source.int32(), 16));
define('K', (machine, source) => machine.push(source.byte()));
define('M', (machine, source) => machine.push(source.uint16()));
define(0x8a, (machine, source) => pushLong(machine, source, source.byte()));
define(0x8b, (machine, source) => pushLong(machine, source, source.uint32()));
define('G', (machine, source) => machine.push(source.bigDouble(), 16));
define('F', (machine, source) => {
  const text = source.line().toString('latin1');
  const named: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, '-inf': -Infinity };
  const value = named[text] ?? (text === '' ? Number.NaN : Number(text));
  if (Number.isNaN(value) && text !== 'nan') throw machine.refuse('a number is not one');
  machine.push(value, 16);
});

define('X', (machine, source) => pushSpan(machine, source, source.uint32(), 'utf8'));
define(0x8c, (machine, source) => pushSpan(machine, source, source.byte(), 'utf8'));
define(0x8d, (machine, source) => pushSpan(machine, source, source.uint64(), 'utf8'));
define('T', (machine, source) => pushSpan(machine, source, source.uint32(), 'latin1'));
define('U', (machine, source) => pushSpan(machine, source, source.byte(), 'latin1'));
define('B', (machine, source) => pushSpan(machine, source, source.uint32(), 'bytes'));
define('C', (machine, source) => pushSpan(machine, source, source.byte(), 'bytes'));
define(0x8e, (machine, source) => pushSpan(machine, source, source.uint64(), 'bytes'));
define(0x96, (machine, source) => pushSpan(machine, source, source.uint64(), 'bytes'));
define('V', (machine, source) => {
  const text = source.line();
  machine.push(unescapeUnicode(text.toString('latin1')), 2 * text.length);
});
define('S', (machine, source) => {
  const text = source.line();
  machine.push(unquote(machine, text.toString('latin1')), 2 * text.length);
});

define(')', (machine) => machine.pushObject(new Tuple([])));
define(0x85, (machine) => machine.tuple(1));
define(0x86, (machine) => machine.tuple(2));
define(0x87, (machine) => machine.tuple(3));
define('t', (machine) => machine.pushObject(new Tuple(machine.popMark())));
define(']', (machine) => machine.pushObject([]));
define('l', (machine) => machine.pushObject(machine.popMark()));
define('a', (machine) => {
  const value = machine.pop();
  machine.append([value]);
});
define('e', (machine) => machine.append(machine.popMark()));
define('}', (machine) => machine.push(new Dict(), 200));
define('d', (machine) => {
  const pairs = machine.popMark();
  machine.push(new Dict(), 200);
  machine.setItems(pairs);
});
define('s', (machine) => {
  const value = machine.pop();
  machine.setItems([machine.pop(), value]);
});
define('u', (machine) => machine.setItems(machine.popMark()));
// A set is kept as a list: nobody looks into one.
define(0x8f, (machine) => machine.pushObject([]));
define(0x90, (machine) => machine.append(machine.popMark()));
define(0x91, (machine) => machine.pushObject(machine.popMark()));

define('p', (machine, source) => machine.remember(placeOn(machine, source.line())));
define('q', (machine, source) => machine.remember(source.byte()));
define('r', (machine, source) => machine.remember(source.uint32()));
define(0x94, (machine) => machine.remember());
define('g', (machine, source) => machine.recall(placeOn(machine, source.line())));
define('h', (machine, source) => machine.recall(source.byte()));
define('j', (machine, source) => machine.recall(source.uint32()));

define('c', (machine, source) => {
  const module = source.line().toString('utf8');
  machine.global(module, source.line().toString('utf8'));
});
define(0x93, (machine) => {
  const name = machine.pop();
  const module = machine.pop();
  if (typeof name !== 'string' || typeof module !== 'string') throw machine.refuse('a name is no text');
  machine.global(module, name);
});
define('R', (machine) => {
  const args = machine.pop();
  machine.call(machine.pop(), args);
});
define(0x81, (machine) => {
  const args = machine.pop();
  machine.call(machine.pop(), args);
});
define(0x92, (machine) => {
  machine.pop();
  const args = machine.pop();
  machine.call(machine.pop(), args);
});
define('o', (machine) => {
  const [constructor, ...args] = machine.popMark();
  machine.call(constructor ?? null, new Tuple(args));
});
define('i', (machine, source) => {
  const args = new Tuple(machine.popMark());
  const module = source.line().toString('utf8');
  machine.global(module, source.line().toString('utf8'));
  machine.call(machine.pop(), args);
});
define('b', (machine) => machine.build(machine.pop()));

define(0x80, (machine, source) => {
  const protocol = source.byte();
  if (protocol > 5) throw machine.refuse(`protocol ${protocol}; this reads 0 to 5`);
});
define(0x95, (machine, source) => {
  const length = source.uint64();
  if (source.position + length > source.file.size) throw machine.refuse('a frame is longer than the file');
});
define('P', unwanted('persistent ids'));
define('Q', unwanted('persistent ids'));
for (const code of [0x82, 0x83, 0x84]) define(code, unwanted('the extension registry'));
define(0x97, unwanted('buffers outside the file'));
define(0x98, unwanted('buffers outside the file'));

/** Python's raw-unicode-escape. */
function unescapeUnicode(text: string): string {
  return text.replaceAll(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (whole, short?: string, long?: string) => {
    const code = Number.parseInt(short ?? long ?? '', 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** The repr of a byte string of Python 2. */
function unquote(machine: Machine, text: string): string {
  const mark = text[0];
  if (text.length < 2 || (mark !== '"' && mark !== "'") || text.at(-1) !== mark) {
    throw machine.refuse('a text is not in quotes');
  }
  const simple: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
  return text
    .slice(1, -1)
    .replaceAll(/\\(?:x([0-9a-fA-F]{2})|(.))/g, (_, hex?: string, escaped = '') =>
      hex === undefined ? (simple[escaped] ?? escaped) : String.fromCharCode(Number.parseInt(hex, 16)),
    );
}
