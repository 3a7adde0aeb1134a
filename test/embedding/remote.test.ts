import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRemoteEmbedder, type RemoteOptions } from '../../src/embedding/remote.ts';

interface Asked {
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** A server that answers as it is told to, and the embedder that asks it. */
async function start(answer: (asked: Asked, response: ServerResponse) => void, change: Partial<RemoteOptions> = {}) {
  const asked: Asked[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
      const one = { url: request.url, authorization: request.headers.authorization, body };
      asked.push(one);
      answer(one, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const embedder = createRemoteEmbedder({
    base_url: `http://127.0.0.1:${port}/v1/`,
    model: 'tiny',
    dimensions: 2,
    timeout_ms: 5000,
    max_pending: 2,
    max_characters: 10,
    cache_entries: 2,
    ...change,
  });
  onTestFinished(async () => {
    await embedder.close?.();
    server.closeAllConnections();
    server.close();
  });
  return { embedder, asked };
}

const json = (response: ServerResponse, body: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};
const vector = (response: ServerResponse, embedding: readonly unknown[]): void =>
  json(response, { object: 'list', data: [{ object: 'embedding', index: 0, embedding }] });

describe('the remote embedder', () => {
  it('asks /embeddings once a text, cut at max_characters, and brings the answer to length 1', async () => {
    const { embedder, asked } = await start((_, response) => vector(response, [3, 4]), { api_key: 'sk-test' });
    const first = await embedder.embed('twelve chars');
    expect([...first]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
    expect(embedder.embed('twelve char, the rest is not read')).toBe(first);
    expect(asked).toEqual([
      {
        url: '/v1/embeddings',
        authorization: 'Bearer sk-test',
        body: { model: 'tiny', input: 'twelve cha', encoding_format: 'float' },
      },
    ]);
    expect(embedder.id).toMatch(/^remote-v1-127\.0\.0\.1:\d+-tiny-2$/);
  });

  it('asks once for a text that several want at the same time', async () => {
    const { embedder, asked } = await start((_, response) => vector(response, [1, 0]));
    await Promise.all([embedder.embed('same'), embedder.embed('same'), embedder.embed('same')]);
    expect(asked.length).toBe(1);
  });

  it('forgets the text that was not asked for longest', async () => {
    const { embedder, asked } = await start((_, response) => vector(response, [1, 0]));
    for (const text of ['a', 'b', 'a', 'c', 'a', 'b']) await embedder.embed(text);
    expect(asked.map(({ body }) => body)).toMatchObject(['a', 'b', 'c', 'b'].map((input) => ({ input })));
  });

  it('asks nothing for an empty text', async () => {
    const { embedder, asked } = await start((_, response) => vector(response, [1, 0]));
    expect(embedder.embed(' \n')).toEqual(new Float32Array(2));
    expect(asked).toEqual([]);
  });

  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    ['a fault', (response) => json(response, { error: {} }, 500), /answered 500/],
    ['a redirect', (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), /failed/],
    ['no JSON', (response) => response.end('<html>'), /failed/],
    ['another shape', (response) => json(response, { data: [] }), /no list of embeddings/],
    ['words', (response) => vector(response, ['a', 'b']), /no list of embeddings/],
    ['another width', (response) => vector(response, [1, 2, 3]), /gave 3 numbers, embedder\.dimensions says 2/],
    ['a cut connection', (response) => response.destroy(), /failed/],
  ])('refuses %s, tells why, and asks again next time', async (_, answer, why) => {
    let broken = true;
    const { embedder } = await start(
      (__, response) => {
        if (broken) answer(response);
        else vector(response, [0, 1]);
      },
      { api_key: 'sk-secret' },
    );
    const failure: unknown = await Promise.resolve(embedder.embed('x')).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'embedder_unavailable', message: expect.stringMatching(why) });
    expect(String(failure)).not.toContain('sk-secret');
    broken = false;
    expect([...(await embedder.embed('x'))]).toEqual([0, 1]);
  });

  it('gives up on a server that is silent, and on one text too many', async () => {
    const { embedder } = await start(() => undefined, { timeout_ms: 50 });
    const answers = await Promise.allSettled(['a', 'b', 'c'].map(async (text) => await embedder.embed(text)));
    expect(answers).toMatchObject([
      { reason: { message: expect.stringContaining('did not answer within 50 ms') } },
      { reason: { message: expect.stringContaining('did not answer within 50 ms') } },
      { reason: { message: expect.stringContaining('has 2 texts waiting') } },
    ]);
  });

  it('wants a URL that can be called', () => {
    const create = (base_url: string) => () =>
      createRemoteEmbedder({
        base_url,
        model: 'm',
        dimensions: 2,
        timeout_ms: 1,
        max_pending: 1,
        max_characters: 1,
        cache_entries: 1,
      });
    for (const url of ['nowhere', 'ftp://host/v1', 'http://user:pass@host/v1']) {
      expect(create(url)).toThrow(/embedder\.base_url: it must be a URL/);
    }
  });
});
