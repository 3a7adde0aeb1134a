import { fileURLToPath } from 'node:url';
import type { EstimatorDefinition } from '../core/estimator.ts';
import { crossPredict, type Setting } from './cross-predict.ts';
import type { Folded } from './folded.ts';
import { createThreadPool, isBuilt, threadsOf } from './threads.ts';

/** What a worker is asked. */
export interface FoldJob {
  readonly fold: number;
  readonly settings: readonly Setting[];
}

/** What it is started with. */
export interface FoldWorkerData {
  readonly estimator: string;
  readonly folded: Folded;
}

/** Predicts folds, on as many threads as it has; the answers are the same with any number. */
export interface FoldPool {
  readonly threads: number;
  /** Rejects as the estimator does. */
  predict(job: FoldJob): Promise<readonly Float64Array[]>;
  close(): Promise<void>;
}

const workerFile = fileURLToPath(new URL('./fold-worker.js', import.meta.url));

export interface FoldPoolOptions {
  readonly name: string;
  readonly definition: EstimatorDefinition;
  readonly folded: Folded;
  /** True where `definition` is the one that a thread finds in Pointsman's own catalogue under `name`. */
  readonly own: boolean;
  /** Null: as many as the machine has cores, up to 4. */
  readonly threads: number | null;
}

/** Threads pay where the work is long: below this many numbers in the training rows it runs in this one. */
const worthwhile = 200_000;

export function createFoldPool(options: FoldPoolOptions): FoldPool {
  const { name, definition, folded, own } = options;
  const wanted = threadsOf(options.threads);
  if (!isBuilt || !own || wanted < 2 || folded.embeddings.length < worthwhile) {
    return {
      threads: 1,
      predict: async ({ fold, settings }) => crossPredict(folded, fold, definition, settings),
      close: async () => undefined,
    };
  }
  const workerData: FoldWorkerData = { estimator: name, folded };
  const pool = createThreadPool<FoldJob, readonly Float64Array[]>(workerFile, wanted, workerData);
  return { threads: wanted, predict: (job) => pool.run(job), close: () => pool.close() };
}
