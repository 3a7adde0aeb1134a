import { dataError, quoteCell } from '../data-error.ts';
import { allowedName } from './allow-list.ts';
import type { ByteSource } from './byte-source.ts';
import { Built, Dict, Global, Tuple, type PickleValue } from './values.ts';

/** What the objects of a pickle may take here, roughly, before it is refused. RouterBench's largest takes about 0.3 GiB. */
export const defaultMemoryLimitBytes = 2 ** 30;
const marksLimit = 10_000;
/** Rough sizes of what V8 makes of a value. */
const slotBytes = 8;
const objectBytes = 48;

/** The stack, the marks and the memo of one pickle. Every method throws `invalid_data` where the pickle is malformed. */
export class Machine {
  readonly source: ByteSource;
  readonly #stack: PickleValue[] = [];
  readonly #marks: number[] = [];
  readonly #memo: (PickleValue | undefined)[] = [];
  readonly #limitBytes: number;
  #spent = 0;

  constructor(source: ByteSource, limitBytes: number) {
    this.source = source;
    this.#limitBytes = limitBytes;
  }

  refuse(problem: string): Error {
    return dataError(this.source.file.name, null, null, `${problem} (at byte ${this.source.position})`);
  }

  /** `bytes`: what the value itself takes beside its place on the stack. */
  push(value: PickleValue, bytes = 0): void {
    this.#spend(slotBytes + bytes);
    this.#stack.push(value);
  }

  pushObject(value: PickleValue): void {
    this.push(value, objectBytes);
  }

  pop(): PickleValue {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0))
      throw this.refuse('the pickle takes a value where it put none');
    return this.#stack.pop() ?? null;
  }

  top(): PickleValue {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw this.refuse('the pickle uses a value where it put none');
    return this.#stack.at(-1) ?? null;
  }

  mark(): void {
    if (this.#marks.length >= marksLimit) throw this.refuse(`the pickle nests deeper than ${marksLimit} levels`);
    this.#marks.push(this.#stack.length);
  }

  /** All since the last mark. */
  popMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.refuse('the pickle closes a group that it never opened');
    this.#spend(objectBytes);
    return this.#stack.splice(mark);
  }

  tuple(length: number): void {
    if (this.#stack.length - (this.#marks.at(-1) ?? 0) < length) {
      throw this.refuse('the pickle takes a value where it put none');
    }
    const items = this.#stack.splice(this.#stack.length - length);
    this.pushObject(new Tuple(items));
  }

  remember(place = this.#memo.length): void {
    if (place > this.#memo.length) this.#spend(slotBytes * (place - this.#memo.length));
    this.#spend(slotBytes);
    this.#memo[place] = this.top();
  }

  recall(place: number): void {
    const value = this.#memo[place];
    if (value === undefined) throw this.refuse('the pickle refers to something that it has not written');
    this.push(value);
  }

  append(values: readonly PickleValue[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw this.refuse('the pickle appends to something that is no list');
    this.#spend(slotBytes * values.length);
    for (const value of values) list.push(value);
  }

  setItems(pairs: readonly PickleValue[]): void {
    const target = this.top();
    const dict = target instanceof Built && target.name === 'collections OrderedDict' ? dictOf(target) : target;
    if (!(dict instanceof Dict) || pairs.length % 2 !== 0) {
      throw this.refuse('the pickle sets a key of something that is no dictionary');
    }
    this.#spend(objectBytes * pairs.length);
    for (let i = 0; i < pairs.length; i += 2) {
      const key = pairs[i];
      if (typeof key === 'string' || typeof key === 'number') dict.entries.set(key, pairs[i + 1] ?? null);
    }
  }

  global(module: string, name: string): void {
    const known = allowedName(module, name);
    if (known === null) {
      if (/^pyarrow\b|^pandas\.core\.arrays\.(arrow|string_arrow)\b/.test(module)) {
        throw this.refuse(
          "a column is kept by Arrow, which is not read from a pickle; write the table with to_parquet, or its columns with astype('object')",
        );
      }
      const asked = quoteCell(`${module}.${name}`);
      throw this.refuse(`the pickle asks for ${asked}, which is no part of a table; nothing was run`);
    }
    this.pushObject(new Global(known));
  }

  /** Writes a call down; see `Built`. */
  call(constructor: PickleValue, args: PickleValue): void {
    if (!(args instanceof Tuple)) throw this.refuse('the pickle calls something without arguments');
    if (constructor instanceof Global) {
      this.pushObject(construct(constructor.name, args.items));
      return;
    }
    // functools.partial(f, ...first)(...rest) is f(...first, ...rest).
    const state = constructor instanceof Built && constructor.name === 'functools partial' ? constructor.state : null;
    const [inner, first] = state instanceof Tuple ? state.items : [];
    if (!(inner instanceof Global && first instanceof Tuple)) {
      throw this.refuse('the pickle calls something that is no constructor');
    }
    this.#spend(slotBytes * first.items.length);
    this.pushObject(construct(inner.name, [...first.items, ...args.items]));
  }

  build(state: PickleValue): void {
    const target = this.top();
    if (!(target instanceof Built)) throw this.refuse('the pickle sets the state of something that has none');
    target.state = state;
  }

  /** The one value that is left at the end. */
  result(): PickleValue {
    if (this.#stack.length !== 1 || this.#marks.length > 0) throw this.refuse('the pickle ends with loose values');
    return this.#stack[0] ?? null;
  }

  #spend(bytes: number): void {
    this.#spent += bytes;
    if (this.#spent > this.#limitBytes) {
      throw this.refuse(`the pickle would take more than ${Math.round(this.#limitBytes / 2 ** 20)} MiB of memory`);
    }
  }
}

/** Empty lists, dictionaries and byte strings may be written as calls, as any object is before protocol 2. */
function construct(name: string, args: readonly PickleValue[]): PickleValue {
  if (name === 'builtins list' && args.length === 0) return [];
  if (name === 'builtins dict' && args.length === 0) return new Dict();
  if (name === 'builtins bytes' && args.length === 0) return new Uint8Array();
  const [kind] = args;
  if (name === 'copyreg _reconstructor' && kind instanceof Global) return new Built(kind.name, []);
  return new Built(name, args);
}

function dictOf(target: Built): Dict {
  if (!(target.state instanceof Dict)) target.state = new Dict();
  return target.state;
}
