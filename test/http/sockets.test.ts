import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { PointsmanError } from '../../src/core/errors.ts';
import { createServer, type ServerOptions } from '../../src/http/server.ts';
import { collectLogger } from '../helpers/collect-logger.ts';
import {
  answerStream,
  answerWhole,
  carried,
  contentEvent,
  createInMemoryGateway,
  hangUntilAbort,
  streamCommit,
  type InMemoryGateway,
  type InMemoryOptions,
} from '../helpers/in-memory-gateway.ts';

const started: FastifyInstance[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(started.splice(0).map((app) => app.close()));
});

interface Server {
  readonly app: FastifyInstance;
  readonly gateway: InMemoryGateway;
  readonly lines: string[];
  readonly port: number;
}

async function listen(options: InMemoryOptions, serverOptions: Partial<ServerOptions> = {}): Promise<Server> {
  const gateway = createInMemoryGateway(options);
  const { logger, lines } = collectLogger();
  const app = createServer(gateway, { logger, ...serverOptions });
  started.push(app);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  return { app, gateway, lines, port };
}

/** A client of bare bytes. */
async function dial(port: number): Promise<{ socket: Socket; received: () => string }> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { socket, received: () => text };
}

function request(body: object | string, path = '/v1/chat/completions'): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

async function until(done: () => boolean): Promise<void> {
  for (let i = 0; i < 2_000 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(done()).toBe(true);
}

const ask = { model: 'auto', messages: [{ role: 'user', content: 'Hello?' }] };
const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4);

describe('a client that goes away', () => {
  test('before the first byte aborts the call, 100 of 100', async () => {
    const { gateway, port } = await listen({ script: hangUntilAbort });
    const clients = await Promise.all(Array.from({ length: 100 }, () => dial(port)));
    for (const [i, { socket }] of clients.entries()) socket.write(request({ ...ask, stream: i % 2 === 0 }));
    await until(() => gateway.executions.length === 100);
    expect(gateway.executions.some(({ signal }) => signal.aborted)).toBe(false);
    for (const [i, { socket }] of clients.entries()) void (i % 3 === 0 ? socket.resetAndDestroy() : socket.destroy());
    await until(() => gateway.completions.length === 100);
    expect(gateway.executions.every(({ signal }) => signal.aborted)).toBe(true);
    expect(gateway.settled).toHaveLength(100);
    const { text } = await gateway.metrics.render();
    expect(text).toContain('pointsman_requests_total{route="auto",model="none",status="499"} 100\n');
  });

  test('in the middle of a stream aborts the call, and late bytes go nowhere', async () => {
    let writesAfter = 0;
    const { gateway, port, lines } = await listen({
      script: ({ sink, signal }) => {
        sink.commit(streamCommit);
        sink.write(Buffer.from(contentEvent('Hel')));
        signal.addEventListener('abort', () => {
          if (sink.write(Buffer.from(contentEvent('lo')))) writesAfter++;
          sink.finish({ ...carried, aborted: true });
        });
      },
    });
    const { socket, received } = await dial(port);
    socket.write(request({ ...ask, stream: true }));
    await until(() => received().includes('Hel'));
    socket.destroy();
    await until(() => gateway.completions.length === 1);
    expect(writesAfter).toBe(1);
    expect(lines).toEqual([]);
  });

  test('while the decision is made leaves nothing behind', async () => {
    const decisions: (() => void)[] = [];
    const { gateway, port } = await listen({
      decide: (decision) => new Promise((resolve) => decisions.push(() => resolve(decision))),
    });
    const { socket } = await dial(port);
    socket.write(request(ask));
    await until(() => decisions.length === 1);
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    decisions[0]?.();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(gateway.executions).toEqual([]);
    expect(gateway.decisions).toEqual([]);
  });

  test('while it still sends its body is no defect', async () => {
    const { gateway, lines, port } = await listen({});
    const { socket } = await dial(port);
    socket.write(request(ask).slice(0, -10));
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(lines).toEqual([]);
    expect(gateway.executions).toEqual([]);
    expect((await gateway.metrics.render()).text).not.toContain('internal_error');
  });

  test('after its answer was whole does not abort it', async () => {
    const { gateway, port } = await listen({ script: answerWhole() });
    const { socket, received } = await dial(port);
    socket.write(request(ask));
    await until(() => received().includes('Hello.'));
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(gateway.executions[0]?.signal.aborted).toBe(false);
  });
});

