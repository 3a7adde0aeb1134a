import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Interval } from '../src/replay/metrics/bootstrap.ts';
import type { ReplayResult, RunResult } from '../src/replay/replay-result.ts';
import { provenance, writeBetween } from './write-table.ts';

/**
 * League tables of docs/league.md: every policy over ridge, and `cost-aware` over every estimator, on the shared data sets
 * that may be learned from. With `--write`, into the page; sets named as arguments instead of all. Needs `npm run build`;
 * POINTSMAN_SHARED_DATA names the folder of the sets.
 */
const root = fileURLToPath(new URL('../', import.meta.url));
const shared = process.env['POINTSMAN_SHARED_DATA'] ?? join(root, '..', 'shared', 'data');
const asked = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const sets =
  asked.length > 0
    ? asked
    : ['routerbench', 'routerbench_0shot_1pct', 'messplus3', 'llamachat2', 'math500cascade2', 'routellm', 'zeroeval'];
/** Of those that are learned in minutes on sets of this size; `stack` takes them together. */
const estimators = 'ridge,knn,clusters,mlp,logistic,matrix-factorization,preference,router-dc,mean';

function replay(path: string, flags: readonly string[]): ReplayResult {
  const args = ['bin/pointsman', 'replay', '--train', path, '--json', ...flags];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 29,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (status !== 0) throw new Error(stderr);
  const result: ReplayResult = JSON.parse(stdout);
  return result;
}

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;
const range = ({ value, low, high }: Interval): string => `${signed(value)} (${signed(low)} to ${signed(high)})`;
const bold = (text: string, is: boolean): string => (is ? `**${text}**` : text);

/** AIQ over the zero router where there is cost, else quality over the best single model. */
const lead = ({ cost, top }: RunResult): Interval => cost?.gain ?? top.gainOverBestSingle;

function table(name: string, results: readonly ReplayResult[]): string {
  const [first] = results;
  if (first === undefined) return '';
  const runs = [...new Map(results.flatMap(({ runs: each }) => each.map((run) => [run.label, run]))).values()];
  runs.sort((a, b) => lead(b).value - lead(a).value);
  const { baselines, train, test, models } = first;
  const { hasCost, zero, bestSingle, oracle } = baselines;
  const saved = (run: RunResult): string => {
    const saving = run.cost?.savings[1]?.saved ?? null;
    return saving === null ? '-' : `${(saving * 100).toFixed(0)} %`;
  };
  return [
    `### ${name}`,
    '',
    `${train.rows} rows train, ${test.rows} test, ${models.length} models. ` +
      `Best single ${bestSingle.quality.toFixed(4)} (${bestSingle.model}), oracle ${oracle.quality.toFixed(4)}` +
      `${zero === null ? '' : `, zero router ${zero.aiq.value.toFixed(4)}`}.`,
    '',
    hasCost
      ? '| router | AIQ | AIQ − zero (95 %) | best quality | saves at 99 % of the best single |'
      : '| router | quality | − best single (95 %) |',
    hasCost ? '|---|---|---|---|---|' : '|---|---|---|',
    ...runs.map((run) => {
      const gain = bold(range(lead(run)), lead(run).low > 0);
      const quality = run.top.point.quality.toFixed(4);
      return hasCost
        ? `| ${run.label} | ${run.cost?.aiq.value.toFixed(4) ?? '-'} | ${gain} | ${quality} | ${saved(run)} |`
        : `| ${run.label} | ${quality} | ${gain} |`;
    }),
  ].join('\n');
}

const tables: string[] = [];
for (const name of sets) {
  const path = join(shared, name);
  if (!existsSync(path)) {
    console.error(`skipped: ${name} is not there; POINTSMAN_SHARED_DATA names the folder of the data sets`);
    continue;
  }
  const started = performance.now();
  const results = [
    replay(path, ['--policy', 'all', '--estimator', 'ridge']),
    replay(path, ['--policy', 'cost-aware', '--estimator', estimators]),
  ];
  tables.push(table(name, results));
  console.error(`${name}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
}
const text = `${tables.join('\n\n')}\n\n${provenance('npm run build && npx tsx bench/league.ts --write')}`;
console.log(text);
if (process.argv.includes('--write')) writeBetween('league.md', 'bench/league.ts', text);
