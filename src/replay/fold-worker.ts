import { workerData } from 'node:worker_threads';
import { crossPredict } from './cross-predict.ts';
import type { FoldJob, FoldWorkerData } from './fold-pool.ts';
import { ownEstimator } from './own-estimator.ts';
import { serveTasks } from './serve-tasks.ts';

/** A thread of `fold-pool.ts`: nothing else starts it, so what it is sent is what that file's types say. */
const started: FoldWorkerData = workerData;
const { estimator, folded } = started;
const definition = await ownEstimator(estimator);

serveTasks(
  ({ fold, settings }: FoldJob) => crossPredict(folded, fold, definition, settings),
  (predictions) => predictions.map(({ buffer }) => buffer),
);
