import { bradleyTerry } from './bradley-terry.ts';
import type { Scores } from './calibrated-scores.ts';
import type { PreparedRows } from './prepared-rows.ts';
import { QuantisedRows, shareRows } from './quantised-rows.ts';
import type { StateReader } from './state-reader.ts';

export interface GameShape {
  readonly models: number;
  /** Numbers of an input. */
  readonly width: number;
  /** How many times as much the nearest row counts as one at a right angle; >= 1. */
  readonly base: number;
  /** Wins that every model has against every other beforehand, each as heavy as the nearest row; > 0. */
  readonly prior: number;
}

/** How a game between two models ended, from the first one's side. */
const unplayed = 3;

/** Every row as games between its models, and the directions of the rows. */
export interface Games {
  readonly directions: QuantisedRows;
  /** [rows x pairs]: 0 lost, 1 tied, 2 won, 3 not played; pairs are (0,1), (0,2), ... (1,2), ... */
  readonly results: Uint8Array;
}

const pairsOf = (models: number): number => (models * (models - 1)) / 2;

/** Rows at `from` and after. */
export function gamesOf({ count, models, width, inputs, targets }: PreparedRows, from: number): Games {
  const directions = new QuantisedRows(width);
  const pairs = pairsOf(models);
  const results = new Uint8Array((count - from) * pairs).fill(unplayed);
  for (let row = from; row < count; row++) {
    directions.set(row - from, inputs.subarray(row * width, (row + 1) * width));
    let cell = (row - from) * pairs;
    for (let a = 0; a < models; a++) {
      const left = targets[row * models + a] ?? NaN;
      for (let b = a + 1; b < models; b++, cell++) {
        const right = targets[row * models + b] ?? NaN;
        if (Number.isNaN(left) || Number.isNaN(right)) continue;
        results[cell] = left > right ? 2 : left === right ? 1 : 0;
      }
    }
  }
  return { directions: shareRows(directions), results };
}

/**
 * Strengths for a query: Bradley-Terry over all games, each with the weight base^(cosine / highest cosine), fitted anew for
 * every query. Where no row points the query's way all games count alike.
 */
export function gameScores({ directions, results }: Games, { models, width, base, prior }: GameShape): Scores {
  const query = new Float32Array(width);
  const wins = new Float64Array(models * models);
  const pairs = pairsOf(models);
  /** [pairs x 4] sums of weights by how the game ended. */
  const sums = new Float64Array(pairs * 4);
  const rows = results.length / Math.max(1, pairs);
  return {
    score(input, out) {
      query.set(input);
      const cosines = directions.count === 0 ? null : directions.scores(query);
      let best = 0;
      if (cosines !== null) for (const cosine of cosines) best = Math.max(best, cosine);
      const rate = cosines === null || best <= 0 ? 0 : Math.log(base) / best;
      sums.fill(0);
      for (let row = 0; row < rows; row++) {
        // At most 1, for the nearest.
        const weight = rate === 0 ? 1 : Math.exp(rate * ((cosines?.[row] ?? 0) - best));
        const first = row * pairs;
        for (let pair = 0; pair < pairs; pair++) {
          const at = pair * 4 + (results[first + pair] ?? unplayed);
          sums[at] = (sums[at] ?? 0) + weight;
        }
      }
      let pair = 0;
      for (let a = 0; a < models; a++) {
        for (let b = a + 1; b < models; b++, pair++) {
          const ties = (sums[pair * 4 + 1] ?? 0) / 2 + prior;
          wins[a * models + b] = (sums[pair * 4 + 2] ?? 0) + ties;
          wins[b * models + a] = (sums[pair * 4] ?? 0) + ties;
        }
      }
      out.fill(0);
      bradleyTerry(wins, out);
    },
    save: () => ({ data: { rows: directions.count }, arrays: { directions: directions.view().slice(), results } }),
  };
}

export function loadGames(reader: StateReader, models: number, width: number): Games {
  const rows = reader.count('rows');
  const directions = new QuantisedRows(width);
  directions.load(reader.bytes('directions', directions.bytesOf(rows)));
  return { directions: shareRows(directions), results: reader.bytes('results', rows * pairsOf(models)) };
}
