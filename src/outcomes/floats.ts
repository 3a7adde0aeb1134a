/**
 * Blobs are little-endian floats, as every machine that Node runs on has them in memory. Copied, because a view of
 * floats needs an aligned start that a blob does not promise.
 */
export function toFloats(blob: Buffer): Float32Array {
  return new Float32Array(new Uint8Array(blob).buffer);
}

export function toDoubles(blob: Buffer): Float64Array {
  return new Float64Array(new Uint8Array(blob).buffer);
}
