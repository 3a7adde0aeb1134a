import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHashingEmbedder, readCharacters } from '../../src/embedding/hashing.ts';
import { embeddingTypes } from '../../src/embedding/index.ts';

const dimensions = 256;
const embedder = createHashingEmbedder({ dimensions });
const embed = (text: string): Float32Array => embedder.embed(text);
const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
const likeness = (a: string, b: string): number => dot(embed(a), embed(b));

describe('the hashing embedder', () => {
  it('names everything that changes a vector', () => {
    expect(embedder.id).toBe('hashing-v1-256');
    expect(embedder.dimensions).toBe(dimensions);
    expect(embeddingTypes.hashing.create({ dimensions: 64 }).id).toBe('hashing-v1-64');
  });

  it('gives unit vectors of finite numbers for any text, and zeros for none', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string({ maxLength: 3 }));
    fc.assert(
      fc.property(text, (value) => {
        const vector = embed(value);
        expect(vector.length).toBe(dimensions);
        expect(vector.every(Number.isFinite)).toBe(true);
        expect(Math.sqrt(dot(vector, vector))).toBeCloseTo(value.trim() === '' ? 0 : 1, 5);
      }),
    );
  });

  it('forgets one text before the next', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, text) => {
        const fresh = createHashingEmbedder({ dimensions }).embed(text);
        embed(before);
        expect(embed(text)).toEqual(fresh);
      }),
    );
  });

  // Pinned: artefacts name `hashing-v1`, so a vector may never change without another version.
  it('gives the vectors of version 1', () => {
    const vector = embed('Write a function that reverses a linked list. Warum ist der Himmel blau? 天空为什么是蓝色的');
    const weighted = vector.reduce((sum, value, i) => sum + value * Math.cos(i), 0);
    expect(weighted).toBeCloseTo(0.9361469, 6);
    expect(Array.from(vector.subarray(0, 4), (value) => Number(value.toFixed(5)))).toEqual([
      -0.10095, 0.09242, -0.23076, -0.1451,
    ]);
  });

  it('tells subjects apart', () => {
    const code = 'Write a Python function that sorts a list of integers and returns the median.';
    const alsoCode = 'Implement a Python function which returns the largest integers of a list.';
    const poem = 'Compose a gentle poem about autumn leaves for my grandmother.';
    expect(likeness(code, alsoCode)).toBeGreaterThan(likeness(code, poem) + 0.1);
  });

  it('finds a misspelt or inflected word close by, through its character n-grams', () => {
    const near = likeness('photosynthesis', 'photosyntesis');
    expect(near).toBeGreaterThan(likeness('photosynthesis', 'thermodynamics') + 0.1);
  });

  it('does not care about case and spacing in what is said, only in how it looks', () => {
    expect(likeness('the cat sat on the mat', 'The cat sat  on the mat')).toBeGreaterThan(0.97);
  });

  it('separates scripts without spaces into characters', () => {
    expect(likeness('天空为什么是蓝色的', '为什么天空是蓝色')).toBeGreaterThan(
      likeness('天空为什么是蓝色的', '请写一首诗') + 0.1,
    );
  });

  it('sees word order through bigrams', () => {
    expect(likeness('dog bites man', 'man bites dog')).toBeLessThan(0.9999);
  });

  it('reads long texts at both ends only, so that time has a bound', () => {
    const middle = 'x '.repeat(readCharacters);
    const half = readCharacters / 2;
    const frame = (inside: string): string => 'a'.repeat(half) + inside + 'b'.repeat(half);
    const other = 'y '.repeat(readCharacters);
    expect(embed(frame(middle))).toEqual(embed(frame(other)));
    expect(embed(`end ${middle}`)).not.toEqual(embed(`start ${middle}`));
  });
});
