import { messageOf, PointsmanError } from '../../core/errors.ts';
import { dataError } from './data-error.ts';
import { readBytes } from './file-bytes.ts';
import { recordOf, type Cell, type CellRecord } from './table.ts';

/** A bracket that is never closed would otherwise swallow the file before anybody hears of it. */
const maxValueBytes = 256 << 20;
const quote = 0x22;
const backslash = 0x5c;

/**
 * The objects of a JSON file, one after another: those of an array, or those that follow one another (JSON Lines, with
 * or without line breaks inside). Only one object is in memory beside the chunk that is read. Batches; the first object
 * is row 1. Rejects with `invalid_data`, naming file and row.
 */
export async function* readJsonRecords(path: string, name: string): AsyncGenerator<readonly CellRecord[]> {
  let row = 0;
  const scanner = createScanner(name);
  const parse = (text: string): CellRecord => {
    row += 1;
    let value: Cell;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw dataError(name, row, null, `it is not JSON: ${messageOf(cause)}`);
    }
    const record = recordOf(value);
    if (record === null) throw dataError(name, row, null, 'it is no JSON object');
    return record;
  };
  try {
    for await (const chunk of readBytes(path, name)) {
      const texts = scanner.push(chunk);
      if (texts.length > 0) yield texts.map(parse);
    }
  } catch (cause) {
    if (cause instanceof PointsmanError) throw cause;
    throw dataError(name, null, null, `it cannot be read: ${messageOf(cause)}`);
  }
  scanner.end(row + 1);
}

/** Cuts a byte stream into the texts of its objects. */
function createScanner(name: string): { push(chunk: Buffer): string[]; end(row: number): void } {
  let pending: Buffer = Buffer.alloc(0);
  /** How far `pending` has been looked at. */
  let seen = 0;
  let start = -1;
  let depth = 0;
  let inString = false;
  let inArray = false;
  let isClosed = false;
  let row = 1;

  /** The end of the string that `from` lies in; -1 where it is not there yet. */
  const endOfString = (bytes: Buffer, from: number): number => {
    for (let at = bytes.indexOf(quote, from); at >= 0; at = bytes.indexOf(quote, at + 1)) {
      let slashes = 0;
      while (bytes[at - 1 - slashes] === backslash) slashes += 1;
      if (slashes % 2 === 0) return at;
    }
    return -1;
  };

  const outside = (code: number): void => {
    // White space, commas, and the byte order mark.
    if (code <= 0x20 || code === 0x2c || code === 0xef || code === 0xbb || code === 0xbf) return;
    if (code === 0x5b && !inArray && !isClosed && row === 1) inArray = true;
    else if (code === 0x5d && inArray) [inArray, isClosed] = [false, true];
    else throw dataError(name, row, null, `an object was expected, not ${JSON.stringify(String.fromCharCode(code))}`);
  };

  return {
    push(chunk) {
      const bytes = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const texts: string[] = [];
      let at = seen;
      while (at < bytes.length) {
        if (inString) {
          const end = endOfString(bytes, at);
          if (end < 0) {
            at = bytes.length;
            break;
          }
          inString = false;
          at = end + 1;
          continue;
        }
        const code = bytes[at] ?? 0;
        if (code === quote && depth > 0) inString = true;
        else if (code === 0x7b || (code === 0x5b && depth > 0)) {
          if (depth === 0) {
            if (isClosed) outside(code);
            start = at;
          }
          depth += 1;
        } else if (depth > 0 && (code === 0x7d || code === 0x5d)) {
          depth -= 1;
          if (depth === 0) {
            texts.push(bytes.toString('utf8', start, at + 1));
            start = -1;
            row += 1;
          }
        } else if (depth === 0) outside(code);
        at += 1;
      }
      const keep = start < 0 ? bytes.length : start;
      // A backslash at the end has to stay in sight of what follows it, so a string is kept whole.
      pending = bytes.subarray(keep);
      seen = at - keep;
      if (start >= 0) start = 0;
      if (pending.length > maxValueBytes) {
        throw dataError(name, row, null, 'an object of more than 256 MB; a bracket is probably never closed');
      }
      return texts;
    },
    end(last) {
      if (depth > 0) throw dataError(name, last, null, 'the file ends in the middle of an object');
      if (inArray) throw dataError(name, last, null, 'the file ends in the middle of its array');
    },
  };
}
