import { gzipSync } from 'node:zlib';
import { chunkEvent, completion, hello, streamEvents, type Answer, type FakeRequest } from './fake-upstream.ts';

/** Ways in which upstreams go wrong, as answers for a fake upstream. Each speaks to streams and to whole answers. */

const wantsStream = (request: FakeRequest): boolean => request.json()['stream'] === true;

/** The bytes of a good answer of these tokens, in the way that was asked for. */
export function bodyOf(request: FakeRequest, tokens: readonly string[] = ['Hello', ' world']): Buffer {
  return Buffer.from(wantsStream(request) ? streamEvents(tokens).join('') : completion(tokens.join('')));
}

const typeOf = (request: FakeRequest): string => (wantsStream(request) ? 'text/event-stream' : 'application/json');

/** Waits before anything is said. */
export const delayed =
  (ms: number, then: Answer = hello): Answer =>
  async (reply, request) => {
    await reply.wait(ms);
    if (!reply.gone) await then(reply, request);
  };

/** The connection dies behind byte `at` of the body; past the end nothing is missing but the end itself. */
export const cutAt =
  (at: number, how: 'reset' | 'finish' = 'reset'): Answer =>
  async (reply, request) => {
    reply.head(200, { 'content-type': typeOf(request) });
    await reply.write(bodyOf(request).subarray(0, at));
    // Lets the bytes leave before the reset that would overtake them.
    await reply.wait(2);
    reply.cut(how);
  };

/** Refuses everything for a while, as a provider does at its limit. */
export const rateLimited =
  (retryAfterSeconds: number | null = 1): Answer =>
  async (reply) => {
    const wait: Record<string, string> =
      retryAfterSeconds === null ? {} : { 'retry-after': retryAfterSeconds.toString() };
    reply.head(429, { 'content-type': 'application/json', ...wait });
    await reply.write(JSON.stringify({ error: { message: 'Slow down.', type: 'requests', param: null, code: null } }));
    reply.end();
  };

/** The whole answer, one byte at a time: headers too where `head`. */
export const slowLoris =
  (gapMs: number, head = false): Answer =>
  async (reply, request) => {
    const body = bodyOf(request);
    const front = `HTTP/1.1 200 OK\r\ncontent-type: ${typeOf(request)}\r\ncontent-length: ${body.length}\r\n\r\n`;
    const all = Buffer.concat([Buffer.from(front), body]);
    const start = head ? 0 : front.length;
    reply.raw(all.subarray(0, start));
    for (let at = start; at < all.length && !reply.gone; at++) {
      reply.raw(all.subarray(at, at + 1));
      await reply.wait(gapMs);
    }
  };

/** Says nothing after its first `pieces` events. */
export const stallsAfter =
  (pieces: number): Answer =>
  async (reply, request) => {
    reply.head(200, { 'content-type': typeOf(request) });
    for (const piece of streamEvents(['Hello', ' world']).slice(0, pieces)) await reply.write(piece);
    await reply.hang();
  };

/** A login page, as proxies put before servers. */
export const wrongType: Answer = async (reply) => {
  reply.head(200, { 'content-type': 'text/html; charset=utf-8' });
  await reply.write('<!doctype html><title>Sign in</title>');
  reply.end();
};

/** These bytes where a stream was to be. */
export const garbage =
  (bytes: string | Buffer): Answer =>
  async (reply) => {
    reply.head(200, { 'content-type': 'text/event-stream' });
    await reply.write(bytes);
    reply.end();
  };

export const halfCharacterText = 'Grüße, 世界 🌍!';

/** Text of two, three and four bytes a character, one byte per chunk. */
export const halfCharacters: Answer = async (reply, request) => {
  reply.head(200, { 'content-type': typeOf(request) });
  for (const byte of bodyOf(request, [halfCharacterText])) await reply.write(Buffer.of(byte));
  reply.end();
};

/** Compressed, though identity was asked for. */
export const gzipped: Answer = async (reply, request) => {
  reply.head(200, { 'content-type': typeOf(request), 'content-encoding': 'gzip' });
  await reply.write(gzipSync(bodyOf(request)));
  reply.end();
};

/** Headers of so many bytes in all before a good answer. */
export const hugeHeaders =
  (bytes: number): Answer =>
  async (reply, request) => {
    const line = 'y'.repeat(1_000);
    const lines = Array.from({ length: Math.ceil(bytes / 1_000) }, (_, i) => [`x-padding-${i}`, line] as const);
    reply.head(200, { 'content-type': typeOf(request), ...Object.fromEntries(lines) });
    await reply.write(bodyOf(request));
    reply.end();
  };

/** A good stream with more behind its `[DONE]`. */
export const trailing =
  (more: string | Buffer): Answer =>
  async (reply, request) => {
    reply.head(200, { 'content-type': typeOf(request) });
    await reply.write(bodyOf(request));
    await reply.write(more);
    reply.end();
  };

/** A good answer on a connection that is closed `afterMs` later, though nothing said so: the next request races it. */
export const closesAfter =
  (afterMs: number): Answer =>
  async (reply, request) => {
    const body = bodyOf(request);
    reply.head(200, { 'content-type': typeOf(request), 'content-length': String(body.length) });
    await reply.write(body);
    if (afterMs > 0) await reply.wait(afterMs);
    reply.cut('finish');
  };

/** Never ends: to see what is bounded. Stops when the client is gone or after `limitBytes`. */
export const endless =
  (piece: string | Buffer = chunkEvent({ content: 'x'.repeat(16_000) }), limitBytes = 512 * 1024 * 1024): Answer =>
  async (reply, request) => {
    reply.head(200, { 'content-type': typeOf(request) });
    for (let sent = 0; sent < limitBytes && !reply.gone; sent += piece.length) await reply.write(piece);
    if (!reply.gone) reply.end();
  };
