import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { PointsmanError, type ErrorCode } from '../core/errors.ts';
import type { Alternatives, Estimator, EstimatorDefinition, TrainingRows } from '../core/estimator.ts';
import type { State } from '../core/state.ts';
import type { Options } from './cross-predict.ts';
import type { FittedQuantity } from './embedded.ts';

/** What a thread is started with. */
export interface FitJob {
  readonly task: 'fit' | 'alternatives';
  /** In Pointsman's own catalogue. */
  readonly name: string;
  readonly quantity: FittedQuantity;
  readonly options: Options;
  readonly rows: TrainingRows;
}

/** What it answers before it ends. */
export type FitAnswer =
  | { readonly type: 'fitted'; readonly state: State }
  | { readonly type: 'alternatives'; readonly alternatives: Alternatives | null }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };

export interface FitPlan {
  readonly name: string;
  readonly definition: EstimatorDefinition;
  /** The definition is Pointsman's own: a thread finds it by its name. */
  readonly own: boolean;
  /** Null: as the machine allows. The result is the same with any number. */
  readonly threads: number | null;
}

/** One quantity: with which options, from which rows. */
export type FitWhat = Pick<FitJob, 'quantity' | 'options' | 'rows'>;

const workerFile = fileURLToPath(new URL('./fit-worker.js', import.meta.url));
/** A worker loads what was built; from source (in tests) there is nothing that it could load. */
const isBuilt = import.meta.url.endsWith('.js');
/** Below this many numbers in the rows a thread costs more than it saves. */
const worthwhile = 200_000;

/** Fits an estimator for each quantity, side by side where there are threads. Rejects as the estimator does. */
export function fitEach(what: readonly FitWhat[], plan: FitPlan): Promise<readonly Estimator[]> {
  const { definition } = plan;
  return Promise.all(
    what.map(async (each) => {
      const { quantity, options, rows } = each;
      const estimator = definition.create(options, { quantity, dimensions: rows.dimensions });
      if (!inThreads(what, plan)) {
        estimator.fit(rows);
        return estimator;
      }
      const said = await ask({ ...each, task: 'fit', name: plan.name });
      if (said.type !== 'fitted') throw new PointsmanError('internal_error', 'A thread that fits did something else.');
      estimator.load(said.state);
      return estimator;
    }),
  );
}

/** What there is to choose from for each quantity; null where there are too few rows. Rejects as the estimator does. */
export function alternativesOfEach(what: readonly FitWhat[], plan: FitPlan): Promise<readonly (Alternatives | null)[]> {
  const { definition } = plan;
  return Promise.all(
    what.map(async (each) => {
      const { quantity, options, rows } = each;
      if (!inThreads(what, plan)) {
        return definition.alternatives?.(options, { quantity, dimensions: rows.dimensions }, rows) ?? null;
      }
      const said = await ask({ ...each, task: 'alternatives', name: plan.name });
      return said.type === 'alternatives' ? said.alternatives : null;
    }),
  );
}

function inThreads(what: readonly FitWhat[], { own, threads }: FitPlan): boolean {
  const size = what.reduce((sum, { rows }) => sum + rows.embeddings.length, 0);
  return isBuilt && own && (threads ?? availableParallelism()) > 1 && size >= worthwhile;
}

function ask(job: FitJob): Promise<Exclude<FitAnswer, { readonly type: 'failed' }>> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(workerFile, { workerData: job });
    const died = (why: string, cause?: unknown): void =>
      reject(new PointsmanError('internal_error', `A thread that fits estimators died: ${why}.`, { cause }));
    worker.once('message', (answer: FitAnswer) => {
      if (answer.type === 'failed') reject(new PointsmanError(answer.code, answer.message));
      else resolve(answer);
    });
    worker.once('error', (cause) => died(String(cause), cause));
    worker.once('exit', (code) => died(`exit code ${code}`));
  });
}
