import { isRecord } from './json.ts';
import type { RequestBody } from '../core/backend.ts';

/** What replaces `raw[start, end)`; null removes it. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly bytes: Buffer | null;
}

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Beyond this many bytes a native search for the closing quote beats walking. Measured; no limit of any kind. */
const walkedBytes = 32;

const askForUsage = Buffer.from(',"stream_options":{"include_usage":true}');

/**
 * The bytes that go upstream: the client's own, except that every top-level `model` gets the value `model` (a JSON
 * string), top-level `pointsman` members are taken out with one comma each, and, where `askUsage`, `stream_options`
 * asks for the usage chunk. Nothing is parsed and written back, so numbers, escapes, key order and unknown fields stay
 * as they came. `body.raw` must be the valid JSON object that `body.parsed` was read from.
 */
export function spliceBody(body: RequestBody, model: Buffer, askUsage: boolean): Buffer {
  const { raw, parsed } = body;
  const streamOptions = askUsage ? usageOptions(parsed) : null;
  let insertion = askUsage && !Object.hasOwn(parsed, 'stream_options') ? askForUsage : null;
  const edits: Edit[] = [];
  /** Of the last comma that is still there; -1 where no member is left before this one. */
  let keptComma = -1;
  let at = afterSpace(raw, 0) + 1;
  for (;;) {
    at = afterSpace(raw, at);
    if (raw[at] !== quote) break;
    const keyStart = at;
    const keyEnd = afterString(raw, keyStart);
    const valueStart = afterSpace(raw, afterSpace(raw, keyEnd) + 1);
    const valueEnd = afterValue(raw, valueStart);
    const next = afterSpace(raw, valueEnd);
    const last = raw[next] !== comma;
    switch (keyAt(raw, keyStart, keyEnd)) {
      case 'model':
        edits.push({ start: valueStart, end: valueEnd, bytes: insertion ? Buffer.concat([model, insertion]) : model });
        insertion = null;
        if (!last) keptComma = next;
        break;
      case 'stream_options':
        if (streamOptions) edits.push({ start: valueStart, end: valueEnd, bytes: streamOptions });
        if (!last) keptComma = next;
        break;
      case 'pointsman':
        if (!last) edits.push({ start: keyStart, end: next + 1, bytes: null });
        else {
          // Whatever stands after the last kept comma are members already taken out: one cut replaces theirs.
          const start = keptComma === -1 ? keyStart : keptComma;
          while ((edits.at(-1)?.start ?? -1) >= start) edits.pop();
          edits.push({ start, end: valueEnd, bytes: null });
        }
        break;
      case null:
        if (!last) keptComma = next;
        break;
    }
    if (last) break;
    at = next + 1;
  }
  return applyEdits(raw, edits);
}

/** The new value, or null where the client's own already asks for usage or is not ours to mend. */
function usageOptions(parsed: Readonly<Record<string, unknown>>): Buffer | null {
  const own = parsed['stream_options'];
  if (own === null) return Buffer.from('{"include_usage":true}');
  if (!isRecord(own) || own['include_usage'] === true) return null;
  return Buffer.from(JSON.stringify({ ...own, include_usage: true }));
}

function applyEdits(raw: Buffer, edits: readonly Edit[]): Buffer {
  let length = raw.length;
  for (const { start, end, bytes } of edits) length += (bytes?.length ?? 0) - (end - start);
  const out = Buffer.allocUnsafe(length);
  let from = 0;
  let to = 0;
  for (const { start, end, bytes } of edits) {
    to += raw.copy(out, to, from, start);
    if (bytes) to += bytes.copy(out, to);
    from = end;
  }
  raw.copy(out, to, from);
  return out;
}

type Key = 'model' | 'stream_options' | 'pointsman';

function keyAt(raw: Buffer, start: number, end: number): Key | null {
  if (is(raw, start, end, 'model')) return 'model';
  if (is(raw, start, end, 'pointsman')) return 'pointsman';
  if (is(raw, start, end, 'stream_options')) return 'stream_options';
  // "mod\u0065l" is `model` to every JSON parser, so it must be to us.
  for (let i = start; i < end; i++) {
    if (raw[i] !== backslash) continue;
    const key: unknown = JSON.parse(raw.toString('utf8', start, end));
    return key === 'model' || key === 'pointsman' || key === 'stream_options' ? key : null;
  }
  return null;
}

function is(raw: Buffer, start: number, end: number, key: string): boolean {
  if (end - start !== key.length + 2) return false;
  for (let i = 0; i < key.length; i++) if (raw[start + 1 + i] !== key.charCodeAt(i)) return false;
  return true;
}

/** Index of the first byte that is no white space. */
export function afterSpace(raw: Buffer, from: number): number {
  let at = from;
  while (at < raw.length && (raw[at] ?? 0) <= 0x20) at++;
  return at;
}

/** Index after a string; `open` is at its opening quote. */
export function afterString(raw: Buffer, open: number): number {
  let at = open + 1;
  const walked = Math.min(at + walkedBytes, raw.length);
  while (at < walked) {
    const byte = raw[at];
    if (byte === quote) return at + 1;
    at += byte === backslash ? 2 : 1;
  }
  for (;;) {
    const found = raw.indexOf(quote, at);
    if (found === -1) return raw.length;
    let firstBackslash = found;
    while (firstBackslash > at && raw[firstBackslash - 1] === backslash) firstBackslash--;
    if ((found - firstBackslash) % 2 === 0) return found + 1;
    at = found + 1;
  }
}

/** Index after a value that begins at `start`. */
export function afterValue(raw: Buffer, start: number): number {
  const first = raw[start];
  if (first === quote) return afterString(raw, start);
  let at = start;
  if (first === openBrace || first === openBracket) {
    let depth = 0;
    while (at < raw.length) {
      const byte = raw[at];
      if (byte === quote) {
        at = afterString(raw, at);
        continue;
      }
      at++;
      if (byte === openBrace || byte === openBracket) depth++;
      else if ((byte === closeBrace || byte === closeBracket) && --depth === 0) return at;
    }
    return at;
  }
  for (; at < raw.length; at++) {
    const byte = raw[at] ?? 0;
    if (byte <= 0x20 || byte === comma || byte === closeBrace) return at;
  }
  return at;
}
