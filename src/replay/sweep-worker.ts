import type { State } from '../core/state.ts';
import { PointsmanError } from '../core/errors.ts';
import { loadCatalogue } from '../routing/catalogue.ts';
import type { Dataset } from './datasets/dataset.ts';
import { estimatorNamed, type Fitted } from './fitted.ts';
import { sweepContender } from './sweep-contender.ts';
import { serveTasks } from './serve-tasks.ts';
import type { SweepJob, Swept } from './sweep-threads.ts';

const catalogue = await loadCatalogue();

/** A thread of `sweep-threads.ts`. */
serveTasks(async (job: SweepJob, onStep): Promise<Swept> => {
  const { estimator, embedder, test, whole } = job;
  const fitted = new Map<string, Fitted>();
  if (estimator !== null) {
    const { name, tuned } = estimator;
    const definition = estimatorNamed(catalogue, name);
    const restore = (quantity: 'quality' | 'cost', options: object, state: State): Fitted['quality'] => {
      const made = definition.create(options, { quantity, dimensions: test.dimensions });
      made.load(state);
      return made;
    };
    const cost = estimator.cost === null ? null : restore('cost', tuned.cost ?? {}, estimator.cost);
    fitted.set(name, { name, definition, tuned, quality: restore('quality', tuned.quality, estimator.quality), cost });
  }
  const { label, policy, options, origin, sweep, latencyMs } = await sweepContender(
    { type: 'policy', policy: job.policy, estimator: estimator?.name ?? null },
    {
      train: withoutTexts(whole),
      whole: withoutTexts(whole),
      test: { ...test, dataset: { ...withoutTexts(test), sampleIds: test.sampleIds } },
      fitted,
      embedder: { ...embedder, embed: refuse },
      catalogue,
      own: true,
      mayLearn: false,
      seed: job.seed,
      lambdas: job.lambdas,
      exec: { timeoutMs: 0, fitTimeoutMs: 0 },
      onProgress: ({ done, total }) => onStep(done, total),
    },
  );
  return { label, policy, options, origin, sweep, latencyMs };
});

function refuse(): never {
  throw new PointsmanError('internal_error', 'What is swept was embedded before.');
}

/** Outcomes alone: no policy reads more. */
function withoutTexts({ models, rows, quality, costUsd }: SweepJob['whole']): Dataset {
  const none = Array.from({ length: rows }, () => '');
  return {
    name: 'rows',
    models,
    embeddedText: 'prompt',
    sources: [],
    warnings: [],
    sampleIds: none,
    prompts: none,
    texts: none,
    groups: none,
    quality,
    costUsd,
  };
}
