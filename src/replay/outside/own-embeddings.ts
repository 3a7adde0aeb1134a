import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { dataError } from '../datasets/data-error.ts';
import { readNpy } from './npy.ts';

/** Vectors that somebody's own encoder made, one a row. */
export interface OwnEmbeddings {
  /** Names the files' content, in place of an embedder's id. */
  readonly id: string;
  readonly dimensions: number;
  /** [N x D] each row brought to length 1, all zero where it was. */
  readonly embeddings: Float32Array;
}

/**
 * Reads .npy files whose rows are those of the data, in its order: one file, or one a part, the training part first.
 * Throws `invalid_data` where the count of rows is another.
 */
export function readOwnEmbeddings(paths: readonly string[], rows: number): OwnEmbeddings {
  const matrices = paths.map((path) => readNpy(path, basename(path)));
  const names = paths.map((path) => basename(path)).join(' and ');
  const dimensions = matrices[0]?.columns ?? 0;
  const other = matrices.findIndex(({ columns }) => columns !== dimensions);
  if (other >= 0) {
    const found = `${matrices[other]?.columns ?? 0} columns where ${basename(paths[0] ?? '')} has ${dimensions}`;
    throw dataError(basename(paths[other] ?? ''), null, null, found);
  }
  const total = matrices.reduce((sum, matrix) => sum + matrix.rows, 0);
  if (total !== rows) {
    throw dataError(
      names,
      null,
      null,
      `${total} rows where the data has ${rows}; a row for each query is needed, in the order of the data, training part first`,
    );
  }
  const embeddings = new Float32Array(total * dimensions);
  let at = 0;
  for (const { values } of matrices) {
    embeddings.set(values, at);
    at += values.length;
  }
  for (let row = 0; row < total; row++) normalise(embeddings.subarray(row * dimensions, (row + 1) * dimensions));
  const hash = createHash('sha256').update(new Uint8Array(embeddings.buffer)).digest('hex').slice(0, 12);
  return { id: `npy-${hash}-${dimensions}`, dimensions, embeddings };
}

function normalise(vector: Float32Array): void {
  let square = 0;
  for (const value of vector) square += value * value;
  if (square === 0) return;
  const scale = 1 / Math.sqrt(square);
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) * scale;
}
