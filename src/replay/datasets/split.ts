import { hash32 } from '../../core/random.ts';
import type { Dataset } from './dataset.ts';
import { takeRows } from './dataset.ts';
import { questionKey } from './question-key.ts';

/**
 * [N] a number in [0, 1) for each row that depends on its question and the seed alone: equal questions (but for case and
 * punctuation) always land together, and adding rows moves none.
 */
export function placeRows(dataset: Dataset, seed: string): Float64Array {
  const salt = hash32(seed);
  return Float64Array.from(dataset.texts, (text) => hash32(questionKey(text).toString(36), salt) / 2 ** 32);
}

/** About `share` of the rows go to `held`, by `placeRows`. */
export function splitRows(dataset: Dataset, share: number, seed: string): { rest: Dataset; held: Dataset } {
  const places = placeRows(dataset, seed);
  const rest: number[] = [];
  const held: number[] = [];
  places.forEach((place, i) => (place < share ? held : rest).push(i));
  return { rest: takeRows(dataset, rest), held: takeRows(dataset, held) };
}

/** [N] the fold of each row, in [0, folds). */
export function foldOfRows(dataset: Dataset, folds: number, seed: string): Int32Array {
  return Int32Array.from(placeRows(dataset, seed), (place) => Math.floor(place * folds));
}
