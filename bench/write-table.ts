import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Machine, versions and commit, as every table of figures ends with. */
export function provenance(command: string): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  return `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Node ${process.version}, commit ${commit}; \`${command}\`.`;
}

/** Puts `text` between `<!-- written by SCRIPT -->` and the next `<!-- end -->` of a page in docs/. */
export function writeBetween(page: string, script: string, text: string): void {
  const file = `${root}docs/${page}`;
  const before = readFileSync(file, 'utf8');
  const open = `<!-- written by ${script} -->\n`;
  const from = before.indexOf(open);
  const to = before.indexOf('<!-- end -->', from);
  if (from < 0 || to < 0) throw new Error(`docs/${page} has no place for what ${script} writes.`);
  writeFileSync(file, `${before.slice(0, from + open.length)}\n${text}\n\n${before.slice(to)}`);
}

export const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
