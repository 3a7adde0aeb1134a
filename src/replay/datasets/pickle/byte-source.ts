import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { messageOf } from '../../../core/errors.ts';
import { dataError } from '../data-error.ts';

/** A file that is read by place. Only windows of it are ever in memory. */
export interface RandomFile {
  /** As errors call it. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** A copy; throws `invalid_data` where the file has no such bytes. */
  read(at: number, length: number): Buffer;
  close(): void;
}

const windowBytes = 1 << 20;

/** Throws `invalid_data` where the file cannot be opened. */
export function openRandomFile(path: string, name: string): RandomFile {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    throw dataError(name, null, null, `it cannot be read: ${messageOf(cause)}`);
  }
  const { size } = fstatSync(file);
  return {
    name,
    size,
    read(at, length) {
      if (at + length > size) throw cutShort(name, size);
      const bytes = Buffer.allocUnsafeSlow(length);
      let filled = 0;
      while (filled < length) {
        const count = readSync(file, bytes, filled, length - filled, at + filled);
        if (count === 0) throw cutShort(name, size);
        filled += count;
      }
      return bytes;
    },
    close: () => closeSync(file),
  };
}

/** The pickle wants more bytes than there are. */
export function cutShort(name: string, size: number): Error {
  return dataError(name, null, null, `the pickle stops in the middle, at byte ${size}; the file is incomplete`);
}

/** Reads forward through a file, a window at a time. Its numbers are little-endian but for `bigDouble`. */
export class ByteSource {
  readonly file: RandomFile;
  #window: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** Where the window starts in the file. */
  #start = 0;
  /** Into the window; beyond its end after a skip. */
  #next = 0;

  constructor(file: RandomFile) {
    this.file = file;
  }

  get position(): number {
    return this.#start + this.#next;
  }

  seek(at: number): void {
    const next = at - this.#start;
    if (next >= 0 && next <= this.#window.length) this.#next = next;
    else {
      this.#window = Buffer.alloc(0);
      this.#start = at;
      this.#next = 0;
    }
  }

  byte(): number {
    if (this.#next >= this.#window.length) this.#fill(1);
    const value = this.#window[this.#next] ?? 0;
    this.#next += 1;
    return value;
  }

  uint16(): number {
    const at = this.#take(2);
    return this.#view.getUint16(at, true);
  }

  uint32(): number {
    const at = this.#take(4);
    return this.#view.getUint32(at, true);
  }

  int32(): number {
    const at = this.#take(4);
    return this.#view.getInt32(at, true);
  }

  /** A length; throws `invalid_data` where the file cannot hold so many bytes. */
  uint64(): number {
    const at = this.#take(8);
    const value = this.#view.getBigUint64(at, true);
    if (value > BigInt(this.file.size)) throw cutShort(this.file.name, this.file.size);
    return Number(value);
  }

  bigDouble(): number {
    const at = this.#take(8);
    return this.#view.getFloat64(at, false);
  }

  text(length: number, encoding: 'utf8' | 'latin1'): string {
    const from = this.#take(length);
    return this.#window.toString(encoding, from, from + length);
  }

  bytes(length: number): Buffer {
    const from = this.#take(length);
    return Buffer.from(this.#window.subarray(from, from + length));
  }

  /** Moves on without reading; gives where the skipped bytes start. */
  skip(length: number): number {
    const at = this.position;
    if (at + length > this.file.size) throw cutShort(this.file.name, this.file.size);
    this.#next += length;
    return at;
  }

  /** Up to the next line feed, which is left out. */
  line(): Buffer {
    const parts: Buffer[] = [];
    for (;;) {
      if (this.#next >= this.#window.length) this.#fill(1);
      const end = this.#window.indexOf(0x0a, this.#next);
      parts.push(Buffer.from(this.#window.subarray(this.#next, end < 0 ? this.#window.length : end)));
      this.#next = end < 0 ? this.#window.length : end + 1;
      if (end >= 0) return Buffer.concat(parts);
    }
  }

  #take(length: number): number {
    if (this.#next + length > this.#window.length) this.#fill(length);
    const from = this.#next;
    this.#next += length;
    return from;
  }

  #fill(length: number): void {
    const at = this.position;
    const wanted = Math.max(length, Math.min(windowBytes, this.file.size - at));
    this.#window = this.file.read(at, wanted);
    this.#view = new DataView(this.#window.buffer, this.#window.byteOffset, this.#window.length);
    this.#start = at;
    this.#next = 0;
  }
}
