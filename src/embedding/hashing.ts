import type { Embedder } from '../core/embedder.ts';
import { newFloats } from '../math/slab.ts';
import { createSurfaceReader, surfaceFeatures } from './surface.ts';
import { TextUnits } from './text-units.ts';
import { WordTable } from './word-table.ts';

/** Of the gateway, of `train` and of `replay` alike: what is replayed is what is served. */
export const defaultDimensions = 256;

/**
 * Feature hashing without a download: words, word bigrams and character n-grams inside words are hashed with a sign
 * into a fixed number of coordinates (Weinberger et al., "Feature Hashing for Large Scale Multitask Learning",
 * arXiv 0902.2206), beside a few coordinates that describe the surface of the text. Counts are dampened (1 + ln count);
 * each block is brought to length 1, weighted and the whole brought to length 1 again. What the weights were chosen by
 * is in docs/embedding.md.
 */
export interface HashingOptions {
  /** Length of the vector; the first 20 coordinates are the surface block. */
  readonly dimensions: number;
}

/** Cheap enough to be synchronous. */
export interface HashingEmbedder extends Embedder {
  embed(text: string): Float32Array;
}

/** Share of each block in the vector. Part of the embedder's version: another shape is another id. */
export interface HashingShape {
  readonly words: number;
  readonly bigrams: number;
  readonly characters: number;
  readonly surface: number;
}

export const hashingShape: HashingShape = { words: 1, bigrams: 0.25, characters: 0.7, surface: 1.25 };

/** Longer texts are read at both ends, half this many UTF-16 units each, so that embedding time has a bound. */
export const readCharacters = 8192;

const slotBits = 13;
const slots = 1 << slotBits;
const longestGram = 5;
const shortestGram = 3;
/** Marks both ends of a word, so that prefixes and suffixes are features of their own. */
const edge = 1;

/** From here on (CJK and its neighbours) words are not separated by spaces, so each character is taken as a word. */
const ideographic = 0x2e80;

/** 1 where an ASCII code belongs to a word. */
const isWord = new Uint8Array(128);
for (let code = 0; code < 128; code++) isWord[code] = /[a-z0-9_]/.test(String.fromCharCode(code)) ? 1 : 0;

/** 1 + ln(count) for small counts. */
const dampened = Float64Array.from({ length: 256 }, (_, count) => (count === 0 ? 0 : 1 + Math.log(count)));

/** murmur3's finaliser: spreads every input bit over every output bit. */
function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * Counts features in a wide table; `spill` then folds the table into the vector. Reused from text to text. Narrow numbers:
 * between two requests the tables fall out of the nearest caches, and what is read again costs more than what is done.
 */
class FeatureBlock {
  /** Of what is read of a text, all features together are fewer than 16 bits can count: three a unit, and case. */
  readonly #counts = new Uint16Array(slots);
  readonly #touched = new Uint16Array(slots);
  /** Twice the coordinate of each slot, plus 1 where it counts as negative. */
  readonly #places = new Uint16Array(slots);
  readonly #sums: Float64Array;
  #used = 0;

  constructor(seed: number, first: number, dimensions: number) {
    this.#sums = new Float64Array(dimensions);
    for (let slot = 0; slot < slots; slot++) {
      const hash = mix(Math.imul(slot + 1, 0x9e3779b1) ^ seed);
      this.#places[slot] = (first + ((hash >>> 1) % (dimensions - first))) * 2 + (hash & 1);
    }
  }

  add(hash: number, times: number): void {
    const slot = mix(hash) >>> (32 - slotBits);
    const count = this.#counts[slot] ?? 0;
    if (count === 0) this.#touched[this.#used++] = slot;
    this.#counts[slot] = count + times;
  }

