/**
 * How long replay's heavy steps take on a table of RouterBench's size (see routerbench-size.ts), caches off: hashing
 * embeddings of all rows, 200 trade-offs of a fitted ridge, and knn (k = 100) five-fold over all rows, beside
 * scikit-learn's brute-force cosine NearestNeighbors on the same vectors and folds where a python3 has it.
 *
 *     npm run build && node --import tsx bench/replay-speed.ts [--rows 36497] [--runs 3] [--write]
 *
 * The steps run from dist/, as the command runs them: threads load nothing else. Runs of both alternate.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { collectDataset, rowCount } from '../src/replay/datasets/dataset.ts';
import { openDataset } from '../src/replay/datasets/open-dataset.ts';
import type * as Embedded from '../src/replay/embedded.ts';
import type * as FoldPool from '../src/replay/fold-pool.ts';
import type * as Folded from '../src/replay/folded.ts';
import type * as Replay from '../src/replay/replay.ts';
import type * as Catalogue from '../src/routing/catalogue.ts';
import type * as Options from '../src/routing/options.ts';
import type * as Fitted from '../src/replay/fitted.ts';
import type * as RouteOf from '../src/replay/route-of.ts';
import type * as Sweep from '../src/replay/policy-sweep.ts';
import { benchFolder, fullRows, tableFile } from './routerbench-size.ts';
import { median, provenance, writeBetween } from './write-table.ts';

const built = (path: string): string => new URL(`../dist/${path}.js`, import.meta.url).href;
if (!existsSync(new URL('../dist/replay/fold-pool.js', import.meta.url))) throw new Error('Run npm run build first.');
const { embedDataset, trainingRows }: typeof Embedded = await import(built('replay/embedded'));
const { createFoldPool }: typeof FoldPool = await import(built('replay/fold-pool'));
const { foldRows }: typeof Folded = await import(built('replay/folded'));
const { defaultEmbedder }: typeof Replay = await import(built('replay/replay'));
const { loadCatalogue }: typeof Catalogue = await import(built('routing/catalogue'));
const { checkOptions }: typeof Options = await import(built('routing/options'));
const { slotsOf }: typeof Fitted = await import(built('replay/fitted'));
const { routeOf }: typeof RouteOf = await import(built('replay/route-of'));
const { predictRows, sweepPolicy }: typeof Sweep = await import(built('replay/policy-sweep'));

const flag = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const rows = flag('--rows', fullRows);
const runs = flag('--runs', 3);
const k = 100;
const folds = 5;
const tradeOffs = 200;
const quiet = (): void => undefined;

/** Time on the clock and of all our threads; on a machine with other work the two tell how much of it was waiting. */
interface Times {
  readonly ms: number;
  readonly cpuMs: number;
}

async function timed<T>(work: () => T | Promise<T>): Promise<{ readonly times: Times; readonly result: T }> {
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  const result = await work();
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  const { user, system } = process.cpuUsage(cpu);
  return { times: { ms, cpuMs: (user + system) / 1e3 }, result };
}

/** Float32 or int32 as numpy keeps them. */
function writeNpy(path: string, values: Float32Array | Int32Array, shape: readonly number[]): void {
  const type = values instanceof Float32Array ? '<f4' : '<i4';
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const head = Buffer.from(`${text.padEnd(117)}\n`);
  const magic = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, head.length & 255, head.length >> 8]);
  writeFileSync(path, Buffer.concat([magic, head, Buffer.from(values.buffer, values.byteOffset, values.byteLength)]));
}

const peerScript = `
import sys, time, numpy
from sklearn.neighbors import NearestNeighbors
vectors, folds = numpy.load(sys.argv[1]), numpy.load(sys.argv[2])
start, cpu = time.perf_counter(), time.process_time()
for fold in range(folds.max() + 1):
    held = folds == fold
    search = NearestNeighbors(n_neighbors=${k}, algorithm='brute', metric='cosine').fit(vectors[~held])
    search.kneighbors(vectors[held], return_distance=True)
print((time.perf_counter() - start) * 1000, (time.process_time() - cpu) * 1000)
`;

const dataset = await collectDataset((await openDataset(await tableFile(rows, 'csv.gz'), 'all')).reader);
const catalogue = await loadCatalogue();
const definitionOf = (name: string) => {
  const definition = catalogue.estimators.get(name);
  if (definition === undefined) throw new Error(`There is no estimator ${name}.`);
  return definition;
};

const embedder = defaultEmbedder();
const embedding: Times[] = [];
let embedded = await embedDataset(dataset, embedder, quiet);
for (let run = 0; run < runs; run++) {
  const { times, result } = await timed(() => embedDataset(dataset, embedder, quiet));
  embedding.push(times);
  embedded = result;
}

