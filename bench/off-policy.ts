import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '../src/core/random.ts';
import { collectDataset } from '../src/replay/datasets/dataset.ts';
import { openDataset } from '../src/replay/datasets/open-dataset.ts';
import { evaluateOffPolicy } from '../src/replay/off-policy/evaluate-off-policy.ts';
import type { Estimate } from '../src/replay/off-policy/estimate.ts';
import { crossFitMeans } from '../src/replay/off-policy/reward-model.ts';
import { simulateLog, trueValue, type FullMatrix } from '../src/replay/off-policy/simulate-log.ts';

/**
 * How often 95 % intervals of off-policy estimates hold the truth: 200 logs drawn from a full outcome matrix, three
 * seeds, at several lengths and amounts of exploration. The logging policy asks one fixed model of the row's group with
 * 1 - epsilon and any other uniformly; the target asks the group's best model with 90 %.
 * Run: npx tsx bench/off-policy.ts [--write]   (POINTSMAN_SHARED_DATA names the folder that holds `routerbench`)
 */
const root = fileURLToPath(new URL('../', import.meta.url));
const shared = process.env['POINTSMAN_SHARED_DATA'] ?? join(root, '..', 'shared', 'data');
const logs = 200;
const seeds = ['1', '2', '3'];
const names = ['ips', 'snips', 'clipped', 'doublyRobust'] as const;

interface World {
  readonly name: string;
  readonly models: number;
  readonly groups: readonly string[];
  /** [N x M] */
  readonly quality: Float64Array;
}

/** Two policies over a world: what logged, and what is asked about. */
function matrixOf({ models, groups, quality }: World, epsilon: number): FullMatrix {
  const queries = groups.length;
  const best = new Map<string, number>();
  const usual = new Map<string, number>();
  for (const group of new Set(groups)) {
    const means = new Float64Array(models);
    groups.forEach((each, query) => {
      if (each === group)
        for (let m = 0; m < models; m++) means[m] = (means[m] ?? 0) + (quality[query * models + m] ?? 0);
    });
    best.set(group, means.indexOf(Math.max(...means)));
    usual.set(group, usual.size % models);
  }
  const towards = (favourites: ReadonlyMap<string, number>, rest: number): Float64Array =>
    quality.map((_, cell) => {
      const favourite = favourites.get(groups[Math.floor(cell / models)] ?? '');
      return rest / models + (cell % models === favourite ? 1 - rest : 0);
    });
  return { queries, models, reward: quality, logging: towards(usual, epsilon), target: towards(best, 0.1) };
}

function plantedWorld(): World {
  const [queries, models] = [2_000, 4];
  const random = seededRandom('planted');
  const groups = Array.from({ length: queries }, (_, query) => `g${query % 3}`);
  const quality = Float64Array.from({ length: queries * models }, (_, cell) => {
    const [group, m] = [Math.floor(cell / models) % 3, cell % models];
    return random.next() < 0.2 + 0.15 * m + (group === m ? 0.25 : 0) ? 1 : 0;
  });
  return { name: 'planted, 2,000 x 4', models, groups, quality };
}

const worlds = [plantedWorld()];
const folder = join(shared, 'routerbench');
if (existsSync(folder)) {
  const { reader } = await openDataset(folder, 'train');
  const { groups, models, quality } = await collectDataset(reader);
  worlds.push({
    name: `RouterBench train, ${groups.length} x ${models.length}`,
    models: models.length,
    groups,
    quality,
  });
} else {
  console.error(`skipped: routerbench is not there; POINTSMAN_SHARED_DATA names the folder of the data sets`);
}

const percent = (share: number): string => (share * 100).toFixed(1);
const lines = [
  `| matrix | log | epsilon | truth | effective sample | ${names.map((name) => `${name} covers % (half width)`).join(' | ')} |`,
  `|---|---|---|---|---|${names.map(() => '---|').join('')}`,
];
for (const world of worlds) {
  for (const [length, epsilon] of [
    [500, 0.5],
    [2_000, 0.5],
    [2_000, 0.2],
    [2_000, 0.05],
  ] as const) {
    const matrix = matrixOf(world, epsilon);
    const truth = trueValue(matrix);
    const covered = new Map(names.map((name) => [name, seeds.map(() => 0)]));
    const halfWidth = new Map(names.map((name) => [name, 0]));
    let effective = 0;
    seeds.forEach((seed, s) => {
      for (let run = 0; run < logs; run++) {
        const { log, target, rows } = simulateLog(matrix, length, seededRandom(`${seed}:${run}`));
        const groups = Array.from(rows, (row) => world.groups[row] ?? '');
        const model = crossFitMeans(log, groups, { folds: 5, seed: `${seed}:${run}` });
        const result = evaluateOffPolicy(log, target, { model });
        if (result.type !== 'estimate') throw new Error(result.reason);
        effective += result.effectiveSampleSize / (logs * seeds.length);
        for (const name of names) {
          const estimate: Estimate | null = result[name];
          if (estimate === null) continue;
          const counts = covered.get(name) ?? [];
          if (estimate.low <= truth && truth <= estimate.high) counts[s] = (counts[s] ?? 0) + 1;
          const half = (estimate.high - estimate.low) / 2 / (logs * seeds.length);
          halfWidth.set(name, (halfWidth.get(name) ?? 0) + half);
        }
      }
    });
    const cells = names.map((name) => {
      const shares = (covered.get(name) ?? []).map((count) => percent(count / logs));
      return `${shares.join(', ')} (${(halfWidth.get(name) ?? 0).toFixed(3)})`;
    });
    lines.push(
      `| ${world.name} | ${length} | ${epsilon} | ${truth.toFixed(4)} | ${effective.toFixed(0)} | ${cells.join(' | ')} |`,
    );
  }
}
const table = lines.join('\n');
console.log(table);

if (process.argv.includes('--write')) {
  const path = join(root, 'docs', 'metrics.md');
  const [begin, end] = ['<!-- written by bench/off-policy.ts -->', '<!-- end of bench/off-policy.ts -->'];
  const text = readFileSync(path, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/metrics.md has no "${begin}" ... "${end}"`);
  writeFileSync(path, `${text.slice(0, from + begin.length)}\n${table}\n${text.slice(to)}`);
}
