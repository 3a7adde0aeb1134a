import type { BackendCall } from '../core/backend.ts';

/**
 * Why these are not the vectors that were promised; null where they are. The client's own `dimensions` goes before what
 * the YAML says of the model. A vector of another length would be stored beside those of its space, and no search over
 * them would say why it finds nothing.
 *
 * @param vectors numbers, or base64 of 32-bit floats.
 */
export function wrongLength(vectors: readonly unknown[], { body, dimensions }: BackendCall): string | null {
  const asked = body.parsed['dimensions'];
  const promised = typeof asked === 'number' ? asked : dimensions;
  if (promised === undefined) return null;
  for (const vector of vectors) {
    const length = lengthOf(vector);
    if (length !== promised) return `a vector of ${length} numbers where ${promised} were promised (dimensions)`;
  }
  return null;
}

function lengthOf(vector: unknown): number {
  if (typeof vector === 'string') return Buffer.byteLength(vector, 'base64') / 4;
  return Array.isArray(vector) ? vector.length : 0;
}