const ridge = definitionOf('ridge');
const fit = (quantity: 'quality' | 'cost') => {
  const estimator = ridge.create(checkOptions('ridge', ridge.options, {}, 'ridge'), {
    quantity,
    dimensions: embedder.dimensions,
  });
  const known = trainingRows(embedded, quantity);
  if (known === null) throw new Error('The table has no cost.');
  estimator.fit(known);
  return estimator;
};
const tuned = { quality: {}, cost: {}, score: 0, criterion: 'none', trials: [] };
const fitted = { name: 'ridge', definition: ridge, tuned, quality: fit('quality'), cost: fit('cost') };
const route = routeOf({
  policy: { name: 'cost-aware' },
  models: dataset.models,
  slots: slotsOf(fitted, embedder),
  train: dataset,
  embedder,
  seed: '0',
  catalogue,
});
const values = Float64Array.from({ length: tradeOffs }, (_, i) => (i === 0 ? 0 : 0.1 * 10 ** ((6 * i) / tradeOffs)));
const predicting: Times[] = [];
const sweeping: Times[] = [];
for (let run = 0; run < runs; run++) {
  const predicted = await timed(() => predictRows(route, embedded));
  predicting.push(predicted.times);
  const options = { axis: { type: 'lambda', values }, seed: '0', isPlainArgmax: true, onStep: quiet } as const;
  sweeping.push((await timed(() => sweepPolicy(route, dataset, predicted.result, options))).times);
}

const folded = foldRows(embedded, folds, 'bench');
const knn = definitionOf('knn');
const setting: unknown = checkOptions('knn', knn.options, { k, max_rows: rows }, 'knn');
const settings = [{ quantity: 'quality', options: Object.fromEntries(Object.entries(Object(setting))) }] as const;
const vectorFile = join(benchFolder(), 'vectors.npy');
const foldFile = join(benchFolder(), 'folds.npy');
writeNpy(vectorFile, folded.embeddings, [rowCount(dataset), folded.dimensions]);
const foldOf = Int32Array.from({ length: rows }, (_, row) => folded.starts.findLastIndex((start) => start <= row));
writeNpy(foldFile, foldOf, [rows]);
const python = ['python3', '/usr/bin/python3'].find((each) => spawnSync(each, ['-c', 'import sklearn']).status === 0);
const ours: Times[] = [];
const theirs: Times[] = [];
for (let run = 0; run < runs; run++) {
  const { times } = await timed(async () => {
    const pool = createFoldPool({ name: 'knn', definition: knn, folded, own: true, threads: null });
    try {
      await Promise.all(Array.from({ length: folds }, (_, fold) => pool.predict({ fold, settings })));
    } finally {
      await pool.close();
    }
  });
  ours.push(times);
  if (python === undefined) continue;
  const peer = spawnSync(python, ['-c', peerScript, vectorFile, foldFile], { encoding: 'utf8' });
  if (peer.status !== 0) throw new Error(peer.stderr);
  const [ms = Number.NaN, cpuMs = Number.NaN] = peer.stdout.trim().split(' ').map(Number);
  theirs.push({ ms, cpuMs });
}

const seconds = (ms: number): string => (ms / 1000).toFixed(2);
const clock = (times: readonly Times[]): string => {
  const all = times.map(({ ms }) => ms).sort((a, b) => a - b);
  return `${seconds(median(all))} s (${seconds(all[0] ?? Number.NaN)} to ${seconds(all.at(-1) ?? Number.NaN)})`;
};
const cpu = (times: readonly Times[]): string => `${seconds(median(times.map(({ cpuMs }) => cpuMs)))} s`;
const ratio = median(ours.map(({ ms }, run) => ms / (theirs[run]?.ms ?? Number.NaN)));
const row = (what: string, times: readonly Times[]): string => `| ${what} | ${clock(times)} | ${cpu(times)} |`;
const lines = [
  '| step | on the clock, median | CPU of all threads |',
  '|---|---|---|',
  row(`hashing embeddings of ${rows} texts, ${embedder.dimensions} dimensions`, embedding),
  row(`predictions of a fitted ridge, quality and cost, ${rows} x ${dataset.models.length}`, predicting),
  row(`${tradeOffs} trade-offs of those predictions`, sweeping),
  row(`knn, k = ${k}, five-fold over all rows, fitting and the start of threads included`, ours),
  ...(theirs.length === 0 ? [] : [row("scikit-learn's brute-force cosine neighbours of the same folds", theirs)]),
  '',
  theirs.length === 0
    ? 'scikit-learn was skipped: no python3 here has it.'
    : `knn takes ${ratio.toFixed(2)} times as long as scikit-learn (median of ${runs} pairs of runs).`,
  '',
  provenance('npm run build && node --import tsx bench/replay-speed.ts --write'),
];
console.log(lines.join('\n'));
if (process.argv.includes('--write')) writeBetween('replay.md', 'bench/replay-speed.ts', lines.join('\n'));
