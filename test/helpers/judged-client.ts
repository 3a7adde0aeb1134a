import { type Agent, request as httpRequest } from 'node:http';

/**
 * How one chat request ended, as its client sees it. `silent cut`: it looks whole to a careless client and is not.
 * `broken`: a status 500, or something of no promised shape.
 */
export type Outcome = 'whole' | 'error before a byte' | 'error event' | 'left' | 'silent cut' | 'hung' | 'broken';

export interface Errand {
  readonly stream: boolean;
  /** The client goes away so many milliseconds after asking; null: it stays. */
  readonly leavesAfterMs?: number | null;
  /** It gives up, and calls that hung. */
  readonly hungAfterMs: number;
  /** Bytes to send instead of a plain question. */
  readonly body?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Upstreams that write as they like end their lines as they like. */
  readonly lenient?: boolean;
}

export interface Answered {
  readonly outcome: Outcome;
  /** 0 where none came. */
  readonly status: number;
  readonly text: string;
}

const question = (stream: boolean): Buffer =>
  Buffer.from(JSON.stringify({ model: 'auto', stream, messages: [{ role: 'user', content: 'Tell me something.' }] }));

/** One chat request over a real socket, judged. Never rejects. */
export function askOnce(url: string, agent: Agent, errand: Errand): Promise<Answered> {
  const { leavesAfterMs = null, hungAfterMs, body = question(errand.stream), lenient = false } = errand;
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length, ...errand.headers };
    let left = false;
    let text = '';
    let status = 0;
    const timers: NodeJS.Timeout[] = [];
    const finish = (outcome: Outcome, more = ''): void => {
      for (const timer of timers) clearTimeout(timer);
      resolve({ outcome: left ? 'left' : outcome, status, text: `${text.slice(-300)}${more}` });
    };
    const call = httpRequest(`${url}/v1/chat/completions`, { method: 'POST', agent, headers }, (response) => {
      status = response.statusCode ?? 0;
      const events = response.headers['content-type']?.startsWith('text/event-stream') ?? false;
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('error', () => finish('silent cut', ' (connection lost)'));
      response.on('end', () => finish(judge(status, events, text, lenient)));
    });
    call.on('error', (error) => finish('broken', ` (${error.message})`));
    timers.push(
      setTimeout(() => {
        finish('hung');
        call.destroy();
      }, hungAfterMs),
    );
    if (leavesAfterMs !== null) {
      timers.push(
        setTimeout(() => {
          left = true;
          finish('left');
          call.destroy();
        }, leavesAfterMs),
      );
    }
    call.end(body);
  });
}

function judge(code: number, stream: boolean, text: string, lenient: boolean): Outcome {
  if (code === 500) return 'broken';
  if (code !== 200) return isError(text) ? 'error before a byte' : 'broken';
  if (!stream) return isWhole(text) ? 'whole' : 'silent cut';
  // As a client reads it: line by line, whatever ends one; lines that are no data are nothing to it.
  const data = text.split(/\r\n|\n|\r/).flatMap((line) => /^data: ?(?<value>.*)$/.exec(line)?.groups?.['value'] ?? []);
  const last = data.at(-1) ?? '';
  const errors = data.filter((value) => value.startsWith('{"error":'));
  const ended = errors.length === 0 || lenient;
  if (ended && last.trimEnd() === '[DONE]') return lenient || text.endsWith('\n\n') ? 'whole' : 'silent cut';
  if (errors.length === 0) return 'silent cut';
  const lastIsError = errors.at(-1) === last && isError(last) && text.endsWith('\n\n');
  return lastIsError && (errors.length === 1 || lenient) ? 'error event' : 'broken';
}

function isError(text: string): boolean {
  const { error } = parse(text);
  return typeof error === 'object' && error !== null && 'message' in error && 'code' in error;
}

const isWhole = (text: string): boolean => Array.isArray(parse(text)['choices']);

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
