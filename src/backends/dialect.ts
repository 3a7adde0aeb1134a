import type { BackendAnswer, BackendCall, BackendResult } from '../core/backend.ts';
import type { StreamFault } from './sse-tap.ts';
import type { WholeAnswer } from './whole-answer.ts';

/** Listens to one stream and hands on what the client is to get of it. */
export interface StreamTap {
  /** The answer is whole, whatever else may come. */
  readonly done: boolean;
  /** Something the client waits for was seen. */
  readonly output: boolean;
  /** What is known so far. */
  readonly result: BackendResult;
  /** Returns why the stream is no answer, else null. After a fault or `done` further bytes are ignored. */
  push(chunk: Buffer): StreamFault | null;
  /** The connection has ended in good order. Returns null where the answer is whole. */
  finish(): StreamFault | null;
}

/** Bytes for the client, in whole events; `output` from the first real token on. */
export type Emit = (bytes: Buffer, output: boolean) => void;

/** How a server's answers are read: what stands between HTTP, which all share, and the client. */
export interface Dialect {
  /** Media type of its streams. */
  readonly streamType: string;
  /** How a stream begins for the client, and how a whole answer does. */
  readonly streamAnswer: BackendAnswer;
  readonly wholeAnswer: BackendAnswer;
  openTap(call: BackendCall, emit: Emit): StreamTap;
  /** A 2xx body that came in one piece. */
  readWhole(body: Buffer, call: BackendCall): WholeAnswer;
}

export const eventStream: BackendAnswer = {
  status: 200,
  headers: { 'content-type': 'text/event-stream; charset=utf-8' },
};
export const oneJson: BackendAnswer = { status: 200, headers: { 'content-type': 'application/json' } };
