/**
 * The defaults of the bandits, chosen on training rows alone:
 * `npx tsx bench/online-defaults.ts [TRAIN.csv.gz] [SEEDS] [STEPS]`, default ../shared/data/routerbench/train.csv.gz. 70 % of
 * the rows warm the start, the others are the stream; no row of a test part is read. Worth: (U - random) / (oracle - random)
 * over the last half, mean over lambda 0, 100 and 1,000 and both starts. One setting at a time moves away from the defaults, and
 * the table goes to docs/bandits.md.
 */
import { createHashingEmbedder } from '../src/embedding/hashing.ts';
import { loadRows } from '../src/replay/load-splits.ts';
import { takeRows } from '../src/replay/datasets/dataset.ts';
import { splitPool } from '../src/replay/splits.ts';
import { loadCatalogue } from '../src/routing/catalogue.ts';
import { createOnlineBed, type Named } from '../src/replay/online/bed.ts';
import { meanOver } from '../src/replay/online/measures.ts';
import { createOnlineLab } from '../src/replay/online/online-run.ts';
import { everyLabel } from '../src/replay/online/scenario.ts';
import type { Course } from '../src/replay/online/stream.ts';
import { provenance, writeBetween } from './write-table.ts';

const [path = '../shared/data/routerbench/train.csv.gz', seedText = '3', stepText = '4000'] = process.argv.slice(2);
const seeds = Number(seedText);
const steps = Number(stepText);
const nothing = (): void => undefined;
const protocol = { type: 'hash', share: 0.3 } as const;
const loaded = await loadRows({ train: path, test: null, protocol, seed: '0', open: {} }, nothing);
const [split] = splitPool(loaded, protocol, '0');
if (split === undefined) throw new Error('The rows could not be split.');
const part = (rows: readonly number[]) => ({ ...takeRows(loaded.pool, rows), sources: [] });
const bed = await createOnlineBed(part(split.train), part(split.test), {
  catalogue: await loadCatalogue(),
  embedder: createHashingEmbedder({ dimensions: 512 }),
  onProgress: nothing,
});
const lab = createOnlineLab(bed, 'defaults');

/** Of what the best model of every single request is worth over one drawn at random. */
function worth(course: Course): number {
  const { arms, utility, random } = course;
  const half = Math.floor(utility.length / 2);
  const oracle = Float64Array.from(utility, (_, step) => {
    let best = -Infinity;
    for (let m = 0; m < arms.ways; m++) best = Math.max(best, arms.values[m * arms.queries + step] ?? -Infinity);
    return best;
  });
  return (meanOver(utility, half) - meanOver(random, half)) / (meanOver(oracle, half) - meanOver(random, half));
}

/** Each row once, which is what traffic is like; and repeated, as in `bench/online.ts`, where remembering pays. */
const courses = [
  { steps: split.test.length, seeds: 3 * seeds },
  { steps, seeds },
] as const;

function measure(policy: Named, estimator: Named, course: (typeof courses)[number]): string {
  const values: number[] = [];
  for (const start of ['warm', 'cold'] as const) {
    for (const lambda of [0, 100, 1000]) {
      const scenario = { steps: course.steps, order: 'random', feedback: everyLabel, events: [] } as const;
      values.push(...lab.run({ policy, estimator, start, scenario, lambda, epsilon: 0, seeds: course.seeds }, worth));
    }
  }
  return (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(3);
}

const lines = ['| policy | setting | worth, each row once | worth, rows repeated |', '|---|---|---|---|'];
const row = (policy: Named, setting: string, estimator: Named): void => {
  const figures = courses.map((course) => measure(policy, estimator, course));
  const line = `| ${policy.name} | ${setting} | ${figures.join(' | ')} |`;
  process.stdout.write(`${line}\n`);
  lines.push(line);
};
const linear = (options: Record<string, unknown> = {}): Named => ({ name: 'linear-bayes', options });
const linucb = (options: Record<string, unknown> = {}): Named => ({ name: 'linucb', options });
const thompson = (options: Record<string, unknown> = {}): Named => ({ name: 'linear-thompson', options });

row(linucb(), 'defaults', linear());
row(linucb({ alpha: 2 }), 'alpha 2, linear-bayes alpha 3', linear({ alpha: 3 }));
for (const alpha of [0.25, 0.5, 2]) row(linucb({ alpha }), `alpha ${alpha}`, linear());
for (const scale of [0.25, 0.5, 1, 2]) row(thompson({ scale }), `scale ${scale}`, linear());
for (const alpha of [3, 30]) row(linucb(), `linear-bayes alpha ${alpha}`, linear({ alpha }));
for (const components of [16, 64]) row(linucb(), `linear-bayes components ${components}`, linear({ components }));
for (const seed_strength of [300, 3000]) {
  row(linucb(), `linear-bayes seed_strength ${seed_strength}`, linear({ seed_strength }));
}
writeBetween(
  'bandits.md',
  'bench/online-defaults.ts',
  `${lines.join('\n')}\n\n${loaded.pool.models.length} models, ${split.train.length} rows to start from, ${split.test.length} in the stream; ${3 * seeds} seeds of each row once, ${seeds} of ${steps} steps. ` +
    provenance('npx tsx bench/online-defaults.ts'),
);
