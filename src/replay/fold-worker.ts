import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, PointsmanError } from '../core/errors.ts';
import { loadCatalogue } from '../routing/catalogue.ts';
import { crossPredict } from './cross-predict.ts';
import { estimatorNamed } from './fitted.ts';
import type { FoldAnswer, FoldJob, FoldWorkerData } from './fold-pool.ts';

/** A thread of `fold-pool.ts`: nothing else starts it, so what it is sent is what that file's types say. */
const started: FoldWorkerData = workerData;
const { estimator, folded } = started;
const definition = estimatorNamed(await loadCatalogue(), estimator);

parentPort?.on('message', ({ fold, settings }: FoldJob) => {
  const said = answer({ fold, settings });
  const moved = said.type === 'predictions' ? said.predictions.map(({ buffer }) => buffer) : [];
  parentPort?.postMessage(
    said,
    moved.filter((buffer) => buffer instanceof ArrayBuffer),
  );
});

function answer({ fold, settings }: FoldJob): FoldAnswer {
  try {
    return { type: 'predictions', predictions: crossPredict(folded, fold, definition, settings) };
  } catch (thrown) {
    const code = thrown instanceof PointsmanError ? thrown.code : 'internal_error';
    return { type: 'failed', code, message: messageOf(thrown) };
  }
}
