/**
 * Short arrays of numbers, cut from longer ones: an array of its own lies outside of V8's heap from 65 bytes on, which costs
 * about ten times as much as a view and makes the collector run more often. A decision makes about ten of them.
 *
 * What is cut is the caller's for good and starts at zero, but its `buffer` holds others too: copy (`slice`) before you
 * hand over a buffer, and copy what is kept for long, because a view keeps its whole slab alive.
 */
const slabLength = 4096;
/** Longer ones are no shorter to make from a slab. */
const longest = 512;

let doubles = new Float64Array(slabLength);
let doublesUsed = 0;
let floats = new Float32Array(slabLength);
let floatsUsed = 0;

/** [length] zeros. */
export function newDoubles(length: number): Float64Array<ArrayBuffer> {
  if (length > longest) return new Float64Array(length);
  if (doublesUsed + length > slabLength) {
    doubles = new Float64Array(slabLength);
    doublesUsed = 0;
  }
  const view = new Float64Array(doubles.buffer, doublesUsed * 8, length);
  doublesUsed += length;
  return view;
}

/** [length] zeros. */
export function newFloats(length: number): Float32Array<ArrayBuffer> {
  if (length > longest) return new Float32Array(length);
  if (floatsUsed + length > slabLength) {
    floats = new Float32Array(slabLength);
    floatsUsed = 0;
  }
  const view = new Float32Array(floats.buffer, floatsUsed * 4, length);
  floatsUsed += length;
  return view;
}
