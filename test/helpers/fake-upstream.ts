import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A scriptable LLM server on a real loopback socket. It speaks HTTP by hand, so that it can also speak it wrongly:
 * cut, stall, garble, split anywhere.
 *
 *     const fake = await startFakeUpstream();            // answers 'Hello world' to everything, streamed where asked
 *     fake.next(status(429, '{}', { 'retry-after': '7' }));   // the next request only
 *     fake.always(async (reply) => { reply.head(200); await reply.wait(50); reply.cut(); });
 *     ... target with base_url fake.baseUrl ...
 *     fake.requests[0].json(); await fake.requests[0].ended;
 *     await fake.close();
 */
export interface FakeUpstream {
  /** With `/v1`, for a target's base_url. */
  readonly baseUrl: string;
  /** In the order in which they came. */
  readonly requests: readonly FakeRequest[];
  /** Connections ever accepted: tells whether they are kept alive. */
  readonly connections: number;
  /** Answers of the next requests, in order. */
  next(...answers: readonly Answer[]): void;
  /** The answer of every request for which no `next` is left. */
  always(answer: Answer): void;
  /** Requests whose client left before the script was through. */
  readonly goneCount: number;
  /** Resolves when `count` requests have come. */
  received(count: number): Promise<void>;
  /** Scripts that run now: calls that are neither answered nor left. */
  readonly running: number;
  /** Connections that stand now. */
  readonly open: number;
  /** As `kill -9` of the server: connections are reset, new ones refused, until `revive`. */
  kill(): Promise<void>;
  /** Listens at the same port again. */
  revive(): Promise<void>;
  close(): Promise<void>;
}

export interface FakeOptions {
  /** Requests that are kept in `requests`, from the first on; a run of hours keeps few. Default: all. */
  readonly remember?: number;
}

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly raw: Buffer;
  json(): Record<string, unknown>;
  /** How it ended: the script is through, or the client left before. */
  readonly ended: Promise<'answered' | 'gone'>;
}

export interface Reply {
  /** Status line and headers. Chunked, unless `content-length` or `connection: close` is among them. */
  head(status: number, headers?: Readonly<Record<string, string>>): void;
  /** Body bytes, framed as the head said. Resolves when the socket can take more. */
  write(bytes: string | Buffer): Promise<void>;
  /** Bytes on the wire without any framing. */
  raw(bytes: string | Buffer): void;
  /** The body's proper end. */
  end(): void;
  /** The connection dies here: RST by default, or an early FIN. */
  cut(how?: 'reset' | 'finish'): void;
  /** Also returns when the client has left. */
  wait(ms: number): Promise<void>;
  /** Never answers; returns when the client has left. */
  hang(): Promise<void>;
  readonly gone: boolean;
}

export type Answer = (reply: Reply, request: FakeRequest) => void | Promise<void>;

/** One event, as OpenAI sends it. `usage: null` and `finish_reason: null` are there as in the real thing. */
export function chunkEvent(delta: Readonly<Record<string, unknown>>, finishReason: string | null = null): string {
  return event({
    id: 'chatcmpl-fake',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: 'fake-model',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
    usage: null,
  });
}

export const fakeUsage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 };

export const usageEvent = (usage: unknown = fakeUsage): string =>
  event({
    id: 'chatcmpl-fake',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: 'fake-model',
    choices: [],
    usage,
  });

export const event = (payload: unknown): string => `data: ${JSON.stringify(payload)}\n\n`;
export const doneEvent = 'data: [DONE]\n\n';
export const roleEvent = chunkEvent({ role: 'assistant', content: '' });
export const stopEvent = chunkEvent({}, 'stop');

/** Every event of a whole stream over these tokens. */
export function streamEvents(tokens: readonly string[], usage = true): readonly string[] {
  return [
    roleEvent,
    ...tokens.map((content) => chunkEvent({ content })),
    stopEvent,
    ...(usage ? [usageEvent()] : []),
    doneEvent,
  ];
}

export function completion(content: string, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    id: 'chatcmpl-fake',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'fake-model',
    choices: [{ index: 0, message: { role: 'assistant', content }, logprobs: null, finish_reason: 'stop' }],
    usage: fakeUsage,
    ...more,
  });
}

/** Sends these pieces as a stream, `gapMs` apart. */
export function stream(pieces: readonly (string | Buffer)[], gapMs = 0): Answer {
  return async (reply) => {
    reply.head(200, { 'content-type': 'text/event-stream' });
    for (const piece of pieces) {
      if (gapMs > 0) await reply.wait(gapMs);
      if (reply.gone) return;
      await reply.write(piece);
    }
    reply.end();
  };
}

export function status(code: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return async (reply) => {
    reply.head(code, { 'content-type': 'application/json', ...headers });
    await reply.write(body);
    reply.end();
  };
}

