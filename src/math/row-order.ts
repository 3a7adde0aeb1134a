import type { TrainingRows } from '../core/estimator.ts';

/**
 * [N] row numbers in an order that follows from what the rows say and not from where they stand: by a hash of the
 * embedding, then by the numbers themselves. As good as shuffled, so a first part of it is a fair sample, and equal
 * queries stand side by side. Training that reads rows in this order gives the same result for every order of rows.
 */
export function canonicalOrder(rows: TrainingRows): Int32Array {
  const { dimensions, embeddings, promptTokens, values, models } = rows;
  const words = new Int32Array(embeddings.buffer, embeddings.byteOffset, embeddings.length);
  const hashes = new Int32Array(promptTokens.length);
  for (let row = 0; row < hashes.length; row++) {
    let hash = 0x811c9dc5;
    for (let i = row * dimensions; i < (row + 1) * dimensions; i++) {
      hash = Math.imul(hash ^ (words[i] ?? 0), 0x01000193);
      hash ^= hash >>> 15;
    }
    hashes[row] = hash;
  }
  const first = (array: ArrayLike<number>, width: number, a: number, b: number): number => {
    for (let i = 0; i < width; i++) {
      const left = array[a * width + i] ?? 0;
      const right = array[b * width + i] ?? 0;
      if (left === right || (Number.isNaN(left) && Number.isNaN(right))) continue;
      if (Number.isNaN(left)) return 1;
      return left < right || Number.isNaN(right) ? -1 : 1;
    }
    return 0;
  };
  return Int32Array.from(hashes.keys()).sort(
    (a, b) =>
      (hashes[a] ?? 0) - (hashes[b] ?? 0) ||
      first(embeddings, dimensions, a, b) ||
      first(promptTokens, 1, a, b) ||
      first(values, models.length, a, b),
  );
}
