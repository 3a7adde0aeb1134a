import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Vectors on disk, by what was embedded and by whom. A cache that cannot be read or written is no error: it is slow. */
export interface EmbeddingCache {
  /** [N x D]; null where there are none. */
  load(key: string, length: number): Float32Array | null;
  save(key: string, embeddings: Float32Array): void;
}

/** Of texts in this order under this embedder; a change of either is another key. */
export function embeddingKey(embedderId: string, texts: readonly string[]): string {
  const hash = createHash('sha256').update(`${embedderId}\n${texts.length}\n`);
  // Lengths first, so that two lists that only join to the same text differ.
  for (const text of texts) hash.update(`${text.length}:`).update(text);
  return hash.digest('hex');
}

/** A file a key: a sum over the vectors' bytes, then the vectors as little-endian float32. Written whole or not at all. */
export function createEmbeddingCache(folder: string): EmbeddingCache {
  const place = join(folder, 'embeddings');
  const fileOf = (key: string): string => join(place, `${key}.f32`);
  return {
    load(key, length) {
      let bytes: Buffer;
      try {
        bytes = readFileSync(fileOf(key));
      } catch {
        return null;
      }
      if (bytes.length !== sumBytes + length * 4) return null;
      const body = bytes.subarray(sumBytes);
      if (!sumOf(body).equals(bytes.subarray(0, sumBytes))) return null;
      // Copied, so that the vectors are aligned.
      return new Float32Array(Uint8Array.from(body).buffer);
    },
    save(key, embeddings) {
      const body = Buffer.from(embeddings.buffer, embeddings.byteOffset, embeddings.byteLength);
      const draft = `${fileOf(key)}.${process.pid}.draft`;
      try {
        mkdirSync(place, { recursive: true });
        writeFileSync(draft, Buffer.concat([sumOf(body), body]));
        renameSync(draft, fileOf(key));
      } catch {
        discard(draft);
      }
    },
  };
}

function discard(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Where it could not be written it cannot be there.
  }
}

const sumBytes = 32;
const sumOf = (body: Uint8Array): Buffer => createHash('sha256').update(body).digest();
