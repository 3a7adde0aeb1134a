import { fileURLToPath } from 'node:url';
import type { Embedder } from '../core/embedder.ts';
import { createHashingEmbedder } from '../embedding/hashing.ts';
import { createThreadPool, isBuilt, threadsOf } from './threads.ts';

/** What a thread is asked. */
export interface EmbedJob {
  readonly dimensions: number;
  readonly texts: readonly string[];
  /** [texts x dimensions] in shared memory, to be written. */
  readonly out: Float32Array;
}

const workerFile = fileURLToPath(new URL('./embed-worker.js', import.meta.url));
/** Below this many UTF-16 units a thread costs more than it saves: about a quarter of a second of hashing. */
const worthwhile = 5_000_000;

/**
 * The vectors [texts x dimensions] of an embedder that threads can build by themselves, an equal share of the text to
 * each; null where it is no such embedder, and where it is not worth a thread. A vector depends on its text alone, so
 * the result is the same with any number of threads.
 *
 * @param threads null: as the machine allows.
 */
export async function embedInThreads(
  texts: readonly string[],
  { id, dimensions }: Pick<Embedder, 'id' | 'dimensions'>,
  threads: number | null,
): Promise<Float32Array | null> {
  const lanes = threadsOf(threads);
  const units = texts.reduce((sum, text) => sum + text.length, 0);
  if (!isBuilt || lanes < 2 || units < worthwhile) return null;
  const embedder = createHashingEmbedder({ dimensions });
  if (embedder.id !== id) return null;
  const all = new Float32Array(new SharedArrayBuffer(texts.length * dimensions * 4));
  const [own = { from: 0, to: 0 }, ...others] = shares(texts, units, lanes);
  const pool = createThreadPool<EmbedJob, null>(workerFile, others.length);
  try {
    const elsewhere = others.map(({ from, to }) =>
      pool.run({ dimensions, texts: texts.slice(from, to), out: all.subarray(from * dimensions, to * dimensions) }),
    );
    // This thread does its share too, after the others have theirs.
    for (let row = own.from; row < own.to; row++) all.set(embedder.embed(texts[row] ?? ''), row * dimensions);
    await Promise.all(elsewhere);
  } finally {
    await pool.close();
  }
  // A copy of its own: not everything that reads vectors takes shared memory.
  return all.slice();
}

/** Ranges of texts, one after another, with about as many units each. */
function shares(texts: readonly string[], units: number, lanes: number): readonly { from: number; to: number }[] {
  const ranges: { from: number; to: number }[] = [];
  let from = 0;
  let passed = 0;
  texts.forEach((text, i) => {
    passed += text.length;
    if (passed < ((ranges.length + 1) * units) / lanes && i < texts.length - 1) return;
    ranges.push({ from, to: i + 1 });
    from = i + 1;
  });
  return ranges;
}
