import { clamp } from '../math/vectors.ts';
import { TextUnits } from './text-units.ts';

/**
 * What a text looks like, whatever it says: how long it is, how much of it is digits, punctuation, code, another
 * script, whether it asks, whether it offers choices. Each number is brought to about [-1, 1] by fixed constants, so
 * that no training set decides what a coordinate means.
 */
export const surfaceFeatures = 20;

const digit = 1;
const upper = 2;
const lower = 3;
const space = 4;
const newline = 5;
const punctuation = 6;
/** Braces, operators and the like: rare in prose, common in code and mathematics. */
const operator = 7;

const closingBracket = 0x29;
const fullStop = 0x2e;
const colon = 0x3a;
const questionMark = 0x3f;
const underscore = 0x5f;

const kinds = new Uint8Array(128);
for (let code = 0; code < 128; code++) {
  const character = String.fromCharCode(code);
  kinds[code] = /[0-9]/.test(character)
    ? digit
    : /[A-Z]/.test(character)
      ? upper
      : /[a-z]/.test(character)
        ? lower
        : character === '\n'
          ? newline
          : /\s/.test(character) || code < 32
            ? space
            : /[{}[\]<>=+*/\\^_|&#$`~@%;]/.test(character)
              ? operator
              : punctuation;
}

const codeWords = ['def ', 'function', 'return', 'import ', 'class ', 'assert', 'print(', 'select '];

/** 1 + the code word that starts with these two ASCII codes; looking for all of them at once is one step a character. */
const codeStarts = new Uint8Array(128 * 128);
codeWords.forEach((word, i) => {
  codeStarts[word.charCodeAt(0) * 128 + word.charCodeAt(1)] = i + 1;
});

/** Longer parts make room for themselves. */
const initialUnits = 4096;

/** -1 at nothing, 0 at `middle`, towards 1 far above it. */
const around = (value: number, middle: number): number => (value - middle) / (value + middle);

/** Returns a reader that reuses its array: [surfaceFeatures], valid until the next call. */
export function createSurfaceReader(): (parts: readonly string[], totalCharacters: number) => Float64Array {
  const out = new Float64Array(surfaceFeatures);
  const counts = new Int32Array(8);
  const units = new TextUnits(initialUnits);
  return (parts, totalCharacters) => {
    counts.fill(0);
    let other = 0;
    let wide = 0;
    let words = 0;
    let choices = 0;
    let questions = 0;
    let codeLike = 0;
    let blanks = 0;
    let length = 0;
    for (const text of parts) {
      const here = units.read(text);
      const { codes } = units;
      length += here;
      let inWord = false;
      let met = 0;
      let previous = 0;
      for (let i = 0; i < here; i++) {
        const code = codes[i] ?? 0;
        if (code >= 128) {
          other++;
          if (code >= 0x2e80) wide++;
          if (!inWord) words++;
          inWord = true;
          previous = 0;
          continue;
        }
        const starts = codeStarts[previous * 128 + code] ?? 0;
        if (starts > 0 && text.startsWith(codeWords[starts - 1] ?? '', i - 1)) met |= 1 << starts;
        previous = code;
        const kind = kinds[code] ?? 0;
        counts[kind] = (counts[kind] ?? 0) + 1;
        const letter = kind <= lower;
        if (letter && !inWord) {
          words++;
          // A capital on its own before a bracket, full stop or colon: one of several choices.
          const next = kind === upper && i + 1 < here ? codes[i + 1] : 0;
          if (next === closingBracket || next === fullStop || next === colon) choices++;
        }
        inWord = letter;
        if (code === questionMark) questions++;
        // A gap to be filled in: a run of underscores, or one that stands alone.
        if (code === underscore) {
          const before = i === 0 ? space : kinds[codes[i - 1] ?? 0];
          if (before === space || (i + 1 < here && codes[i + 1] === underscore)) blanks++;
        }
      }
      for (let bits = met; bits !== 0; bits &= bits - 1) codeLike++;
    }
    const share = (kind: number): number => (counts[kind] ?? 0) / (length + 1);
    const newlines = counts[newline] ?? 0;
    const letters = (counts[lower] ?? 0) + (counts[upper] ?? 0) + (counts[digit] ?? 0) + other;
    const size = Math.log(totalCharacters + 1);
    let place = 0;
    const put = (value: number): void => {
      out[place++] = value;
    };
    // Length, on a long scale and finely around 50 and 1,100 characters.
    put(clamp((size - 5.5) / 2.5, -1, 1));
    put(Math.tanh(size - 4));
    put(Math.tanh(size - 7));
    put(around(words, 60));
    // The make-up of the text; the middles are common in English prose.
    put(around(share(digit), 0.03));
    put(around(share(upper), 0.03));
    put(around(share(punctuation), 0.03));
    put(around(share(operator), 0.01));
    put(around(other / (length + 1), 0.02));
    put(wide > 0 ? 1 : 0);
    put(clamp(around(words === 0 ? 0 : letters / words, 4.5) * 3, -1, 1));
    put(around(newlines, 4));
    put(around(newlines / (words + 1), 0.05));
    // What kind of task it looks like.
    put(questions > 0 ? 0.5 : -0.5);
    put(around(questions, 2));
    put(choices >= 2 ? 0.5 : -0.5);
    put(around(choices, 2));
    put(codeLike >= 2 ? 1 : codeLike === 1 ? 0.3 : -0.2);
    put(around(codeLike, 2));
    put(blanks > 0 ? 1 : 0);
    return out;
  };
}
