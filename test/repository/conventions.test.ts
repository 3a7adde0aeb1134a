import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const rows = readFileSync(`${root}docs/conventions.md`, 'utf8')
  .split('\n')
  .flatMap((line) => {
    const found = /^\| +(?<number>\d+) +\| (?<want>.*?) +\| (?<held>.*?) +\| (?<note>.*?) *\|$/.exec(line)?.groups;
    return found === undefined
      ? []
      : [{ number: Number(found['number']), held: found['held'] ?? '', note: found['note'] ?? '' }];
  });
const named = rows.flatMap(({ number, held }) =>
  held === '—'
    ? []
    : held.split('<br>').map((cell) => {
        const { file = '', name = '' } = /^`(?<file>[^`]+)`: (?<name>.+)$/.exec(cell)?.groups ?? {};
        return { number, file, name };
      }),
);

test('all 25 wants are there, each with a test or a reason', () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
  expect(rows.filter(({ held, note }) => held === '—' && note.length < 30)).toEqual([]);
});

test.each(named)('$number: $file has "$name"', ({ file, name }) => {
  expect(existsSync(`${root}${file}`)).toBe(true);
  const text = readFileSync(`${root}${file}`, 'utf8');
  // The name of a test or of its row in a table, not a word in passing.
  const titles = text
    .split('\n')
    .filter((line) => /^\s*\]\)\(|\b(it|test|describe)\b.*\(|^\s*\['|^\s*\)?\(?['"`]/.test(line));
  expect(titles.some((line) => line.includes(name))).toBe(true);
});
