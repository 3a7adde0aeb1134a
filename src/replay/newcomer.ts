import { rowCount } from './datasets/dataset.ts';
import type { EmbeddedDataset } from './embedded.ts';

/** The same rows, which know the outcome of one model where `isKnown` says so, and NaN elsewhere. */
export function hideModel(data: EmbeddedDataset, model: number, isKnown: (row: number) => boolean): EmbeddedDataset {
  const { dataset } = data;
  const width = dataset.models.length;
  const hide = (matrix: Float64Array): Float64Array => {
    const out = matrix.slice();
    for (let row = 0; row < rowCount(dataset); row++) if (!isKnown(row)) out[row * width + model] = Number.NaN;
    return out;
  };
  const { quality, costUsd } = dataset;
  return {
    ...data,
    dataset: { ...dataset, quality: hide(quality), costUsd: costUsd === null ? null : hide(costUsd) },
  };
}

/** The same rows without one model. */
export function dropModel(data: EmbeddedDataset, model: number): EmbeddedDataset {
  const { dataset } = data;
  const width = dataset.models.length;
  const drop = (matrix: Float64Array): Float64Array => matrix.filter((_, i) => i % width !== model);
  return {
    ...data,
    dataset: {
      ...dataset,
      models: dataset.models.filter((_, m) => m !== model),
      quality: drop(dataset.quality),
      costUsd: dataset.costUsd === null ? null : drop(dataset.costUsd),
    },
  };
}
