import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Interval } from '../src/replay/metrics/bootstrap.ts';
import type { ReplayResult } from '../src/replay/replay-result.ts';

/**
 * Replays RouterBench and the planted world with the built command line and prints the table of docs/replay.md; with
 * `--write`, writes it there. Needs `npm run build`; POINTSMAN_SHARED_DATA names the folder that holds `routerbench`.
 */
const root = fileURLToPath(new URL('../', import.meta.url));
const shared = process.env['POINTSMAN_SHARED_DATA'] ?? join(root, '..', 'shared', 'data');
const sets = [
  { name: 'routerbench', path: join(shared, 'routerbench') },
  { name: 'planted (ours)', path: join(root, 'data', 'planted') },
];

function replay(path: string): { result: ReplayResult; seconds: number } {
  const start = performance.now();
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['bin/pointsman', 'replay', '--train', path, '--test', path, '--json'],
    { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  if (status !== 0) throw new Error(stderr);
  const result: ReplayResult = JSON.parse(stdout);
  return { result, seconds: (performance.now() - start) / 1000 };
}

const range = ({ value, low, high }: Interval): string =>
  `${value.toFixed(4)} (${low.toFixed(4)} to ${high.toFixed(4)})`;

const lines: string[] = [];
for (const { name, path } of sets) {
  if (!existsSync(path)) {
    console.error(`skipped: ${name} is not there; POINTSMAN_SHARED_DATA names the folder of the data sets`);
    continue;
  }
  const { result, seconds } = replay(path);
  const { baselines, runs, train, test, embedder } = result;
  lines.push(
    `**${name}**: ${train.rows} rows train, ${test.rows} test, ${result.models.length} models; embedded: ${embedder.text} by \`${embedder.id}\`. ` +
      `Zero router ${baselines.zero?.aiq.value.toFixed(4) ?? '-'}, best single ${baselines.bestSingle.quality.toFixed(4)} (${baselines.bestSingle.model}), ` +
      `oracle ${baselines.oracle.quality.toFixed(4)}. The whole command: ${seconds.toFixed(1)} s.`,
    '',
    '| router | eval name | AIQ | AIQ − zero (95 %) | saves at 100 / 99 / 95 % of the best single |',
    '|---|---|---|---|---|',
  );
  for (const { label, cost, groups } of runs) {
    if (cost === null) continue;
    const saved = cost.savings.map((saving) => (saving.saved === null ? '-' : `${(saving.saved * 100).toFixed(1)} %`));
    lines.push(`| ${label} | all | ${cost.aiq.value.toFixed(4)} | ${range(cost.gain)} | ${saved.join(' / ')} |`);
    for (const { group, aiq, gain } of groups) {
      if (aiq !== null && gain !== null) lines.push(`| | ${group} | ${aiq.value.toFixed(4)} | ${range(gain)} | |`);
    }
  }
  lines.push('');
}
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
lines.push(
  `95 % intervals: paired bootstrap by query, 1,000 resamples. ${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Node ${process.version}, commit ${commit}; \`npx tsx bench/routerbench.ts --write\`.`,
);
const table = lines.join('\n');
console.log(table);
if (process.argv.includes('--write')) {
  const file = join(root, 'docs', 'replay.md');
  const marks = /(<!-- written by bench\/routerbench\.ts -->\n)[^]*(<!-- end -->)/;
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(marks, (_, open: string, close: string) => `${open}\n${table}\n\n${close}`),
  );
}
