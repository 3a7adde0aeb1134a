import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { EstimatorDefinition } from '../core/estimator.ts';
import { PointsmanError, type ErrorCode } from '../core/errors.ts';
import { crossPredict, type Setting } from './cross-predict.ts';
import type { Folded } from './folded.ts';

/** What a worker is asked. */
export interface FoldJob {
  readonly fold: number;
  readonly settings: readonly Setting[];
}

/** What it answers. */
export type FoldAnswer =
  | { readonly type: 'predictions'; readonly predictions: readonly Float64Array[] }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };

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
/** A worker loads what was built; from source (in tests) there is nothing that it could load. */
const isBuilt = import.meta.url.endsWith('.js');
/** Each thread holds an estimator and a copy of the training rows. */
const mostThreads = 4;

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
  const wanted = options.threads ?? Math.min(mostThreads, availableParallelism());
  if (!isBuilt || !own || wanted < 2 || folded.embeddings.length < worthwhile) {
    return {
      threads: 1,
      predict: async ({ fold, settings }) => crossPredict(folded, fold, definition, settings),
      close: async () => undefined,
    };
  }
  const workerData: FoldWorkerData = { estimator: name, folded };
  const workers = Array.from({ length: wanted }, () => new Worker(workerFile, { workerData }));
  const idle = [...workers];
  const waiting: ((worker: Worker) => void)[] = [];
  return {
    threads: wanted,
    async predict(job) {
      const worker = idle.pop() ?? (await new Promise<Worker>((take) => waiting.push(take)));
      try {
        return await ask(worker, job);
      } finally {
        const next = waiting.shift();
        if (next === undefined) idle.push(worker);
        else next(worker);
      }
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function ask(worker: Worker, job: FoldJob): Promise<readonly Float64Array[]> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      worker.off('message', onMessage);
      worker.off('error', onError);
    };
    const onMessage = (answer: FoldAnswer): void => {
      done();
      if (answer.type === 'predictions') resolve(answer.predictions);
      else reject(new PointsmanError(answer.code, answer.message));
    };
    const onError = (cause: Error): void => {
      done();
      reject(new PointsmanError('internal_error', `A thread that predicts folds died: ${cause.message}.`, { cause }));
    };
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.postMessage(job, []);
  });
}
