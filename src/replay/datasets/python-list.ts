/**
 * RouterBench keeps a prompt as the literal of a Python list of turns: `['Is water wet?']`. Gives the turns, joined by
 * a line break, as plain text; text that is not wholly such a literal comes back as it is.
 */
export function parsePythonList(text: string): string {
  const turns: string[] = [];
  let at = skipSpace(text, 0);
  if (text[at] !== '[') return text;
  at = skipSpace(text, at + 1);
  while (text[at] !== ']') {
    const turn = readString(text, at);
    if (turn === null) return text;
    turns.push(turn.value);
    at = skipSpace(text, turn.next);
    if (text[at] === ',') at = skipSpace(text, at + 1);
    else if (text[at] !== ']') return text;
  }
  return turns.length === 0 || skipSpace(text, at + 1) < text.length ? text : turns.join('\n');
}

const simple: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\u0007',
  '0': '\0',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};

const hexDigits: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\t' || text[at] === '\r') at += 1;
  return at;
}

/** One quoted Python string; null where there is none. An escape that Python does not know stays as it is written. */
function readString(text: string, start: number): { value: string; next: number } | null {
  const mark = text[start];
  if (mark !== "'" && mark !== '"') return null;
  let value = '';
  let from = start + 1;
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    if (char === mark) return { value: value + text.slice(from, at), next: at + 1 };
    if (char !== '\\') continue;
    const escape = text[at + 1] ?? '';
    const digits = hexDigits[escape];
    const known = simple[escape];
    if (digits !== undefined) {
      const hex = text.slice(at + 2, at + 2 + digits);
      const code = /^[0-9a-fA-F]+$/.test(hex) && hex.length === digits ? Number.parseInt(hex, 16) : -1;
      if (code < 0 || code > 0x10ffff) return null;
      value += text.slice(from, at) + String.fromCodePoint(code);
      at += 1 + digits;
    } else {
      value += text.slice(from, at) + (known ?? `\\${escape}`);
      at += 1;
    }
    from = at + 1;
  }
  return null;
}
