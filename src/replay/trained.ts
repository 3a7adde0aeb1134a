import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { loadArtefact, restoreEstimator, type Artefact } from '../artefacts/load-artefact.ts';
import type { StateEntry } from '../artefacts/manifest.ts';
import type { Embedder } from '../core/embedder.ts';
import { PointsmanError } from '../core/errors.ts';
import type { Estimator, Quantity } from '../core/estimator.ts';
import type { Catalogue } from '../routing/catalogue.ts';
import { questionKey } from './datasets/question-key.ts';
import type { Dataset } from './datasets/dataset.ts';
import { estimatorNamed, type Fitted } from './fitted.ts';
import type { ArtefactSummary } from './replay-result.ts';

/** An artefact in the place of training. */
export interface Trained {
  readonly artefact: Artefact;
  /** Estimators of it that can be replayed, in its own order. */
  readonly names: readonly string[];
}

/** Throws `invalid_data` where it is no artefact, and where none of its estimators knows quality. */
export function openTrained(path: string): Trained {
  const artefact = loadArtefact(path);
  const names = artefact.manifest.states.filter(({ quantity }) => quantity === 'quality').map((each) => each.estimator);
  if (names.length > 0) return { artefact, names: [...new Set(names)] };
  throw new PointsmanError('invalid_data', `${path}: none of its estimators knows quality; train another artefact.`);
}

export interface RestoreTrained {
  readonly names: readonly string[];
  readonly catalogue: Catalogue;
  readonly embedder: Pick<Embedder, 'id' | 'dimensions'>;
  /** False where the data knows no cost: then there is nothing to weigh against it. */
  readonly hasCost: boolean;
}

/** By name, as if they had been fitted here. Throws `invalid_data` and `invalid_config`, saying what to do. */
export function restoreTrained(trained: Trained, options: RestoreTrained): ReadonlyMap<string, Fitted> {
  const { catalogue, embedder } = options;
  const { artefact } = trained;
  const fitted = new Map<string, Fitted>();
  for (const name of options.names) {
    if (!trained.names.includes(name)) {
      const param = { param: 'estimators' } as const;
      const known = trained.names.join(', ');
      throw new PointsmanError(
        'invalid_config',
        `the artefact ${artefact.path} has no ${name}; it has ${known}.`,
        param,
      );
    }
    const definition = estimatorNamed(catalogue, name);
    const restore = (quantity: Quantity): Estimator =>
      restoreEstimator(artefact, { estimator: name, quantity, definition, embedder });
    const costEntry = options.hasCost ? artefact.entry(name, 'cost') : null;
    const { criterion, tried } = artefact.manifest.tuning.find((each) => each.estimator === name) ?? {
      criterion: 'nothing was chosen',
      tried: [],
    };
    const quality = artefact.entry(name, 'quality')?.options ?? {};
    fitted.set(name, {
      name,
      definition,
      quality: restore('quality'),
      cost: costEntry === null ? null : restore('cost'),
      tuned: {
        quality,
        cost: costEntry?.options ?? null,
        // Tuning ends with the settings for cost, each beside the setting for quality that was kept.
        score: costEntry === null ? scoreOf(tried, 'quality', quality) : scoreOf(tried, 'cost', costEntry.options),
        criterion: `when the artefact was trained: ${criterion}`,
        trials: tried.flatMap(({ quantity, ...rest }) =>
          quantity === 'quality' || quantity === 'cost' ? [{ quantity, ...rest }] : [],
        ),
      },
    });
  }
  return fitted;
}

type Tried = Readonly<{ quantity: string; options: StateEntry['options']; score: number; folds: number }>;

/** Of the setting that was kept: the last over the most folds. */
function scoreOf(tried: readonly Tried[], of: Quantity, kept: StateEntry['options']): number {
  const wanted = JSON.stringify(kept);
  const scored = tried.filter(({ quantity, options }) => quantity === of && JSON.stringify(options) === wanted);
  return scored.reduce((best, each) => (each.folds >= best.folds ? each : best), { folds: 0, score: 0 }).score;
}

/** What the report tells of the artefact, and how many questions it shares with what it is replayed on. */
export function summariseTrained({ artefact }: Trained, train: Dataset, test: Dataset): ArtefactSummary {
  const { manifest, path } = artefact;
  const known = artefact.questionKeys();
  const shared = (dataset: Dataset): number | null =>
    known === null ? null : dataset.texts.reduce((sum, text) => sum + (known.has(questionKey(text)) ? 1 : 0), 0);
  return {
    name: basename(path),
    sha256: createHash('sha256').update(JSON.stringify(manifest)).digest('hex'),
    sources: manifest.sources.map(({ name, sha256, rows }) => ({ name, sha256, rows })),
    seed: manifest.seed,
    questions: known?.size ?? null,
    overlap: { test: shared(test), tested: test.texts.length, train: shared(train), trained: train.texts.length },
    unseenModels: test.models.filter((model) => !manifest.models.includes(model)),
  };
}

/** One line for the head of a report. */
export function describeTrained({ name, sources, questions, overlap }: ArtefactSummary): string {
  const from = sources.map((source) => `${source.name} (${source.rows} rows)`).join(', ');
  const seen =
    questions === null || overlap.test === null
      ? 'it does not tell which questions it learned from'
      : `of its ${questions} questions ${overlap.test} of ${overlap.tested} test rows ask one` +
        (overlap.trained === 0 ? '' : `, ${overlap.train} of ${overlap.trained} training rows`);
  return `artefact ${name}, trained on ${from}, takes the place of training; ${seen}`;
}

/** Lines for what a reader must know before believing the figures. */
export function warningsOf({ name, overlap, unseenModels }: ArtefactSummary): readonly string[] {
  return [
    ...(overlap.test === null
      ? [`artefact ${name} does not tell which questions it learned from; train it again`]
      : []),
    ...((overlap.test ?? 0) === 0
      ? []
      : [`artefact ${name} learned from the question of ${overlap.test} of ${overlap.tested} test rows`]),
    ...(unseenModels.length === 0 ? [] : [`artefact ${name} never saw ${unseenModels.join(', ')}`]),
  ];
}

/** What `--strict` says of it; null where there is nothing to say. */
export function refusalOf({ name, overlap }: ArtefactSummary): PointsmanError | null {
  if (overlap.test === 0) return null;
  const why =
    overlap.test === null
      ? `artefact ${name} does not tell which questions it learned from, which --strict refuses; train it again`
      : `artefact ${name} learned from the question of ${overlap.test} of ${overlap.tested} test rows, which --strict ` +
        'refuses; test it on rows that it has not seen';
  return new PointsmanError('invalid_data', `${why}.`);
}
