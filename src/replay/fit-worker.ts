import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, PointsmanError } from '../core/errors.ts';
import type { EstimatorDefinition } from '../core/estimator.ts';
import type { FitAnswer, FitJob } from './fit-thread.ts';
import { ownEstimator } from './own-estimator.ts';

/** A thread of `fit-thread.ts`: nothing else starts it, so what it is sent is what that file's types say. */
const { task, name, quantity, options, rows }: FitJob = workerData;

function answer(definition: EstimatorDefinition): FitAnswer {
  try {
    const context = { quantity, dimensions: rows.dimensions };
    if (task === 'alternatives') {
      return { type: 'alternatives', alternatives: definition.alternatives?.(options, context, rows) ?? null };
    }
    const estimator = definition.create(options, context);
    estimator.fit(rows);
    return { type: 'fitted', state: estimator.save() };
  } catch (thrown) {
    const code = thrown instanceof PointsmanError ? thrown.code : 'internal_error';
    return { type: 'failed', code, message: messageOf(thrown) };
  }
}

parentPort?.postMessage(answer(await ownEstimator(name)), []);
