import type { ServerResponse } from 'node:http';
import { PointsmanError } from '../core/errors.ts';
import type { Decision } from '../core/decision.ts';
import { errorBody, errorEvent, upstreamErrorBody } from '../wire/error-body.ts';
import type { Carried, ClientSink, Commit } from '../upstream/execute.ts';
import { answerHeaders, appendUpstream, decisionHeaders, retryHeaders, type HeaderList } from './headers.ts';

/** One request's decision on its way to an answer. */
export interface Exchange {
  readonly requestId: string;
  readonly decision: Decision;
  readonly stream: boolean;
  readonly overheadMs: number;
  /**
   * Called once, before the client can see the end of its answer. Never throws. `status` is what the client gets, 499
   * where it went away.
   */
  onEnd(carried: Carried, status: number): void;
}

/** Status of a client that went away: for logs and counts only. */
const clientClosed = 499;

/**
 * The client's end of a chat request, over Node's own response. It watches the socket from the start: `gone` and
 * `onGone` tell when the client goes away at any moment before its answer is whole.
 *
 * The last bytes of an answer (a whole body, a stream's `[DONE]`) are held until `finish`, so that whoever reacts to them
 * finds everything recorded, and so that a `[DONE]` is never followed by an error.
 */
export class ResponseSink implements ClientSink {
  readonly #response: ServerResponse;
  #left: (() => void) | null = null;
  #exchange: Exchange | null = null;
  #committedStatus: number | null = null;
  #held: Buffer | null = null;
  #finished = false;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.on('close', () => {
      if (!this.#finished) this.#left?.();
    });
    // A write that loses the race with the socket's end says so here; 'close' follows and does the rest.
    response.on('error', ignore);
  }

  get gone(): boolean {
    return this.#response.destroyed && !this.#finished;
  }

  onGone(left: () => void): void {
    this.#left = left;
  }

  /** From here on the answer comes from the sink and not from Fastify. */
  begin(exchange: Exchange): void {
    this.#exchange = exchange;
  }

  commit(commit: Commit): void {
    const { requestId, decision, stream, overheadMs } = this.#begun();
    this.#committedStatus = commit.answer.status;
    if (this.#response.destroyed) return;
    this.#response.writeHead(commit.answer.status, answerHeaders(requestId, decision, commit, stream, overheadMs));
  }

  write(bytes: Buffer): boolean {
    if (this.#response.destroyed) return true;
    if (this.#held !== null) {
      this.#response.write(this.#held);
      this.#held = null;
    }
    if (!this.#begun().stream || endsWithDone(bytes)) {
      this.#held = bytes;
      return true;
    }
    return this.#response.write(bytes);
  }

  onDrain(resume: () => void): void {
    this.#response.once('drain', resume);
  }

  finish(carried: Carried): void {
    if (this.#finished) return;
    const exchange = this.#begun();
    const gone = carried.aborted || this.#response.destroyed;
    const { failure } = carried;
    const failureStatus = failure === null ? null : (failure.passThrough?.status ?? failure.error.status);
    exchange.onEnd(carried, gone ? clientClosed : (this.#committedStatus ?? failureStatus ?? 500));
    this.#finished = true;
    if (gone) this.#response.destroy();
    else if (failure === null) this.#endWhole();
    else if (this.#committedStatus === null) this.#endWithError(exchange, carried, failure);
    else this.#breakOff(exchange, failure.error);
  }

  #endWhole(): void {
    // An answer that was never committed cannot be whole; an empty 200 would be a lie.
    if (this.#committedStatus === null) this.#response.destroy();
    else if (this.#held === null) this.#response.end();
    else if (this.#held.length > longestJoined) this.#response.end(this.#held);
    else this.#response.end(this.#held.toString('latin1'), 'latin1');
  }

  #endWithError(exchange: Exchange, carried: Carried, failure: NonNullable<Carried['failure']>): void {
    const { error, passThrough } = failure;
    const list = decisionHeaders(exchange.requestId, exchange.decision, null, exchange.overheadMs);
    list.push('x-pointsman-attempts', String(carried.attempts.length));
    if (passThrough !== undefined) {
      appendUpstream(list, withoutType(passThrough.headers), false);
      endWithJson(this.#response, passThrough.status, list, upstreamErrorBody(passThrough.body, error));
      return;
    }
    // Our attempts are used up: the client's own would only multiply them, unless we know when things will be better.
    const spent = carried.attempts.length > 0 && error.retryAfterMs === null;
    list.push(...retryHeaders(error, error.retry && !spent));
    endWithJson(this.#response, error.status, list, Buffer.from(errorBody(error)));
  }

  /** The head is out. A stream can still say what happened; a body of known length can only be cut. */
  #breakOff(exchange: Exchange, error: PointsmanError): void {
    if (!exchange.stream) {
      this.#response.destroy();
      return;
    }
    if (this.#held !== null) {
      const done = this.#held.lastIndexOf(doneLine);
      // What stands before it may be a line that has not ended; the error must not become part of that line.
      if (done > 0) this.#response.write(`${this.#held.toString('latin1', 0, done)}\n\n`, 'latin1');
    }
    this.#response.end(errorEvent(error));
  }

  #begun(): Exchange {
    if (this.#exchange !== null) return this.#exchange;
    throw new PointsmanError('internal_error', 'The sink was used before its exchange began.');
  }
}

/**
 * Up to this many bytes go out as one string with the head: latin1 keeps every byte, and one write is 3-5 us of CPU
 * cheaper than Node's two for a buffer. Longer bodies cost more to copy than that.
 */
const longestJoined = 16_384;

const doneLine = Buffer.from('data: [DONE]');

/** Whether the last event of these bytes is `[DONE]`. The closing bracket settles it for nearly every other chunk. */
function endsWithDone(bytes: Buffer): boolean {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d)) end--;
  return end >= 6 && bytes[end - 1] === 0x5d && bytes.toString('latin1', end - 6, end) === '[DONE]';
}

function endWithJson(response: ServerResponse, status: number, list: HeaderList, body: Buffer): void {
  list.push('content-type', 'application/json; charset=utf-8', 'content-length', String(body.length));
  response.writeHead(status, list);
  response.end(body);
}

function withoutType(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name !== 'content-type' && name !== 'content-encoding'),
  );
}

const ignore = (): void => undefined;
