import { PointsmanError } from '../core/errors.ts';

/**
 * Numbers that stand for the questions an artefact learned from, so that whoever measures it can tell how many of the
 * test questions it has seen. Ascending, each once, 8 bytes each (little-endian float64 of a whole number below 2^53).
 * No text can be had back from them, but whoever has a question can ask whether it is there.
 */
export function encodeQuestionKeys(keys: Iterable<number>): Uint8Array {
  const sorted = Float64Array.from(new Set(keys)).sort();
  const bytes = new Uint8Array(sorted.length * 8);
  const view = new DataView(bytes.buffer);
  sorted.forEach((key, i) => view.setFloat64(i * 8, key, true));
  return bytes;
}

/** Throws `invalid_data` naming `place` where the bytes are no list of keys. */
export function decodeQuestionKeys(bytes: Uint8Array, place: string): ReadonlySet<number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const keys = new Set<number>();
  let before = -1;
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    const key = view.getFloat64(at, true);
    if (!Number.isSafeInteger(key) || key <= before) break;
    keys.add(key);
    before = key;
  }
  if (keys.size * 8 === bytes.length) return keys;
  throw new PointsmanError('invalid_data', `${place}: it is no list of question keys; copy the artefact again.`);
}
