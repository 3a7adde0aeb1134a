import type { BackendCall, BackendResult } from '../../core/backend.ts';
import { readError } from '../chat-chunk.ts';
import type { Emit, StreamTap } from '../dialect.ts';
import { parseJson } from '../json.ts';
import { maxEventBytes, type StreamFault } from '../sse-tap.ts';
import { cutPrompt, finishReasonOf, readPiece, usageJson, usageOf, type OllamaPiece } from './answer.ts';

const lineFeed = 0x0a;

/** What all pieces of one answer share. */
export interface Frame {
  /** Everything of a chunk before `choices`. */
  readonly head: Readonly<Record<string, unknown>>;
  readonly images: number;
  readonly leastPromptShare: number;
}

/** Turns Ollama's lines of JSON into OpenAI's chunks, line by line, as they come. */
export class NdjsonTap implements StreamTap {
  done = false;
  output = false;
  result: BackendResult = { usage: null, costUsd: null, finishReason: null };

  readonly #call: BackendCall;
  readonly #frame: Frame;
  readonly #emit: Emit;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #begun = false;
  #calls = 0;
  #fault: StreamFault | null = null;

  constructor(call: BackendCall, frame: Frame, emit: Emit) {
    this.#call = call;
    this.#frame = frame;
    this.#emit = emit;
  }

  push(chunk: Buffer): StreamFault | null {
    let from = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, from)) {
      const line = this.#take(chunk.subarray(from, end));
      from = end + 1;
      if (this.done || this.#fault) return this.#fault;
      this.#read(line);
    }
    if (this.done || this.#fault) return this.#fault;
    if (from < chunk.length) {
      this.#held.push(Buffer.from(chunk.subarray(from)));
      this.#heldBytes += chunk.length - from;
      if (this.#heldBytes > maxEventBytes) {
        this.#fault = { type: 'garbage', why: `a line of more than ${maxEventBytes} bytes` };
      }
    }
    return this.#fault;
  }

  finish(): StreamFault | null {
    if (this.done || this.#fault) return null;
    if (this.#heldBytes > 0) this.#read(this.#take(Buffer.alloc(0)));
    if (this.#fault) return this.#fault;
    return this.done ? null : { type: 'cut' };
  }

  #take(rest: Buffer): string {
    if (this.#heldBytes === 0) return rest.toString('utf8');
    const line = Buffer.concat([...this.#held, rest]).toString('utf8');
    this.#held = [];
    this.#heldBytes = 0;
    return line;
  }

  #read(line: string): void {
    if (line.trim() === '') return;
    const value = parseJson(line);
    if (value === undefined) {
      this.#fault = { type: 'garbage', why: 'a line that is not JSON' };
      return;
    }
    const error = readError(value);
    if (error) {
      this.#fault = { type: 'error', error };
      return;
    }
    const piece = readPiece(value, this.#call.requestId, this.#calls);
    if (piece === null) this.#fault = { type: 'garbage', why: 'a line that is no part of a chat' };
    else this.#say(piece);
  }

  #say(piece: OllamaPiece): void {
    const { content, thinking, toolCalls } = piece;
    let text = '';
    if (!this.#begun) {
      this.#begun = true;
      text += this.#chunk({ role: 'assistant', content: '' }, null);
    }
    if (thinking !== '') text += this.#chunk({ reasoning_content: thinking }, null);
    if (content !== '') text += this.#chunk({ content }, null);
    if (toolCalls.length > 0) text += this.#chunk({ tool_calls: toolCalls }, null);
    this.#calls += toolCalls.length;
    if (piece.done) {
      const why = cutPrompt(this.#call, piece, this.#frame.images, this.#frame.leastPromptShare);
      if (why !== null) {
        this.#fault = { type: 'garbage', why };
        return;
      }
      text += this.#end(piece);
    }
    if (content !== '' || thinking !== '' || toolCalls.length > 0 || piece.done) this.output = true;
    this.#emit(Buffer.from(text), this.output);
    this.done = piece.done;
  }

  #end(piece: OllamaPiece): string {
    const finishReason = finishReasonOf(piece.reason, this.#calls);
    const usage = usageOf(piece);
    this.result = { usage, costUsd: null, finishReason };
    let text = this.#chunk({}, finishReason);
    if (this.#call.includeUsage && usage !== null) {
      text += `data: ${JSON.stringify({ ...this.#frame.head, choices: [], usage: usageJson(usage) })}\n\n`;
    }
    return `${text}data: [DONE]\n\n`;
  }

  #chunk(delta: Readonly<Record<string, unknown>>, finishReason: string | null): string {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }];
    return `data: ${JSON.stringify({ ...this.#frame.head, choices })}\n\n`;
  }
}
