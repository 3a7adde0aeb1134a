import { PointsmanError } from '../core/errors.ts';
import { hash32 } from '../core/random.ts';
import { rowCount, type Dataset } from './datasets/dataset.ts';
import { foldOfRows, placeRows } from './datasets/split.ts';
import type { LoadedRows } from './load-splits.ts';
import type { Protocol } from './protocol.ts';

/** One training part and one test part of the same rows. */
export interface Split {
  /** What sets it apart from its siblings: `fold 2`, an eval name, a model. */
  readonly label: string;
  /** Rows of the pool, ascending. */
  readonly train: readonly number[];
  readonly test: readonly number[];
  /** The model that training knows on `probes` (rows of the pool) only; null: all are known everywhere. */
  readonly newcomer: { readonly model: number; readonly probes: ReadonlySet<number> } | null;
}

/** Throws `invalid_data` where the rows are too few, or of too few eval names, for the protocol. */
export function splitPool({ pool, train, test }: LoadedRows, protocol: Protocol, seed: string): readonly Split[] {
  const split = (label: string, isTest: (row: number) => boolean, isTrain = (row: number) => !isTest(row)): Split => {
    const rows = [...Array(rowCount(pool)).keys()];
    return checked(pool, { label, train: rows.filter(isTrain), test: rows.filter(isTest), newcomer: null });
  };
  switch (protocol.type) {
    case 'file':
      return [checked(pool, { label: 'test', train, test, newcomer: null })];
    case 'hash': {
      const places = placeRows(pool, seed);
      return [split('test', (row) => (places[row] ?? 0) < protocol.share)];
    }
    case 'kfold': {
      const folds = foldOfRows(pool, protocol.folds, `kfold:${seed}`);
      return count(protocol.folds).map((fold) => split(`fold ${fold + 1}`, (row) => folds[row] === fold));
    }
    case 'resplit':
      return count(protocol.times).map((time) => {
        const places = placeRows(pool, `resplit:${time}:${seed}`);
        return split(`split ${time + 1}`, (row) => (places[row] ?? 0) < protocol.share);
      });
    case 'group': {
      const bundles = bundlesOf(pool, protocol.folds, seed);
      return [...bundles].map(([label, names]) => split(label, (row) => names.has(pool.groups[row] ?? '')));
    }
    case 'model': {
      const places = placeRows(pool, `probes:${seed}`);
      const probes = new Set(
        [...train].sort((a, b) => (places[a] ?? 0) - (places[b] ?? 0) || a - b).slice(0, protocol.probes),
      );
      if (pool.models.length < 3) throw tooFew(pool, `${pool.models.length} models; leaving one out needs 3`);
      return pool.models.map((label, model) => checked(pool, { label, train, test, newcomer: { model, probes } }));
    }
    case 'time': {
      const { blocks } = protocol;
      const block = (row: number): number => Math.floor((row * blocks) / rowCount(pool));
      return count(blocks - 1).map((before) =>
        split(
          `block ${before + 2}`,
          (row) => block(row) === before + 1,
          (row) => block(row) <= before,
        ),
      );
    }
    default:
      return protocol satisfies never;
  }
}

const count = (times: number): readonly number[] => [...Array(times).keys()];

/** Eval names one by one, or in bundles of about equal numbers of rows. */
function bundlesOf(pool: Dataset, folds: number | null, seed: string): ReadonlyMap<string, ReadonlySet<string>> {
  const sizes = new Map<string, number>();
  for (const group of pool.groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const names = [...sizes.keys()].sort();
  const wanted = folds ?? names.length;
  if (names.length < 2 || names.length < wanted) {
    throw tooFew(pool, `${names.length} eval names; leaving some out needs ${Math.max(2, wanted)}`);
  }
  if (folds === null) return new Map(names.map((name) => [name, new Set([name])]));
  const bundles = count(folds).map(() => ({ names: new Set<string>(), rows: 0 }));
  const order = names.sort((a, b) => (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0) || hash32(a + seed) - hash32(b + seed));
  for (const name of order) {
    const lightest = bundles.reduce((least, each) => (each.rows < least.rows ? each : least));
    lightest.names.add(name);
    lightest.rows += sizes.get(name) ?? 0;
  }
  return new Map(
    bundles.map((bundle, i) => [`bundle ${i + 1} (${[...bundle.names].sort().join(', ')})`, bundle.names]),
  );
}

function checked(pool: Dataset, split: Split): Split {
  if (split.train.length > 0 && split.test.length > 0) return split;
  throw tooFew(
    pool,
    `${rowCount(pool)} rows, which leaves "${split.label}" without ${split.test.length === 0 ? 'test' : 'training'} rows`,
  );
}

const tooFew = (pool: Dataset, what: string): PointsmanError =>
  new PointsmanError('invalid_data', `${pool.sources[0]?.name ?? pool.name}: it has ${what}; choose another protocol.`);