  /** Adds the block, at length `weight`, to `out` and forgets it. */
  spill(out: Float64Array, weight: number): void {
    const sums = this.#sums;
    sums.fill(0);
    for (let i = 0; i < this.#used; i++) {
      const slot = this.#touched[i] ?? 0;
      const count = this.#counts[slot] ?? 0;
      const signed = this.#places[slot] ?? 0;
      const place = signed >> 1;
      const value = dampened[count] ?? 1 + Math.log(count);
      sums[place] = (sums[place] ?? 0) + ((signed & 1) === 0 ? value : -value);
      this.#counts[slot] = 0;
    }
    this.#used = 0;
    addScaled(out, sums, weight);
  }
}

/** out += block / |block| * weight */
function addScaled(out: Float64Array, block: Float64Array, weight: number): void {
  let square = 0;
  for (let i = 0; i < block.length; i++) square += (block[i] ?? 0) ** 2;
  if (square === 0) return;
  const scale = weight / Math.sqrt(square);
  for (let i = 0; i < block.length; i++) out[i] = (out[i] ?? 0) + (block[i] ?? 0) * scale;
}

export function createHashingEmbedder(
  { dimensions }: HashingOptions,
  shape: HashingShape = hashingShape,
): HashingEmbedder {
  const words = new FeatureBlock(0x1b873593, surfaceFeatures, dimensions);
  const bigrams = new FeatureBlock(0x2545f491, surfaceFeatures, dimensions);
  const characters = new FeatureBlock(0x6c078965, surfaceFeatures, dimensions);
  const readSurface = createSurfaceReader();
  const sum = new Float64Array(dimensions);

  const distinct = new WordTable();
  const units = new TextUnits(readCharacters);

  /** Notes one word, text[start..end), and its pair with the one before; gives its hash. */
  const readWord = (text: Uint16Array, start: number, end: number, before: number): number => {
    const hash = distinct.add(text, start, end);
    if (before !== 0) bigrams.add(Math.imul(before, 0x01000193) ^ hash, 1);
    return hash;
  };

  /** Feeds the n-grams of a word that was met so many times, its ends marked. */
  const readGrams = (text: Uint16Array, start: number, end: number, times: number): void => {
    for (let first = start - 1; first < end; first++) {
      let gram = 0x811c9dc5;
      const last = Math.min(first + longestGram, end + 1);
      for (let i = first; i < last; i++) {
        const code = i < start || i === end ? edge : (text[i] ?? 0);
        gram = Math.imul(gram ^ code, 0x01000193);
        if (i - first >= shortestGram - 1) characters.add(gram, times);
      }
    }
  };

  const readPart = (part: string): void => {
    const length = units.read(part);
    const text = units.codes;
    let start = -1;
    let before = 0;
    for (let i = 0; i <= length; i++) {
      const code = i < length ? (text[i] ?? 0) : 32;
      const inWord = code < 128 ? isWord[code] === 1 : code < ideographic && code !== 0xa0;
      if (inWord) {
        if (start < 0) start = i;
        continue;
      }
      if (start >= 0) before = readWord(text, start, i, before);
      start = -1;
      if (code >= ideographic) before = readWord(text, i, i + 1, before);
    }
    distinct.drain((hash, first, end, times) => {
      words.add(hash, times);
      readGrams(text, first, end, times);
    });
  };

  return {
    id: `hashing-v1-${dimensions}`,
    dimensions,
    embed(text) {
      const out = newFloats(dimensions);
      if (text.trim() === '') return out;
      sum.fill(0);
      const half = readCharacters / 2;
      const parts = text.length <= readCharacters ? [text] : [text.slice(0, half), text.slice(-half)];
      for (const part of parts) readPart(part.toLowerCase());
      words.spill(sum, shape.words);
      bigrams.spill(sum, shape.bigrams);
      characters.spill(sum, shape.characters);
      addScaled(sum, readSurface(parts, text.length), shape.surface);
      let square = 0;
      for (let i = 0; i < dimensions; i++) square += (sum[i] ?? 0) ** 2;
      const scale = square === 0 ? 0 : 1 / Math.sqrt(square);
      for (let i = 0; i < dimensions; i++) out[i] = (sum[i] ?? 0) * scale;
      return out;
    },
  };
}
