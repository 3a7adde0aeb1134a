/**
 * Where a text stops being JSON: the UTF-16 offset of the first character that cannot stand there (the length of the
 * text where it ends too early), or null where it is JSON. V8's own messages name the place only sometimes.
 * It keeps its own stack, so that no depth of nesting can overflow ours.
 */
export function jsonErrorOffset(text: string): number | null {
  const open: number[] = [];
  let at = skipSpace(text, 0);
  for (;;) {
    // A value has to stand here.
    const code = text.charCodeAt(at);
    if (code === brace || code === bracket) {
      const inside = skipSpace(text, at + 1);
      if (text.charCodeAt(inside) !== closerOf(code)) {
        open.push(code);
        at = inside;
        if (code === brace) {
          at = skipKey(text, at);
          if (at < 0) return ~at;
        }
        continue;
      }
      at = inside + 1;
    } else {
      at = skipScalar(text, at, code);
      if (at < 0) return ~at;
    }
    // A value has ended here: close what it closes, then a comma has to lead to the next one.
    for (;;) {
      at = skipSpace(text, at);
      const inside = open.at(-1);
      if (inside === undefined) return at === text.length ? null : at;
      const next = text.charCodeAt(at);
      if (next === comma) {
        at = skipSpace(text, at + 1);
        if (inside === brace) {
          at = skipKey(text, at);
          if (at < 0) return ~at;
        }
        break;
      }
      if (next !== closerOf(inside)) return at;
      open.pop();
      at++;
    }
  }
}

/** `line 3, column 7`, both from 1. */
export function placeOf(text: string, offset: number): string {
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++;
    lineStart = at + 1;
  }
  return `line ${line}, column ${offset - lineStart + 1}`;
}

const brace = 0x7b;
const bracket = 0x5b;
const comma = 0x2c;
const quote = 0x22;
const backslash = 0x5c;

// `{` and `[` stand two places before what closes them.
const closerOf = (opener: number): number => opener + 2;

function skipSpace(text: string, at: number): number {
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at++;
  }
}

// The skippers return the offset after what they skip, or the complement (negative) of the offset that is wrong.

function skipKey(text: string, at: number): number {
  if (text.charCodeAt(at) !== quote) return ~at;
  const end = skipString(text, at);
  if (end < 0) return end;
  const colon = skipSpace(text, end);
  return text.charCodeAt(colon) === 0x3a ? skipSpace(text, colon + 1) : ~colon;
}

function skipScalar(text: string, at: number, code: number): number {
  if (code === quote) return skipString(text, at);
  if (code === 0x74) return skipWord(text, at, 'true');
  if (code === 0x66) return skipWord(text, at, 'false');
  if (code === 0x6e) return skipWord(text, at, 'null');
  return skipNumber(text, at);
}

function skipWord(text: string, at: number, word: string): number {
  for (let i = 0; i < word.length; i++) if (text.charCodeAt(at + i) !== word.charCodeAt(i)) return ~(at + i);
  return at + word.length;
}

function skipString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) return at + 1;
    // Not a number: the text is over.
    if (!(code >= 0x20)) return ~at;
    if (code !== backslash) continue;
    at++;
    const escaped = text.charAt(at);
    if (escaped === 'u') {
      for (let digit = 0; digit < 4; digit++) if (!isHexDigit(text.charCodeAt(++at))) return ~at;
    } else if (escaped === '' || !'"\\/bfnrt'.includes(escaped)) return ~at;
  }
}

function skipNumber(text: string, start: number): number {
  let at = text.charCodeAt(start) === 0x2d ? start + 1 : start;
  if (text.charCodeAt(at) === 0x30) at++;
  else {
    at = skipDigits(text, at);
    if (at < 0) return at;
  }
  if (text.charCodeAt(at) === 0x2e) {
    at = skipDigits(text, at + 1);
    if (at < 0) return at;
  }
  const exponent = text.charCodeAt(at);
  if (exponent === 0x65 || exponent === 0x45) {
    const sign = text.charCodeAt(at + 1);
    at = skipDigits(text, sign === 0x2b || sign === 0x2d ? at + 2 : at + 1);
  }
  return at;
}

function skipDigits(text: string, start: number): number {
  let at = start;
  while (isDigit(text.charCodeAt(at))) at++;
  return at === start ? ~at : at;
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
const isHexDigit = (code: number): boolean =>
  isDigit(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66);
