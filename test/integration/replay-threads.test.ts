import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const isBuilt = existsSync(`${root}dist/replay/sweep-worker.js`);
if (!isBuilt) console.warn('skipped: dist/ is not there; run npm run build');

const node = async (...flags: readonly string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, [...flags], { cwd: root, maxBuffer: 1 << 28 })).stdout;

describe.skipIf(!isBuilt)('any number of threads', () => {
  it('gives the same bytes: policies side by side, fold after fold', async () => {
    const flags = ['replay', '--train', 'data/planted', '--protocol', 'kfold:2', '--resamples', '0', '--json'];
    const contenders = ['-p', 'cost-aware,threshold,random,zero', '-e', 'ridge', '--no-cache'];
    const replay = (threads: number) => node('bin/pointsman', ...flags, ...contenders, '--threads', String(threads));
    const [one, two] = [await replay(1), await replay(2)];
    expect(two).toBe(one);
    const { runs }: { readonly runs: readonly { readonly policy: string }[] } = JSON.parse(one);
    expect(runs.map(({ policy }) => policy)).toEqual(['cost-aware', 'threshold', 'random', 'zero']);
  });

  it('fails as one does', async () => {
    const flags = ['replay', '--train', 'data/planted', '-p', 'threshold:0,static', '-e', 'ridge', '--threads', '2'];
    await expect(node('bin/pointsman', ...flags)).rejects.toMatchObject({ code: 2 });
  });

  it('embeds every text to the same bits, whoever has which', async () => {
    const script = `(async () => {
      const { embedInThreads } = await import('./dist/replay/embed-threads.js');
      const { createHashingEmbedder } = await import('./dist/embedding/hashing.js');
      // One long text, then short ones, then none: shares of unequal numbers of rows.
      const texts = Array.from({ length: 900 }, (_, i) => ('word' + i + ' and ').repeat(i === 0 ? 200_000 : i === 899 ? 0 : i));
      const embedder = createHashingEmbedder({ dimensions: 64 });
      const alone = new Float32Array(texts.length * 64);
      texts.forEach((text, row) => alone.set(embedder.embed(text), row * 64));
      for (const threads of [2, 3]) {
        const shared = await embedInThreads(texts, embedder, threads);
        console.log(Buffer.from(shared.buffer).equals(Buffer.from(alone.buffer)), shared.buffer instanceof ArrayBuffer);
      }
      console.log(await embedInThreads(texts, embedder, 1), await embedInThreads(texts.slice(1, 3), embedder, 2));
      console.log(await embedInThreads(texts, { id: 'somebody-else', dimensions: 64 }, 2));
    })()`;
    expect(await node('-e', script)).toBe('true true\ntrue true\nnull null\nnull\n');
  });
});
