import type { TrainingRows } from '../core/estimator.ts';
import { hash32 } from '../core/random.ts';

/** Row numbers, at most `limit`: those whose content hashes lowest, so that the order of rows does not matter. */
export function thinRows(rows: TrainingRows, limit: number): readonly number[] {
  const all = Array.from({ length: rows.promptTokens.length }, (_, row) => row);
  if (all.length <= limit) return all;
  const hashes = all.map((row) =>
    hash32(rows.embeddings.subarray(row * rows.dimensions, (row + 1) * rows.dimensions).join()),
  );
  return all.sort((a, b) => (hashes[a] ?? 0) - (hashes[b] ?? 0)).slice(0, limit);
}
