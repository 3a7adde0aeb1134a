import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { BackendCall, BackendEvents, CallHandle, Failure } from '../core/backend.ts';
import type { Clock } from '../core/clock.ts';
import type { Dialect, StreamTap } from './dialect.ts';
import * as failures from './failures.ts';
import { retryAfterMs } from './retry-after.ts';
import type { StreamFault } from './sse-tap.ts';

/** The largest answer that is held in memory. */
export const maxAnswerBytes = 32 * 1024 * 1024;
/** An answer that is an error, or JSON where a stream was asked for. */
export const maxErrorBytes = 1024 * 1024;
/** How long a connection may take to end in order after `[DONE]`; then it is not worth keeping. */
const lingerMs = 1000;

/** Made once: a stack trace per client that leaves would only cost time. */
const aborted = new Error('The call was ended by the gateway.');

/** One request on the wire: undici's side is the handler, ours the handle; the dialect reads what comes back. */
export class OpenAiCall implements Dispatcher.DispatchHandler, CallHandle {
  readonly #call: BackendCall;
  readonly #events: BackendEvents;
  readonly #clock: Clock;
  readonly #dialect: Dialect;
  #controller: Dispatcher.DispatchController | null = null;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  /** Set where the answer is a stream; else the body is collected. */
  #tap: StreamTap | null = null;
  readonly #body: Buffer[] = [];
  #bodyBytes = 0;
  /** `end` or `fail` was told, or the call was aborted: nothing more may be said. */
  #over = false;
  /** Given up on: the socket is to be destroyed as soon as there is one. */
  #abandoned = false;
  #linger: NodeJS.Timeout | null = null;

  constructor(call: BackendCall, events: BackendEvents, clock: Clock, dialect: Dialect) {
    this.#call = call;
    this.#events = events;
    this.#clock = clock;
    this.#dialect = dialect;
  }

  resume(): void {
    if (!this.#abandoned) this.#controller?.resume();
  }

  abort(): void {
    if (this.#over) return;
    this.#abandon();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#abandoned) controller.abort(aborted);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (this.#over || status < 200) return;
    this.#status = status;
    this.#headers = headers;
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      return this.#fail(this.#garbage(`content-encoding ${encoding}, though identity was asked for`));
    }
    if (!this.#call.stream || !isSuccess(status)) return;
    const type = mediaType(headers);
    if (type === '' || type === this.#dialect.streamType) {
      this.#tap = this.#dialect.openTap(this.#call, (bytes, output) => {
        if (!this.#events.data(bytes, output)) this.#controller?.pause();
      });
      this.#events.answer(this.#dialect.streamAnswer);
    } else if (type !== 'application/json') {
      this.#fail(this.#garbage(`${type || 'no content type'} where a stream was asked for`));
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    if (this.#tap === null) {
      this.#body.push(chunk);
      this.#bodyBytes += chunk.length;
      const limit = this.#call.stream || !isSuccess(this.#status) ? maxErrorBytes : maxAnswerBytes;
      if (this.#bodyBytes > limit) this.#fail(this.#garbage(`a body of more than ${limit} bytes`));
      return;
    }
    const fault = this.#tap.push(chunk);
    if (fault) this.#failStream(this.#tap, fault);
    else if (this.#tap.done) {
      this.#end(this.#tap);
      this.#linger = setTimeout(() => this.#controller?.abort(aborted), lingerMs).unref();
    }
  }

  onResponseEnd(): void {
    if (this.#linger) clearTimeout(this.#linger);
    if (this.#over) return;
    if (this.#tap) {
      const fault = this.#tap.finish();
      if (this.#over) return;
      if (fault) this.#failStream(this.#tap, fault);
      else this.#end(this.#tap);
    } else this.#endWhole(this.#body.length === 1 ? (this.#body[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#body));
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    if (this.#linger) clearTimeout(this.#linger);
    if (this.#over) return;
    this.#over = true;
    this.#events.fail(this.#connectionFailure(cause));
  }

  #endWhole(body: Buffer): void {
    const { target } = this.#call;
    if (!isSuccess(this.#status)) {
      const wait = retryAfterMs((name) => header(this.#headers, name), this.#clock.now());
      return this.#fail(failures.refused(target, this.#status, header(this.#headers, 'content-type'), body, wait));
    }
    const answer = this.#dialect.readWhole(body, this.#call);
    switch (answer.type) {
      case 'error':
        return this.#fail(failures.toldInside(target, answer.error.message, answer.error.status));
      case 'garbage':
        return this.#fail(this.#garbage(answer.why));
      case 'completion':
        if (this.#call.stream) return this.#fail(this.#garbage('a whole answer where a stream was asked for'));
        this.#events.answer(this.#dialect.wholeAnswer);
        this.#events.data(answer.body, true);
        if (this.#over) return;
        this.#over = true;
        return this.#events.end(answer.result);
      default:
        return answer satisfies never;
    }
  }

  #end(tap: StreamTap): void {
    if (this.#over) return;
    this.#over = true;
    this.#events.end(tap.result);
  }

  #failStream(tap: StreamTap, fault: StreamFault): void {
    const { target } = this.#call;
    switch (fault.type) {
      case 'cut':
        return this.#fail(failures.cut(target, this.#status));
      case 'garbage':
        return this.#fail(this.#garbage(fault.why));
      case 'error': {
        const failure = failures.toldInside(target, fault.error.message, fault.error.status);
        return this.#fail(tap.output ? { ...failure, kind: 'cut' } : failure);
      }
      default:
        return fault satisfies never;
    }
  }

  #connectionFailure(cause: Error): Failure {
    const { target } = this.#call;
    const code = 'code' in cause ? cause.code : null;
    if (code === 'UND_ERR_HEADERS_OVERFLOW') return this.#garbage('headers that are too large', cause);
    if (cause.name === 'HTTPParserError') return this.#garbage('something that is not HTTP', cause);
    if (this.#status > 0) return failures.cut(target, this.#status, cause);
    return this.#controller === null ? failures.unreachable(target, cause) : failures.lostBeforeAnswer(target, cause);
  }

  #garbage(why: string, cause?: unknown): Failure {
    return failures.garbage(this.#call.target, this.#status, why, cause);
  }

  /** Says so, and drops the connection: what may still come is of no use. */
  #fail(failure: Failure): void {
    if (this.#over) return;
    this.#abandon();
    this.#events.fail(failure);
  }

  #abandon(): void {
    this.#over = true;
    this.#abandoned = true;
    this.#controller?.abort(aborted);
  }
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

function header(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

/** Lower case, without parameters; empty where there is none. */
function mediaType(headers: IncomingHttpHeaders): string {
  const type = header(headers, 'content-type') ?? '';
  const semicolon = type.indexOf(';');
  return (semicolon === -1 ? type : type.slice(0, semicolon)).trim().toLowerCase();
}
