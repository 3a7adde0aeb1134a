import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fetchFile, type FetchOptions } from '../../src/replay/fetch-file.ts';
import { temporaryFolder } from './helpers.ts';

const content = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 251));
const sha256 = createHash('sha256').update(content).digest('hex');
const folder = temporaryFolder();
let made = 0;
const fresh = (): string => join(folder, `${++made}.pkl`);

/** Ranges that were asked for; null for the whole. */
let asked: (string | null)[] = [];
/** Of `/tagged`. */
let tag = '"1"';
/** Connections that are cut after this many bytes. */
let cuts: number[] = [];

function answer(request: IncomingMessage, response: ServerResponse): void {
  const range = request.headers.range ?? null;
  asked.push(range);
  if (request.url === '/missing') return void response.writeHead(404).end();
  if (request.url === '/broken') return void response.writeHead(503).end();
  const isOther = request.url === '/tagged' && request.headers['if-range'] !== tag;
  if (request.url === '/tagged') response.setHeader('etag', tag);
  const start = range === null || request.url === '/plain' || isOther ? 0 : Number(/\d+/.exec(range)?.[0]);
  if (start >= content.length)
    return void response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
  const headers = { 'content-length': content.length - start };
  if (start > 0)
    response.writeHead(206, { ...headers, 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` });
  else response.writeHead(200, headers);
  const cut = cuts.shift();
  if (cut === undefined) return void response.end(content.subarray(start));
  response.write(content.subarray(start, start + cut), () => setTimeout(() => response.destroy(), 20));
}

const server = createServer(answer);
let url = '';
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});
afterAll(() => void server.close());
beforeEach(() => {
  asked = [];
  cuts = [];
});

const run = (path: string, out: string, more: Partial<FetchOptions> = {}) =>
  fetchFile({ url: url + path, out, ...more }, () => undefined);

describe('a download', () => {
  it('comes whole, with its sum', async () => {
    const out = fresh();
    const seen: { done: number; total: number }[] = [];
    const result = await fetchFile({ url: `${url}/data`, out, sha256: sha256.toUpperCase() }, ({ done, total }) =>
      seen.push({ done, total }),
    );
    expect(result).toEqual({ bytes: content.length, sha256, resumedAt: 0 });
    expect(readFileSync(out).equals(content)).toBe(true);
    expect(seen.at(-1)).toEqual({ done: content.length, total: content.length });
    expect(existsSync(`${out}.part`)).toBe(false);
  });

  it('takes a broken connection up again where it broke', async () => {
    const out = fresh();
    cuts = [40_000, 30_000];
    expect(await run('/data', out)).toMatchObject({ sha256 });
    expect(readFileSync(out).equals(content)).toBe(true);
    expect(asked).toEqual([null, 'bytes=40000-', 'bytes=70000-']);
  });

  it('goes on in the next call, where one was not enough', async () => {
    const out = fresh();
    cuts = [10_000, 10_000];
    await expect(run('/data', out, { retries: 1 })).rejects.toMatchObject({
      code: 'upstream_failed',
      message: expect.stringContaining('20000 bytes are kept'),
    });
    expect(existsSync(out)).toBe(false);
    expect(await run('/data', out)).toEqual({ bytes: content.length, sha256, resumedAt: 20_000 });
    expect(readFileSync(out).equals(content)).toBe(true);
  });

  it('starts again where the server knows no ranges', async () => {
    const out = fresh();
    cuts = [40_000];
    await run('/plain', out);
    expect(readFileSync(out).equals(content)).toBe(true);
  });

  it('starts again where the file has become another in between', async () => {
    const out = fresh();
    cuts = [30_000, 20_000];
    // Goes on at once while it is the same.
    await expect(run('/tagged', out, { retries: 1 })).rejects.toMatchObject({ code: 'upstream_failed' });
    expect(statSync(`${out}.part`).size).toBe(50_000);
    tag = '"2"';
    expect(await run('/tagged', out)).toMatchObject({ sha256 });
    expect(asked).toEqual([null, 'bytes=30000-', 'bytes=50000-']);
    expect(existsSync(`${out}.part.version`)).toBe(false);
  });

  it('has only to be summed where all is there', async () => {
    const out = fresh();
    writeFileSync(`${out}.part`, content);
    expect(await run('/data', out)).toEqual({ bytes: content.length, sha256, resumedAt: content.length });
    expect(asked).toEqual([`bytes=${content.length}-`]);
  });

  it('with another sum is refused and not kept', async () => {
    const out = fresh();
    const wrong = '0'.repeat(64);
    await expect(run('/data', out, { sha256: wrong })).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining(`its SHA-256 is ${sha256}, not ${wrong}`),
    });
    expect([existsSync(out), existsSync(`${out}.part`)]).toEqual([false, false]);
  });

  it('that cannot be had is told at once, one that may come later is tried again', async () => {
    await expect(run('/missing', fresh())).rejects.toThrow('the server answers 404');
    expect(asked).toHaveLength(1);
    await expect(run('/broken', fresh(), { retries: 2 })).rejects.toThrow('the server answers 503');
    expect(asked).toHaveLength(4);
    await expect(
      fetchFile({ url: 'http://127.0.0.1:1/x', out: fresh(), retries: 0 }, () => undefined),
    ).rejects.toMatchObject({
      code: 'upstream_failed',
    });
  });

  it('says why there is no line, and asks nobody where the file could not be', async () => {
    const nobody = fetchFile({ url: 'http://127.0.0.1:1/x.pkl', out: fresh(), retries: 0 }, () => undefined);
    await expect(nobody).rejects.toThrow(/ECONNREFUSED|bad port/);
    const file = fresh();
    writeFileSync(file, '');
    await expect(run('/data', join(file, 'x.pkl'))).rejects.toMatchObject({ code: 'invalid_data' });
    expect(asked).toEqual([]);
  });

  it('replaces nothing unasked, and takes no odd arguments', async () => {
    const out = fresh();
    writeFileSync(out, 'mine');
    await expect(run('/data', out)).rejects.toThrow('is there already');
    expect(readFileSync(out, 'utf8')).toBe('mine');
    await run('/data', out, { force: true });
    expect(readFileSync(out).equals(content)).toBe(true);
    await expect(fetchFile({ url: 'file:///etc/passwd', out: fresh() }, () => undefined)).rejects.toThrow(
      'expected http or https',
    );
    await expect(run('/data', fresh(), { sha256: 'abc' })).rejects.toThrow('expected 64 hexadecimal digits');
  });
});
