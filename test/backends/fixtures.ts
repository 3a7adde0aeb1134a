import type {
  Backend,
  BackendAnswer,
  BackendCall,
  BackendResult,
  Failure,
  RequestBody,
} from '../../src/core/backend.ts';
import type { Target } from '../../src/core/candidate.ts';

export function targetAt(baseUrl: string, more: Partial<Target> = {}): Target {
  return {
    id: 'm@fake',
    backend: 'openai-compatible',
    baseUrl,
    upstreamModel: 'their-model',
    apiKey: 'sk-secret-123',
    local: true,
    region: null,
    weight: 1,
    timeouts: { connectMs: 2000, firstTokenMs: 5000, idleMs: 5000, totalMs: 10_000 },
    options: {},
    ...more,
  };
}

export function bodyOf(value: Record<string, unknown>): RequestBody {
  return { raw: Buffer.from(JSON.stringify(value)), parsed: value };
}

export const question = { model: 'auto', messages: [{ role: 'user', content: 'hi' }] };

/** Everything that a backend told about one call, and that it kept the order the contract asks for. */
export interface Told {
  readonly answer: BackendAnswer | null;
  readonly bytes: Buffer;
  readonly text: string;
  /** The flag of each `data`. */
  readonly outputs: readonly boolean[];
  readonly pieces: readonly Buffer[];
  readonly result: BackendResult | null;
  readonly failure: Failure | null;
}

/** Makes one call and waits for its end. */
export function ask(backend: Backend, target: Target, more: Partial<BackendCall> = {}): Promise<Told> {
  return new Promise((resolve, reject) => {
    let answer: BackendAnswer | null = null;
    let over = false;
    const pieces: Buffer[] = [];
    const outputs: boolean[] = [];
    const finish = (result: BackendResult | null, failure: Failure | null): void => {
      if (over) return reject(new Error('the call ended twice'));
      over = true;
      const bytes = Buffer.concat(pieces);
      // A turn later, so that a second end or late data would still be seen.
      setImmediate(() => resolve({ answer, bytes, text: bytes.toString(), outputs, pieces, result, failure }));
    };
    backend.call(callOf(target, more), {
      answer(given) {
        if (answer !== null || over) reject(new Error('answer came twice or late'));
        answer = given;
      },
      data(bytes, output) {
        if (answer === null || over) reject(new Error('data out of order'));
        pieces.push(Buffer.from(bytes));
        outputs.push(output);
        return true;
      },
      end: (result) => finish(result, null),
      fail: (failure) => finish(null, failure),
    });
  });
}

export function callOf(target: Target, more: Partial<BackendCall> = {}): BackendCall {
  const stream = more.stream ?? false;
  return {
    requestId: 'req-1',
    format: 'openai-chat',
    promptTokens: 8,
    target,
    model: 'm',
    body: bodyOf(stream ? { ...question, stream: true } : question),
    stream,
    includeUsage: false,
    ...more,
  };
}
