import type { TrainingRows } from '../core/estimator.ts';
import { rowCount } from './datasets/dataset.ts';
import { foldOfRows } from './datasets/split.ts';
import { takeEmbedded, type EmbeddedDataset, type FittedQuantity } from './embedded.ts';

/**
 * The numbers of the training rows, in the order of their folds, so that each fold, and each first few of them, is one
 * block of rows. In shared memory: workers read the same bytes. N rows, M models, D dimensions.
 */
export interface Folded {
  readonly models: readonly string[];
  readonly dimensions: number;
  /** [folds + 1] fold f is the rows from starts[f] up to starts[f + 1]. */
  readonly starts: readonly number[];
  /** [N x D] */
  readonly embeddings: Float32Array;
  /** [N] */
  readonly promptTokens: Float64Array;
  /** [N x M] */
  readonly quality: Float64Array;
  /** [N x M]; null where the set knows no cost. */
  readonly costUsd: Float64Array | null;
}

/** Folds follow from the question and the seed: equal questions share one, so that no row is predicted by its twin. */
export function foldRows(data: EmbeddedDataset, folds: number, seed: string): Folded {
  const foldOf = foldOfRows(data.dataset, folds, seed);
  const order = Array.from({ length: rowCount(data.dataset) }, (_, row) => row);
  order.sort((a, b) => (foldOf[a] ?? 0) - (foldOf[b] ?? 0) || a - b);
  const starts = Array.from({ length: folds + 1 }, (_, fold) => foldOf.filter((place) => place < fold).length);
  const { dataset, dimensions, embeddings, promptTokens } = takeEmbedded(data, order);
  return {
    models: dataset.models,
    dimensions,
    starts,
    embeddings: share(embeddings, new Float32Array(new SharedArrayBuffer(embeddings.byteLength))),
    promptTokens: shareDoubles(promptTokens),
    quality: shareDoubles(dataset.quality),
    costUsd: dataset.costUsd === null ? null : shareDoubles(dataset.costUsd),
  };
}

/** Rows of fold `fold`. */
export function rowsOfFold({ starts }: Pick<Folded, 'starts'>, fold: number): { from: number; to: number } {
  return { from: starts[fold] ?? 0, to: starts[fold + 1] ?? 0 };
}

/** Everything but fold `fold`, to be fitted on: one set of rows for each quantity that is known, over the same arrays. */
export function withoutFold(folded: Folded, fold: number): Readonly<Partial<Record<FittedQuantity, TrainingRows>>> {
  const { models, dimensions } = folded;
  const { from, to } = rowsOfFold(folded, fold);
  const rows = {
    models,
    dimensions,
    embeddings: cut(
      folded.embeddings,
      new Float32Array(folded.embeddings.length - (to - from) * dimensions),
      from,
      to,
      dimensions,
    ),
    promptTokens: cutDoubles(folded.promptTokens, from, to, 1),
  };
  const { quality, costUsd } = folded;
  return {
    quality: { ...rows, values: cutDoubles(quality, from, to, models.length) },
    ...(costUsd === null ? {} : { cost: { ...rows, values: cutDoubles(costUsd, from, to, models.length) } }),
  };
}

function share<Numbers extends Float32Array | Float64Array>(source: Numbers, target: Numbers): Numbers {
  target.set(source);
  return target;
}

const shareDoubles = (source: Float64Array): Float64Array =>
  share(source, new Float64Array(new SharedArrayBuffer(source.byteLength)));

/** `source` without the rows in [from, to). */
function cut<Numbers extends Float32Array | Float64Array>(
  source: Numbers,
  target: Numbers,
  from: number,
  to: number,
  width: number,
): Numbers {
  target.set(source.subarray(0, from * width));
  target.set(source.subarray(to * width), from * width);
  return target;
}

const cutDoubles = (source: Float64Array, from: number, to: number, width: number): Float64Array =>
  cut(source, new Float64Array(source.length - (to - from) * width), from, to, width);
