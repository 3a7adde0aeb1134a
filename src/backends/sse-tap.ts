import type { BackendResult, Usage } from '../core/backend.ts';
import { readChunk, readError, type ChunkError } from './chat-chunk.ts';
import { parseJson } from './json.ts';
import { readUsageChunk, usageEvent, type UsageChunk } from './usage-chunk.ts';

/** Why a stream is no answer. `error`: the upstream said so itself. `cut`: it stopped before its end. */
export type StreamFault =
  | { readonly type: 'error'; readonly error: ChunkError }
  | { readonly type: 'garbage'; readonly why: string }
  | { readonly type: 'cut' };

/** An event that is larger is not a chat completion's. */
export const maxEventBytes = 1024 * 1024;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const quote = 0x22;
const colon = 0x3a;
const brace = 0x7b;
const closingBrace = 0x7d;
const doneEvent = Buffer.from('data: [DONE]\n\n');
const eventEnd = Buffer.from('\n\n');
const lineEnd = Buffer.from('\n');

/** What is to become of one event. */
type Verdict = 'pass' | 'drop' | 'done' | 'fault';

/**
 * Listens to a chat completion stream while its bytes pass by: finds the ends of events, and parses only those that
 * come before the first output or that may carry usage, a finish reason or an error. Everything else goes on as the
 * very bytes that came, several events at once, an incomplete last event held back. One walk over the bytes does both
 * (on events of 260 bytes a byte loop took a third of the time of `Buffer.indexOf`; `bench/stream-tap.ts`).
 */
export class SseTap {
  /** `[DONE]` was seen: the answer is whole, whatever else may come. */
  done = false;
  /** Something the client waits for was seen. */
  output = false;

  readonly #includeUsage: boolean;
  readonly #choices: number;
  readonly #emit: (bytes: Buffer, output: boolean) => void;
  #fault: StreamFault | null = null;
  #usage: Usage | null = null;
  #costUsd: number | null = null;
  #finishReason: string | null = null;
  #finished = 0;
  /** A chunk that told usage beside other things, where the client asked for the chunk that tells nothing else. */
  #owed: UsageChunk | null = null;

  /** The incomplete last event, and how far it has been walked over. */
  #held = Buffer.alloc(0);
  #heldLength = 0;
  #walked = 0;

  /** Facts of the walk over the event under way; they outlive a chunk that ends inside it. */
  #lineEnds = 0;
  #suspicious = false;

  /** `choices`: how many the client asked for. `emit` gets whole events; its flag is true once output was seen. */
  constructor(includeUsage: boolean, choices: number, emit: (bytes: Buffer, output: boolean) => void) {
    this.#includeUsage = includeUsage;
    this.#choices = choices;
    this.#emit = emit;
  }

