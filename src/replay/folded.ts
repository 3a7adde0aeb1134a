import { rowCount } from './datasets/dataset.ts';
import { foldOfRows } from './datasets/split.ts';
import { takeEmbedded, type EmbeddedDataset } from './embedded.ts';

/** Training rows in the order of their folds, so that each fold, and each first few of them, is one block of rows. */
export interface Folded {
  readonly data: EmbeddedDataset;
  /** [folds + 1] fold f is the rows from starts[f] up to starts[f + 1]. */
  readonly starts: readonly number[];
}

/** Folds follow from the question and the seed: equal questions share one, so that no row is predicted by its twin. */
export function foldRows(data: EmbeddedDataset, folds: number, seed: string): Folded {
  const foldOf = foldOfRows(data.dataset, folds, seed);
  const starts = [0];
  const order: number[] = [];
  for (let fold = 0; fold < folds; fold++) {
    foldOf.forEach((place, row) => {
      if (place === fold) order.push(row);
    });
    starts.push(order.length);
  }
  return { data: takeEmbedded(data, order), starts };
}

/** Everything but fold `fold`. */
export function withoutFold({ data, starts }: Folded, fold: number): EmbeddedDataset {
  const [from = 0, to = 0] = [starts[fold], starts[fold + 1]];
  const rows = Array.from({ length: rowCount(data.dataset) }, (_, row) => row);
  return takeEmbedded(
    data,
    rows.filter((row) => row < from || row >= to),
  );
}