test('a slow reader is waited for, and gets every byte', async () => {
  const event = contentEvent('x'.repeat(64_000));
  const total = 200;
  let sent = 0;
  let waits = 0;
  const { port } = await listen({
    script: ({ sink }) => {
      sink.commit(streamCommit);
      const pump = (): void => {
        while (sent < total) {
          sent++;
          if (!sink.write(Buffer.from(event))) {
            waits++;
            sink.onDrain(pump);
            return;
          }
        }
        sink.finish(carried);
      };
      pump();
    },
  });
  const { socket, received } = await dial(port);
  socket.pause();
  socket.write(request({ ...ask, stream: true }));
  await until(() => waits > 0);
  await new Promise((resolve) => setTimeout(resolve, 50));
  // Nobody reads, so nobody may be made to hold it all.
  expect(sent).toBeLessThan(total);
  socket.resume();
  await until(() => received().endsWith('0\r\n\r\n'));
  expect(sent).toBe(total);
  expect(received().split('data: ').length - 1).toBe(total);
});

test('what reacts to the last byte finds everything recorded, streamed or not', async () => {
  const seen: number[] = [];
  const gateways: InMemoryGateway[] = [];
  for (const stream of [false, true]) {
    const script = stream ? answerStream([contentEvent('Hi'), 'data: [DONE]\n\n']) : answerWhole();
    const server = await listen({
      // The end comes a moment after the last bytes, as from a real upstream.
      script: (execution) => {
        const { sink } = execution;
        script({ ...execution, sink: { ...delayedFinish(sink) } });
      },
    });
    gateways.push(server.gateway);
    const { socket } = await dial(server.port);
    const last = stream ? '[DONE]' : 'Hello.';
    let text = '';
    const reacted = new Promise<void>((resolve) => {
      socket.on('data', (chunk: string) => {
        text += chunk;
        if (!text.includes(last)) return;
        seen.push(server.gateway.completions.length);
        resolve();
      });
    });
    socket.write(request({ ...ask, stream }));
    await reacted;
  }
  expect(seen).toEqual([1, 1]);
  expect(gateways.map(({ settled }) => settled.length)).toEqual([1, 1]);
});

function delayedFinish(sink: InMemoryGateway['executions'][number]['sink']) {
  return {
    gone: false,
    onGone: sink.onGone.bind(sink),
    commit: sink.commit.bind(sink),
    write: sink.write.bind(sink),
    onDrain: sink.onDrain.bind(sink),
    finish: (end: typeof carried) => void setTimeout(() => sink.finish(end), 20),
  };
}

