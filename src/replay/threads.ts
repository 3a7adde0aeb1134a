import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { messageOf, PointsmanError, type ErrorCode } from '../core/errors.ts';

/** A worker loads what was built; from source (in tests) there is nothing that it could load. */
export const isBuilt = import.meta.url.endsWith('.js');
/** Each thread holds rows, estimators or texts of its own. */
const mostThreads = 4;

/** @param asked null: as many as the machine has cores, up to 4. */
export const threadsOf = (asked: number | null): number => asked ?? Math.min(mostThreads, availableParallelism());

/** A copy that threads read without copying it again. */
export function shareFloats(source: Float32Array): Float32Array {
  const shared = new Float32Array(new SharedArrayBuffer(source.byteLength));
  shared.set(source);
  return shared;
}

export function shareDoubles(source: Float64Array): Float64Array {
  const shared = new Float64Array(new SharedArrayBuffer(source.byteLength));
  shared.set(source);
  return shared;
}

/** What a thread says of the task that it was given; `step` any number of times, one of the others at the end. */
export type ThreadSaid<Answer> =
  | { readonly type: 'step'; readonly done: number; readonly total: number }
  | { readonly type: 'answer'; readonly answer: Answer }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };

/** Threads of one kind; each does one task at a time, and keeps what it loaded for the next. */
export interface ThreadPool<Job, Answer> {
  /** Waits for a thread. Rejects as the task does, and with `internal_error` where the thread died. */
  run(job: Job, onStep?: (done: number, total: number) => void): Promise<Answer>;
  close(): Promise<void>;
}

/**
 * Up to `threads` threads of `file`, which hands its tasks to `serveTasks`; started when first wanted.
 *
 * @param workerData what each is started with.
 */
export function createThreadPool<Job, Answer>(
  file: string,
  threads: number,
  workerData: unknown = null,
): ThreadPool<Job, Answer> {
  const started: Worker[] = [];
  const idle: Worker[] = [];
  const waiting: ((worker: Worker) => void)[] = [];
  const start = (): Worker => {
    const worker = new Worker(file, { workerData });
    started.push(worker);
    return worker;
  };
  return {
    async run(job, onStep = () => undefined) {
      const worker =
        idle.pop() ?? (started.length < threads ? start() : await new Promise<Worker>((take) => waiting.push(take)));
      try {
        return await ask<Answer>(worker, job, onStep);
      } finally {
        const next = waiting.shift();
        if (next === undefined) idle.push(worker);
        else next(worker);
      }
    },
    async close() {
      await Promise.all(started.map((worker) => worker.terminate()));
    },
  };
}

function ask<Answer>(worker: Worker, job: unknown, onStep: (done: number, total: number) => void): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const died = (cause: unknown): void => {
      done();
      reject(new PointsmanError('internal_error', `A thread of the replay died: ${messageOf(cause)}.`, { cause }));
    };
    const exited = (code: number): void => died(new Error(`exit code ${code}`));
    const heard = (said: ThreadSaid<Answer>): void => {
      switch (said.type) {
        case 'step':
          return onStep(said.done, said.total);
        case 'answer':
          done();
          return resolve(said.answer);
        case 'failed':
          done();
          return reject(new PointsmanError(said.code, said.message));
        default:
          said satisfies never;
      }
    };
    const done = (): void => void worker.off('message', heard).off('error', died).off('exit', exited);
    worker.on('message', heard).on('error', died).on('exit', exited);
    worker.postMessage(job, []);
  });
}
