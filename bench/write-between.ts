import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Replaces what stands between `<!-- NAME -->` and `<!-- end of NAME -->` in a file of the repository. */
export function writeBetween(file: string, name: string, text: string): void {
  const path = `${root}${file}`;
  const old = readFileSync(path, 'utf8');
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [old.indexOf(begin), old.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${file} has no ${begin} ... ${end} to write between.`);
  writeFileSync(path, `${old.slice(0, from + begin.length)}\n\n${text}\n\n${old.slice(to)}`);
}