test('a failure after the first byte is one error event and a clean end of the response', async () => {
  const failure = { kind: 'cut', error: new PointsmanError('upstream_cut', 'Cut.'), retryable: false } as const;
  const { port } = await listen({ script: answerStream([contentEvent('Hel')], { failure }) });
  const { socket, received } = await dial(port);
  socket.write(request({ ...ask, stream: true }));
  await until(() => received().endsWith('0\r\n\r\n'));
  expect(received()).not.toContain('[DONE]');
  expect(received().match(/data: \{"error":/g)).toHaveLength(1);
});

test('an error behind a held line that is no [DONE] stands on a line of its own', async () => {
  const failure = { kind: 'cut', error: new PointsmanError('upstream_cut', 'Cut.'), retryable: false } as const;
  const { port } = await listen({
    script: answerStream([contentEvent('Grüß'), `${contentEvent('Gott')}garbage data: [DONE]\n\n`], { failure }),
  });
  const { socket, received } = await dial(port);
  socket.write(request({ ...ask, stream: true }));
  await until(() => received().endsWith('0\r\n\r\n'));
  expect(received()).toContain('Gott');
  // Behind an empty line, in a chunk of its own.
  expect(received()).toMatch(/\n\n\r\n[0-9a-f]+\r\ndata: \{"error":/);
  expect(received()).not.toContain('[DONE]');
});

test('an answer that ends without ever having begun is cut, not an empty success', async () => {
  const { port } = await listen({ script: ({ sink }) => sink.finish(carried) });
  const { socket, received } = await dial(port);
  socket.write(request(ask));
  await once(socket, 'close');
  expect(received()).toBe('');
});

test('one connection carries one request after another, errors between them', async () => {
  const { gateway, port } = await listen({});
  const { socket, received } = await dial(port);
  for (const [i, body] of [ask, '{', ask, { ...ask, model: 'nothing' }, ask].entries()) {
    socket.write(request(body));
    await until(() => received().split('HTTP/1.1 ').length === i + 2);
  }
  const statuses = received()
    .split('HTTP/1.1 ')
    .slice(1)
    .map((answer) => answer.slice(0, 3));
  expect(statuses).toEqual(['200', '400', '200', '404', '200']);
  expect(gateway.executions).toHaveLength(3);
});

test('a body over the limit is refused with its answer, while it is still being sent', async () => {
  const { port } = await listen({ bodyLimitBytes: 10_000 });
  const { socket, received } = await dial(port);
  socket.write(request('x'.repeat(3_000_000)));
  await until(() => received().includes('body_too_large'));
  expect(received()).toContain('HTTP/1.1 413');
});

test('a body that never says its length is bounded just as well', async () => {
  const { port } = await listen({ bodyLimitBytes: 10_000 });
  const { socket, received } = await dial(port);
  const head = 'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
  socket.write(`${head}transfer-encoding: chunked\r\n\r\n`);
  for (let i = 0; i < 20; i++) socket.write(`400\r\n${'x'.repeat(1_024)}\r\n`);
  await until(() => received().includes('body_too_large'));
});

describe('what is no request', () => {
  test.each<[string, string, number, string]>([
    ['not HTTP', 'HELLO\r\n\r\n', 400, 'invalid_request'],

    [
      'two lengths',
      'POST /v1/feedback HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
      'invalid_request',
    ],
    [
      'length and chunks',
      'POST /v1/feedback HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'invalid_request',
    ],
    ['endless headers', `GET /health HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`, 431, 'invalid_request'],
  ])('%s', async (_name, bytes, status, code) => {
    const { port } = await listen({});
    const { socket, received } = await dial(port);
    socket.write(bytes);
    await until(() => received().includes('\r\n\r\n'));
    expect(received()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(bodyOf(received()))).toEqual({
      error: { message: expect.any(String), type: 'invalid_request_error', param: null, code },
    });
  });

  test('a request without a Host, which HTTP/1.1 demands', async () => {
    const { port } = await listen({});
    const { socket, received } = await dial(port);
    socket.write('GET /health HTTP/1.1\r\n\r\n');
    await until(() => received().includes('"param":"host"'));
    expect(received()).toMatch(/^HTTP\/1.1 400 /);
  });

  test('a body that never arrives', async () => {
    const { port } = await listen({}, { requestTimeoutMs: 60, headersTimeoutMs: 50, timeoutCheckMs: 20 });
    const { socket, received } = await dial(port);
    socket.write(request(ask).slice(0, -5));
    await once(socket, 'close');
    expect(received()).toContain('HTTP/1.1 408');
    expect(JSON.parse(bodyOf(received()))).toMatchObject({ error: { code: 'request_timeout', param: null } });
  });

  test('garbage behind a request whose answer runs cannot become part of the answer', async () => {
    let end = (): void => undefined;
    const { port } = await listen({
      script: ({ sink }) => {
        sink.commit(streamCommit);
        sink.write(Buffer.from(contentEvent('Hel')));
        end = () => sink.finish(carried);
      },
    });
    const { socket, received } = await dial(port);
    socket.write(request({ ...ask, stream: true }));
    await until(() => received().includes('Hel'));
    socket.write('NONSENSE\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 30));
    end();
    expect(received()).not.toContain('invalid_request');
  });
});

test('while it drains, an open connection is told so; the answer that runs is finished', async () => {
  let end = (): void => undefined;
  const { app, port } = await listen({
    script: ({ sink }) => {
      sink.commit(streamCommit);
      sink.write(Buffer.from(contentEvent('Hel')));
      end = () => {
        sink.write(Buffer.from('data: [DONE]\n\n'));
        sink.finish(carried);
      };
    },
  });
  const running = await dial(port);
  running.socket.write(request({ ...ask, stream: true }));
  await until(() => running.received().includes('Hel'));
  // Its next request is half sent when the gateway begins to close, so the connection is not idle.
  const late = await dial(port);
  late.socket.write(request(ask).slice(0, 20));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const closed = app.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  late.socket.write(request(ask).slice(20));
  await until(() => late.received().includes('shutting_down'));
  expect(late.received()).toContain('HTTP/1.1 503');
  expect(late.received().toLowerCase()).toContain('connection: close');
  end();
  await until(() => running.received().includes('[DONE]'));
  await closed;
});

test('a connection that never sent a byte does not hold the drain up', async () => {
  const { app, port } = await listen({});
  const { socket } = await dial(port);
  const gone = once(socket, 'close');
  await app.close();
  await gone;
});
