import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../replay/helpers.ts';
import { asCsv, catsAndDogs } from '../replay/worlds.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const isBuilt = existsSync(`${root}dist/replay/split-worker.js`);
if (!isBuilt) console.warn('skipped: dist/ is not there; run npm run build');

const node = async (...flags: readonly string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, [...flags], { cwd: root, maxBuffer: 1 << 28 })).stdout;

const folder = temporaryFolder();

function policiesOf(result: string): readonly string[] {
  const { runs }: { readonly runs: readonly { readonly policy: string }[] } = JSON.parse(result);
  return runs.map(({ policy }) => policy);
}

describe.skipIf(!isBuilt)('any number of threads', () => {
  const replay = async (flags: readonly string[], threads: number): Promise<string> =>
    node('bin/pointsman', 'replay', ...flags, '--resamples', '0', '--no-cache', '--json', '--threads', String(threads));

  /** Three models, so that leaving one out leaves two. */
  const cats = (): string => {
    const { quality, costUsd, ...rest } = catsAndDogs(240, 'threads');
    const three = (matrix: Float64Array | null): Float64Array =>
      Float64Array.from({ length: 720 }, (_, i) => matrix?.[Math.floor(i / 3) * 2 + (i % 3 === 0 ? 0 : 1)] ?? 0);
    const path = join(folder, 'cats.csv');
    const table = { ...rest, models: ['dear', 'cheap', 'twin'], quality: three(quality), costUsd: three(costUsd) };
    writeFileSync(path, asCsv(table));
    return path;
  };

  it('gives the same bytes: policies side by side', async () => {
    const flags = ['--train', cats(), '-p', 'cost-aware,threshold,random,zero', '-e', 'ridge'];
    const [one, two] = [await replay(flags, 1), await replay(flags, 2)];
    expect(two).toBe(one);
    expect(policiesOf(one)).toEqual(['cost-aware', 'threshold', 'random', 'zero']);
  });

  it.each(['kfold:3', 'model:20'])('gives the same bytes: the splits of %s side by side', async (protocol) => {
    const program = 'exec:python3 examples/routers/router.py';
    const contenders = ['-p', 'random,cost-aware', '-p', program, '-e', 'ridge,mean'];
    const flags = ['--train', cats(), '--protocol', protocol, ...contenders];
    const [one, two] = [await replay(flags, 1), await replay(flags, 2)];
    expect(two).toBe(one);
    expect(policiesOf(one)).toEqual(['random', 'cost-aware', 'cost-aware', program]);
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
