import { fileURLToPath } from 'node:url';
import type { Contender } from './contenders.ts';
import type { Dataset } from './datasets/dataset.ts';
import type { EmbeddedDataset } from './embedded.ts';
import type { Fitted } from './fitted.ts';
import { prepareSplit, type SplitSetting } from './prepare-split.ts';
import type { Split } from './splits.ts';
import type { ContenderSweep } from './sweep-contender.ts';
import { createSweeper } from './sweep-threads.ts';
import { createThreadPool, isBuilt, shareDoubles, shareFloats, threadsOf } from './threads.ts';

type PolicyContender = Extract<Contender, { readonly type: 'policy' }>;

/** What every thread is started with: the rows of all splits, and what to do on each. */
export interface SplitWorkerData {
  readonly embedded: EmbeddedDataset;
  readonly names: readonly string[];
  readonly contenders: readonly PolicyContender[];
  readonly setting: Pick<SplitSetting, 'folds' | 'seed' | 'lambdas'> & {
    readonly embedder: { readonly id: string; readonly dimensions: number };
    /** For each of the threads to work on. */
    readonly threads: number;
  };
}

const workerFile = fileURLToPath(new URL('./split-worker.js', import.meta.url));
/** Below this many numbers in the rows a thread costs more than it saves. */
const worthwhile = 200_000;

/**
 * Every contender on every split: [contenders][splits]. Where there are several splits and threads, each split is
 * fitted and routed by a thread of its own; what comes from outside runs after that in this one, alone, so that its
 * times are its own. The result is the same with any number of threads. Rejects as `prepareSplit` and `sweepContender`
 * do, for the first split that fails.
 *
 * @param fitted estimators to fit on each split, or some that were fitted before.
 */
export async function sweepSplits(
  contenders: readonly Contender[],
  splits: readonly Split[],
  embedded: EmbeddedDataset,
  fitted: readonly string[] | ReadonlyMap<string, Fitted>,
  setting: SplitSetting,
): Promise<readonly (readonly ContenderSweep[])[]> {
  const policies = contenders.filter((each) => each.type === 'policy');
  const lanes = Math.min(threadsOf(setting.threads), splits.length);
  const isWorthwhile = setting.threads !== null || embedded.embeddings.length >= worthwhile;
  const inThreads = isBuilt && setting.own && lanes > 1 && policies.length > 0 && isWorthwhile;
  const elsewhere =
    inThreads && isNames(fitted) ? await splitsInThreads(policies, splits, embedded, fitted, lanes, setting) : null;
  const here = elsewhere === null ? contenders : contenders.filter(({ type }) => type !== 'policy');
  const sweeps = contenders.map((): ContenderSweep[] => []);
  const sweeper = createSweeper(setting.threads);
  try {
    for (const [i, split] of splits.entries()) {
      const done = new Map<Contender, ContenderSweep>(
        policies.flatMap((contender, p): [Contender, ContenderSweep][] => {
          const swept = elsewhere?.[i]?.[p];
          return swept === undefined ? [] : [[contender, swept]];
        }),
      );
      if (here.length > 0) {
        const bed = await prepareSplit(embedded, split, elsewhere === null ? fitted : [], setting);
        (await sweeper.sweep(here, bed)).forEach((swept, h) => {
          const contender = here[h];
          if (contender !== undefined) done.set(contender, swept);
        });
      }
      contenders.forEach((contender, c) => {
        const swept = done.get(contender);
        if (swept !== undefined) sweeps[c]?.push(swept);
      });
    }
  } finally {
    await sweeper.close();
  }
  return sweeps;
}

const isNames = (fitted: readonly string[] | ReadonlyMap<string, Fitted>): fitted is readonly string[] =>
  Array.isArray(fitted);

/** [splits][contenders] */
async function splitsInThreads(
  contenders: readonly PolicyContender[],
  splits: readonly Split[],
  embedded: EmbeddedDataset,
  names: readonly string[],
  lanes: number,
  { threads, embedder, folds, seed, lambdas, onProgress }: SplitSetting,
): Promise<readonly (readonly ContenderSweep[])[]> {
  const { id, dimensions } = embedder;
  const workerData: SplitWorkerData = {
    embedded: sharedRows(embedded),
    names,
    contenders,
    setting: {
      folds,
      seed,
      lambdas,
      embedder: { id, dimensions },
      threads: Math.max(1, Math.floor(threadsOf(threads) / lanes)),
    },
  };
  const pool = createThreadPool<Split, readonly ContenderSweep[]>(workerFile, lanes, workerData);
  const steps = splits.map(() => 0);
  const total = splits.length * (names.length + contenders.length);
  try {
    const all = await Promise.allSettled(
      splits.map((split, i) =>
        pool.run(split, (done) => {
          steps[i] = done;
          const what = `${splits.length} splits`;
          onProgress({ stage: 'fit', what, done: steps.reduce((sum, each) => sum + each, 0), total });
        }),
      ),
    );
    return all.map((each) => {
      if (each.status === 'rejected') throw each.reason;
      return each.value;
    });
  } finally {
    await pool.close();
  }
}

/** Numbers are shared by all threads; of the texts they get those by which folds are made. */
function sharedRows({ dataset, dimensions, embeddings, promptTokens }: EmbeddedDataset): EmbeddedDataset {
  const { name, models, embeddedText, sampleIds, texts, quality, costUsd } = dataset;
  const shared: Dataset = {
    name,
    models,
    embeddedText,
    sources: [],
    warnings: [],
    sampleIds,
    prompts: [],
    texts,
    groups: [],
    quality: shareDoubles(quality),
    costUsd: costUsd === null ? null : shareDoubles(costUsd),
  };
  return {
    dataset: shared,
    dimensions,
    embeddings: shareFloats(embeddings),
    promptTokens: shareDoubles(promptTokens),
  };
}
