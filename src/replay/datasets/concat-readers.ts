import { dataError } from './data-error.ts';
import type { DatasetReader } from './dataset.ts';

/** Several files of one set, one after the other. Throws `invalid_data` where they differ in models or cost. */
export function concatReaders(readers: readonly [DatasetReader, ...DatasetReader[]]): DatasetReader {
  const [first, ...others] = readers;
  if (others.length === 0) return first;
  for (const other of others) {
    const extra = other.models.find((model) => !first.models.includes(model));
    const missing = first.models.find((model) => !other.models.includes(model));
    const different = extra ?? missing;
    if (different !== undefined || other.hasCost !== first.hasCost) {
      const problem = different === undefined ? 'only some files have costs' : 'only some files have this model';
      throw dataError(other.source.name, 1, different ?? null, problem);
    }
    if (other.models.some((model, m) => model !== first.models[m])) {
      throw dataError(other.source.name, 1, null, 'its models come in another order than in the first file');
    }
  }
  return {
    ...first,
    async *rows() {
      for (const reader of readers) yield* reader.rows();
    },
    warnings: () => readers.flatMap((reader) => reader.warnings()),
  };
}