/** 'Hello world', in the way that was asked for. */
export const hello: Answer = (reply, request) =>
  (request.json()['stream'] === true
    ? stream(streamEvents(['Hello', ' world']))
    : status(200, completion('Hello world')))(reply, request);

export async function startFakeUpstream(first: Answer = hello, options: FakeOptions = {}): Promise<FakeUpstream> {
  const { remember = Infinity } = options;
  const requests: FakeRequest[] = [];
  const queue: Answer[] = [];
  const sockets = new Set<Socket>();
  const waiting: { count: number; resolve: () => void }[] = [];
  let fallback = first;
  let connections = 0;
  let goneCount = 0;
  let running = 0;

  const serve = async (socket: Socket): Promise<void> => {
    const reader = readRequests(socket);
    for await (const head of reader) {
      let told: (how: 'answered' | 'gone') => void = () => {};
      const ended = new Promise<'answered' | 'gone'>((resolve) => (told = resolve));
      const request: FakeRequest = {
        ...head,
        json: () => JSON.parse(head.raw.toString()) as Record<string, unknown>,
        ended,
      };
      const reply = makeReply(socket);
      if (requests.length < remember) requests.push(request);
      for (const waiter of waiting) if (requests.length >= waiter.count) waiter.resolve();
      running++;
      await (queue.shift() ?? fallback)(reply, request);
      running--;
      if (reply.gone) goneCount++;
      told(reply.gone ? 'gone' : 'answered');
    }
  };

  const server: Server = createServer({ allowHalfOpen: false }, (socket) => {
    connections++;
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.setMaxListeners(0);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    void serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');

  return {
    baseUrl: `http://127.0.0.1:${address.port}/v1`,
    requests,
    get connections() {
      return connections;
    },
    get goneCount() {
      return goneCount;
    },
    next: (...answers) => void queue.push(...answers),
    always: (answer) => void (fallback = answer),
    received: (count) =>
      new Promise((resolve) => {
        if (requests.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
    get running() {
      return running;
    },
    get open() {
      return sockets.size;
    },
    async kill() {
      if (!server.listening) return;
      server.close();
      for (const socket of sockets) socket.resetAndDestroy();
      await once(server, 'close');
    },
    async revive() {
      if (server.listening) return;
      server.listen(address.port, '127.0.0.1');
      await once(server, 'listening');
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}

function makeReply(socket: Socket): Reply {
  let chunked = false;
  let closes = false;
  let cut = false;
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return {
    head(code, headers = {}) {
      closes = headers['connection'] === 'close';
      chunked = headers['content-length'] === undefined && !closes;
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`HTTP/1.1 ${code} Fake\r\n${lines.join('')}${chunked ? 'transfer-encoding: chunked\r\n' : ''}\r\n`);
    },
    async write(bytes) {
      const body = Buffer.from(bytes);
      if (socket.destroyed || body.length === 0) return;
      const framed = chunked
        ? Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n')])
        : body;
      if (!socket.write(framed)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed]);
    },
    raw: (bytes) => void socket.write(bytes),
    end() {
      if (chunked) socket.write('0\r\n\r\n');
      else if (closes) {
        cut = true;
        socket.end();
      }
    },
    cut(how = 'reset') {
      cut = true;
      if (how === 'reset') socket.resetAndDestroy();
      else socket.end();
    },
    async wait(ms) {
      const early = new AbortController();
      await Promise.race([sleep(ms, undefined, { signal: early.signal }).catch(() => {}), closed]);
      early.abort();
    },
    hang: () => closed,
    get gone() {
      return socket.destroyed && !cut;
    },
  };
}

type RequestHead = Omit<FakeRequest, 'json' | 'ended'>;

/** One request after the other; the next is read when the one before was answered. */
async function* readRequests(socket: Socket): AsyncGenerator<RequestHead> {
  let bytes = Buffer.alloc(0);
  let wake = (): void => {};
  let closed = false;
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    wake();
  });
  socket.on('close', () => {
    closed = true;
    wake();
  });
  for (;;) {
    const end = bytes.indexOf('\r\n\r\n');
    const head = end === -1 ? null : parseHead(bytes.toString('latin1', 0, end));
    const length = head === null ? 0 : Number(head.headers['content-length'] ?? 0);
    if (head !== null && bytes.length >= end + 4 + length) {
      const raw = Buffer.from(bytes.subarray(end + 4, end + 4 + length));
      bytes = bytes.subarray(end + 4 + length);
      yield { ...head, raw };
      continue;
    }
    if (closed) return;
    await new Promise<void>((resolve) => (wake = resolve));
  }
}

function parseHead(text: string): { method: string; path: string; headers: Record<string, string> } {
  const [start = '', ...lines] = text.split('\r\n');
  const [method = '', path = ''] = start.split(' ');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { method, path, headers };
}
