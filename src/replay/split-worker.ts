import { workerData } from 'node:worker_threads';
import { PointsmanError } from '../core/errors.ts';
import { loadCatalogue } from '../routing/catalogue.ts';
import { prepareSplit, type SplitSetting } from './prepare-split.ts';
import { serveTasks } from './serve-tasks.ts';
import type { SplitWorkerData } from './split-threads.ts';
import type { Split } from './splits.ts';
import { sweepContender, type ContenderSweep } from './sweep-contender.ts';

/** A thread of `split-threads.ts`: nothing else starts it, so what it is sent is what that file's types say. */
const { embedded, names, contenders, setting }: SplitWorkerData = workerData;
const catalogue = await loadCatalogue();
const own: SplitSetting = {
  ...setting,
  catalogue,
  own: true,
  embedder: { ...setting.embedder, embed: refuse },
  // Programs are run by who asked.
  mayLearn: false,
  exec: { timeoutMs: 0, fitTimeoutMs: 0 },
  onProgress: () => undefined,
};

serveTasks(
  async (split: Split, onStep): Promise<readonly ContenderSweep[]> => {
    const total = names.length + contenders.length;
    let done = 0;
    const step = (): void => onStep((done += 1), total);
    const bed = await prepareSplit(embedded, split, names, {
      ...own,
      onProgress: ({ stage, done: fitted }) => (stage === 'fit' && fitted === 1 ? step() : undefined),
    });
    const all: ContenderSweep[] = [];
    for (const contender of contenders) {
      const swept = await sweepContender(contender, bed);
      // Estimators stay here; how they were tuned is told.
      const fitted = swept.fitted === null ? null : { name: swept.fitted.name, tuned: swept.fitted.tuned };
      all.push({ ...swept, fitted });
      step();
    }
    return all;
  },
  (all) => all.flatMap(({ sweep }) => [sweep.outcomes.quality.buffer, sweep.outcomes.costUsd.buffer]),
);

function refuse(): never {
  throw new PointsmanError('internal_error', 'What is swept was embedded before.');
}
