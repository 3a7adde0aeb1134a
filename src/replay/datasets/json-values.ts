import { messageOf, PointsmanError } from '../../core/errors.ts';
import { dataError } from './data-error.ts';
import { readBytes } from './file-bytes.ts';
import { recordOf, type Cell, type CellRecord } from './table.ts';

/**
 * A bracket that is never closed would otherwise swallow the file before anybody hears of it. The first object may be
 * the whole file, with a list of records inside (LLMRouterBench); one among others is a row, as a record of a CSV file.
 */
const maxFileMegabytes = 256;
const maxRowMegabytes = 64;
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

/** Cuts a byte stream into the texts of its objects. Looks at every byte once, however long an object is. */
function createScanner(name: string): { push(chunk: Buffer): string[]; end(row: number): void } {
  /** The object that is open, as far as it came in earlier chunks. */
  let parts: Buffer[] = [];
  let partBytes = 0;
  let depth = 0;
  let inString = false;
  /** The chunk before ended within a string, in an odd number of backslashes: what comes next is escaped. */
  let isEscaped = false;
  let inArray = false;
  let isClosed = false;
  let row = 1;

  /** Whether what stands at `at` is escaped by the backslashes before it. */
  const escapedAt = (bytes: Buffer, at: number): boolean => {
    let slashes = 0;
    while (slashes < at && bytes[at - 1 - slashes] === backslash) slashes += 1;
    return (slashes % 2 === 1) !== (slashes === at && isEscaped);
  };

  /** The end of the string that `from` lies in; -1 where it is not there yet. */
  const endOfString = (bytes: Buffer, from: number): number => {
    let at = bytes.indexOf(quote, from);
    while (at >= 0 && escapedAt(bytes, at)) at = bytes.indexOf(quote, at + 1);
    return at;
  };

  const outside = (code: number): void => {
    // White space, commas, and the byte order mark.
    if (code <= 0x20 || code === 0x2c || code === 0xef || code === 0xbb || code === 0xbf) return;
    if (code === 0x5b && !inArray && !isClosed && row === 1) inArray = true;
    else if (code === 0x5d && inArray) [inArray, isClosed] = [false, true];
    else throw dataError(name, row, null, `an object was expected, not ${JSON.stringify(String.fromCharCode(code))}`);
  };

  /** The object whose last bytes are these. */
  const take = (last: Buffer): string => {
    const text = parts.length === 0 ? last.toString('utf8') : Buffer.concat([...parts, last]).toString('utf8');
    [parts, partBytes] = [[], 0];
    row += 1;
    return text;
  };

  const keep = (bytes: Buffer): void => {
    parts.push(bytes);
    partBytes += bytes.length;
    const most = row === 1 && !inArray ? maxFileMegabytes : maxRowMegabytes;
    if (partBytes > most << 20) {
      throw dataError(
        name,
        row,
        null,
        `an object of more than ${most} MB; a bracket or a quote is probably never closed`,
      );
    }
  };

  return {
    push(bytes) {
      const texts: string[] = [];
      let start = 0;
      let at = 0;
      while (at < bytes.length) {
        if (inString) {
          const end = endOfString(bytes, at);
          if (end < 0) break;
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
          if (depth === 0) texts.push(take(bytes.subarray(start, at + 1)));
        } else if (depth === 0) outside(code);
        at += 1;
      }
      if (depth > 0) keep(bytes.subarray(start));
      isEscaped = inString && escapedAt(bytes, bytes.length);
      return texts;
    },
    end(last) {
      if (depth > 0) throw dataError(name, last, null, 'the file ends in the middle of an object');
      if (inArray) throw dataError(name, last, null, 'the file ends in the middle of its array');
    },
  };
}
