import { fileURLToPath } from 'node:url';
import type { State } from '../core/state.ts';
import type { Contender, PolicyToReplay } from './contenders.ts';
import { sweepContender, type ContenderSweep, type SplitBed } from './sweep-contender.ts';
import { createThreadPool, isBuilt, shareDoubles, shareFloats, threadsOf } from './threads.ts';
import type { Tuned } from './tune.ts';

/** What a thread is asked: one policy on one split, in numbers alone. N rows, M models, D dimensions. */
export interface SweepJob {
  readonly policy: PolicyToReplay;
  readonly estimator: {
    readonly name: string;
    readonly tuned: Tuned;
    readonly quality: State;
    readonly cost: State | null;
  } | null;
  readonly embedder: { readonly id: string; readonly dimensions: number };
  readonly seed: string;
  readonly lambdas: Float64Array;
  readonly whole: JobRows;
  readonly test: JobRows & {
    readonly dimensions: number;
    readonly sampleIds: readonly string[];
    /** [N x D] */
    readonly embeddings: Float32Array;
    /** [N] */
    readonly promptTokens: Float64Array;
  };
}

interface JobRows {
  readonly models: readonly string[];
  readonly rows: number;
  /** [N x M] */
  readonly quality: Float64Array;
  readonly costUsd: Float64Array | null;
}

/** `fitted` stays with who asked. */
export type Swept = Omit<ContenderSweep, 'fitted'>;
const workerFile = fileURLToPath(new URL('./sweep-worker.js', import.meta.url));
/** Below this many numbers in the test rows a thread costs more than it saves. */
const worthwhile = 200_000;

/** Runs contenders on one split after another. */
export interface Sweeper {
  /**
   * Every contender, in their order. Policies of the catalogue run side by side, a thread each; what comes from outside
   * runs after them, alone, so that its times are its own. Rejects as `sweepContender`.
   */
  sweep(contenders: readonly Contender[], bed: SplitBed): Promise<readonly ContenderSweep[]>;
  close(): Promise<void>;
}

/**
 * The result is the same with any number of threads.
 *
 * @param threads null: as the machine allows, where it pays.
 */
export function createSweeper(threads: number | null): Sweeper {
  const lanes = threadsOf(threads);
  const pool = createThreadPool<SweepJob, Swept>(workerFile, lanes);
  const inThreads = (policies: readonly Contender[], bed: SplitBed): boolean =>
    isBuilt &&
    bed.own &&
    lanes > 1 &&
    policies.length > 1 &&
    (threads !== null || bed.test.embeddings.length >= worthwhile);
  return {
    async sweep(contenders, bed) {
      const swept = new Map<Contender, ContenderSweep>();
      const policies = contenders.filter((each) => each.type === 'policy');
      if (inThreads(policies, bed)) {
        const jobOf = jobsFor(bed);
        const run = async (contender: (typeof policies)[number]): Promise<void> => {
          const fitted = contender.estimator === null ? null : (bed.fitted.get(contender.estimator) ?? null);
          const what = `${contender.policy.name}${fitted === null ? '' : ` · ${fitted.name}`}`;
          const answer = await pool.run(jobOf(contender), (done, total) =>
            bed.onProgress({ stage: 'sweep', what, done, total }),
          );
          swept.set(contender, { ...answer, fitted });
        };
        await Promise.all(policies.map(run));
      }
      const all: ContenderSweep[] = [];
      for (const contender of contenders) all.push(swept.get(contender) ?? (await sweepContender(contender, bed)));
      return all;
    },
    close: () => pool.close(),
  };
}

/** Everything that the jobs of a split have in common is shared by them, not copied. */
function jobsFor(bed: SplitBed): (contender: Extract<Contender, { readonly type: 'policy' }>) => SweepJob {
  const { dataset, dimensions, embeddings, promptTokens } = bed.test;
  const rowsOf = ({ models, quality, costUsd, sampleIds }: typeof dataset): JobRows => ({
    models,
    rows: sampleIds.length,
    quality: shareDoubles(quality),
    costUsd: costUsd === null ? null : shareDoubles(costUsd),
  });
  const whole = rowsOf(bed.whole);
  const test = {
    ...rowsOf(dataset),
    dimensions,
    sampleIds: dataset.sampleIds,
    embeddings: shareFloats(embeddings),
    promptTokens: shareDoubles(promptTokens),
  };
  const { id, dimensions: width } = bed.embedder;
  const { seed, lambdas } = bed;
  return ({ policy, estimator }) => {
    const fitted = estimator === null ? undefined : bed.fitted.get(estimator);
    return {
      policy,
      estimator:
        fitted === undefined
          ? null
          : {
              name: fitted.name,
              tuned: fitted.tuned,
              quality: fitted.quality.save(),
              cost: fitted.cost?.save() ?? null,
            },
      embedder: { id, dimensions: width },
      seed,
      lambdas,
      whole,
      test,
    };
  };
}