  /** What is known so far. */
  get result(): BackendResult {
    return { usage: this.#usage, costUsd: this.#costUsd, finishReason: this.#finishReason };
  }

  /** Returns why the stream is no answer, else null. After a fault or `done` further bytes are ignored. */
  push(chunk: Buffer): StreamFault | null {
    if (this.done || this.#fault) return null;
    const fresh = this.#heldLength === 0;
    const bytes = fresh ? chunk : this.#append(chunk);
    let walked = fresh ? 0 : this.#walked;
    let passFrom = 0;
    let eventStart = 0;
    for (;;) {
      const end = this.#walk(bytes, eventStart, walked);
      if (end === -1) break;
      // A key may have been cut in two, so an event that came in pieces is always parsed.
      if (walked > eventStart) this.#suspicious = true;
      const verdict = this.#judge(bytes, eventStart, end);
      if (verdict !== 'pass') {
        if (verdict === 'done') {
          if (this.#owed === null) this.#pass(bytes, passFrom, end);
          else {
            this.#pass(bytes, passFrom, eventStart);
            this.#emit(usageEvent(this.#owed), true);
            this.#pass(bytes, eventStart, end);
          }
          this.#heldLength = 0;
          return null;
        }
        this.#pass(bytes, passFrom, eventStart);
        if (verdict === 'fault') return this.#fault;
        passFrom = end;
      }
      eventStart = end;
      walked = end;
    }
    this.#pass(bytes, passFrom, eventStart);
    return this.#hold(bytes, eventStart);
  }

  /** The connection has ended in good order. Returns null where the answer is whole. */
  finish(): StreamFault | null {
    if (this.done || this.#fault) return null;
    if (this.#heldLength > 0 && this.#heldIsWhole()) {
      // Some servers leave out the last blank line.
      const fault = this.push(this.#held[this.#heldLength - 1] === lineFeed ? lineEnd : eventEnd);
      if (fault) return fault;
      if (this.done) return null;
    }
    if (this.#finished < this.#choices) return { type: 'cut' };
    this.done = true;
    if (this.#owed !== null) this.#emit(usageEvent(this.#owed), true);
    this.#emit(doneEvent, true);
    return null;
  }

  /** False for the stump of an event. */
  #heldIsWhole(): boolean {
    const payload = dataOf(this.#held.toString('utf8', 0, this.#heldLength));
    return payload === '[DONE]' || (payload !== '' && parseJson(payload) !== undefined);
  }

  #pass(bytes: Buffer, from: number, to: number): void {
    if (to > from) this.#emit(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), this.output);
  }

  /**
   * Index after the event's blank line, or -1 where the bytes end inside the event. Marks the event suspicious when
   * it contains a key that the judge must see the value of.
   */
  #walk(bytes: Buffer, start: number, from: number): number {
    const length = bytes.length;
    for (let i = from; i < length; i++) {
      const byte = bytes[i];
      if (byte === quote) {
        if (!this.#suspicious && isTellingKey(bytes, i)) this.#suspicious = true;
      } else if (byte === lineFeed) {
        const empty = i === start || (i === start + 1 && bytes[start] === carriageReturn);
        if (empty) return i + 1;
        const next = bytes[i + 1];
        if (next === lineFeed) return this.#endLine(i + 2);
        if (next === carriageReturn) {
          const second = bytes[i + 2];
          if (second === lineFeed) return this.#endLine(i + 3);
          if (second === undefined) return this.#pause(i);
        } else if (next === undefined) return this.#pause(i);
        this.#lineEnds++;
      }
    }
    return this.#pause(length);
  }

  #endLine(end: number): number {
    this.#lineEnds++;
    return end;
  }

  #pause(at: number): -1 {
    this.#walked = at;
    return -1;
  }

  #judge(bytes: Buffer, start: number, end: number): Verdict {
    const singleLine = this.#lineEnds <= 1;
    const suspicious = this.#suspicious;
    this.#lineEnds = 0;
    this.#suspicious = false;
    if (!singleLine) return this.#judgePayload(dataOf(bytes.toString('utf8', start, end)));
    if (!startsWithData(bytes, start)) return this.output ? 'pass' : 'drop';
    let from = start + 5;
    if (bytes[from] === space) from++;
    let to = end;
    while (to > from && (bytes[to - 1] ?? 0) <= space) to--;
    if (this.output && !suspicious && bytes[from] === brace) {
      return bytes[to - 1] === closingBrace ? 'pass' : this.#garbage('a broken event');
    }
    return this.#judgePayload(bytes.toString('utf8', from, to));
  }

  #judgePayload(payload: string): Verdict {
    if (payload === '') return this.output ? 'pass' : 'drop';
    if (payload === '[DONE]') {
      if (!this.output) return this.#garbage('a stream that ends without an answer');
      this.done = true;
      return 'done';
    }
    const parsed = parseJson(payload);
    if (parsed === undefined) return this.#garbage('an event that is not JSON');
    const error = readError(parsed);
    if (error) {
      this.#fault = { type: 'error', error };
      return 'fault';
    }
    const chunk = readChunk(parsed);
    if (chunk === null) return this.output ? 'pass' : this.#garbage('an event that is no chat completion chunk');
    this.output ||= chunk.output;
    if (chunk.usage !== null) {
      this.#usage = chunk.usage;
      if (this.#includeUsage) this.#owed = chunk.usageOnly ? null : readUsageChunk(parsed);
    }
    this.#costUsd = chunk.costUsd ?? this.#costUsd;
    this.#finishReason = chunk.finishReason ?? this.#finishReason;
    this.#finished += chunk.finished;
    return chunk.usageOnly && !this.#includeUsage ? 'drop' : 'pass';
  }

  #garbage(why: string): 'fault' {
    this.#fault = { type: 'garbage', why };
    return 'fault';
  }

  /** Grows by doubling, so that an event that trickles in byte by byte is not copied byte by byte. */
  #append(chunk: Buffer): Buffer {
    const length = this.#heldLength + chunk.length;
    if (length > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, this.#held.length * 2));
      this.#held.copy(larger, 0, 0, this.#heldLength);
      this.#held = larger;
    }
    chunk.copy(this.#held, this.#heldLength);
    this.#heldLength = length;
    return this.#held.subarray(0, length);
  }

  #hold(bytes: Buffer, from: number): StreamFault | null {
    const length = bytes.length - from;
    if (length > maxEventBytes) {
      this.#garbage(`an event of more than ${maxEventBytes} bytes`);
      return this.#fault;
    }
    this.#walked -= from;
    if (from === 0 && this.#heldLength > 0) return null;
    // What was passed on belongs to the reader now: the rest moves to memory of its own.
    if (length > 0) {
      this.#held = Buffer.allocUnsafe(Math.max(length * 2, 1024));
      bytes.copy(this.#held, 0, from);
    }
    this.#heldLength = length;
    return null;
  }
}

/** By the whole rule of the specification: other fields and comments left out, data of several lines joined. */
function dataOf(event: string): string {
  const data: string[] = [];
  for (const line of event.split(/\r?\n/)) {
    if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5));
  }
  return data.join('\n').trim();
}

function startsWithData(bytes: Buffer, at: number): boolean {
  return (
    bytes[at] === 0x64 &&
    bytes[at + 1] === 0x61 &&
    bytes[at + 2] === 0x74 &&
    bytes[at + 3] === 0x61 &&
    bytes[at + 4] === colon
  );
}

/**
 * Is this quote the start of a key whose value we need: `"finish_reason"` and `"usage"` unless null, and `"error"`?
 * A quote inside a string is escaped, so text that speaks of these keys does not look like them.
 */
function isTellingKey(bytes: Buffer, at: number): boolean {
  const first = bytes[at + 1];
  if (first === 0x66) return matches(bytes, at, finishReasonKey) && hasValue(bytes, at + finishReasonKey.length);
  if (first === 0x75) return matches(bytes, at, usageKey) && hasValue(bytes, at + usageKey.length);
  return first === 0x65 && matches(bytes, at, errorKey);
}

const finishReasonKey = Buffer.from('"finish_reason"');
const usageKey = Buffer.from('"usage"');
const errorKey = Buffer.from('"error"');

function matches(bytes: Buffer, at: number, key: Buffer): boolean {
  for (let i = 2; i < key.length; i++) if (bytes[at + i] !== key[i]) return false;
  return true;
}

/** After a key: a colon and anything but `null`. */
function hasValue(bytes: Buffer, from: number): boolean {
  let at = from;
  while (bytes[at] === space) at++;
  if (bytes[at] !== colon) return false;
  at++;
  while (bytes[at] === space) at++;
  return bytes[at] !== 0x6e;
}
