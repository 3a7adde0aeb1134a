import type { PointsmanError } from './errors.ts';
import type { Target } from './candidate.ts';
import type { WireFormat } from './query.ts';

/** The client's body: its bytes as they came, and what they say. */
export interface RequestBody {
  readonly raw: Buffer;
  readonly parsed: Readonly<Record<string, unknown>>;
}

/** Tokens as the upstream counted them. */
export interface Usage {
  readonly inputTokens: number;
  /** Part of `inputTokens` that came from the upstream's prompt cache. */
  readonly cachedTokens: number;
  readonly outputTokens: number;
}

/** One call of one target. */
export interface BackendCall {
  readonly requestId: string;
  /** What the body is, and what the answer has to be. */
  readonly format: WireFormat;
  /** Our own estimate of the prompt, in tokens: what the upstream's count can be held against. */
  readonly promptTokens: number;
  readonly target: Target;
  /** The gateway's id of the model that is asked. */
  readonly model: string;
  readonly body: RequestBody;
  readonly stream: boolean;
  /** The client itself asked for the usage chunk, so it is left in. */
  readonly includeUsage: boolean;
  /** Length of the vectors that the model promises; left out where it does not embed. */
  readonly dimensions?: number | undefined;
}

export interface BackendAnswer {
  /** 2xx. */
  readonly status: number;
  /** Lower-case names; only what is fit to pass on. */
  readonly headers: Readonly<Record<string, string>>;
}

/** How a call went wrong. `error` is what the client is told if no other target helps. */
export interface Failure {
  readonly kind: 'connect' | 'timeout' | 'status' | 'credential' | 'cut' | 'garbage';
  readonly error: PointsmanError;
  /** True where another target may well answer the same request. */
  readonly retryable: boolean;
  /** The request did not suit the target: that says nothing about the target's health. */
  readonly blameless?: boolean | undefined;
  /** HTTP status of the upstream; left out where none came. */
  readonly status?: number | undefined;
  /** For an upstream 4xx that is passed on: its body and headers as they came. */
  readonly passThrough?: {
    readonly status: number;
    readonly body: Buffer;
    readonly headers: Readonly<Record<string, string>>;
  };
}

/** What is known at the end of a whole answer. */
export interface BackendResult {
  /** Null where the upstream told none. */
  readonly usage: Usage | null;
  /** US dollars where the upstream itself told them; null lets the price table speak. */
  readonly costUsd: number | null;
  /** OpenAI's finish_reason of the first choice. */
  readonly finishReason: string | null;
}

/** Order: `answer` once, `data` any number of times, then exactly one of `end` and `fail`. `fail` may come alone. */
export interface BackendEvents {
  answer(answer: BackendAnswer): void;
  /**
   * Bytes for the client, in whole events where they are streamed. `output` is true from the first real token on
   * (role-only deltas and comments are not output). Returns false to ask for silence until `resume()`.
   */
  data(bytes: Buffer, output: boolean): boolean;
  end(result: BackendResult): void;
  fail(failure: Failure): void;
}

/** Handed back by `call`. */
export interface CallHandle {
  /** The client can take bytes again. */
  resume(): void;
  /** Ends the upstream call at once; no further event is emitted. Harmless after the end. */
  abort(): void;
}

/** One wire dialect. Stateless towards requests; may hold connection pools. Never retries by itself. */
export interface Backend {
  /** What it can be asked; each is answered in the same format. A call of another fails, and another target may do. */
  readonly formats: ReadonlySet<WireFormat>;
  call(call: BackendCall, events: BackendEvents): CallHandle;
  close(): Promise<void>;
}
