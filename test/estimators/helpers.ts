import type { Quantity, TrainingRows } from '../../src/core/estimator.ts';
import type { Observation } from '../../src/core/learner.ts';
import { seededRandom } from '../../src/core/random.ts';

/** A plain observation without a query. */
export const observation = (
  model: string,
  quantity: Quantity,
  value: number,
  embedding: Float32Array | null = null,
): Observation => ({
  seq: 0,
  decision: 'd',
  route: 'r',
  model,
  quantity,
  value,
  weight: 1,
  propensity: null,
  promptTokens: 0,
  embedding,
});

/** Rows given as [vector, prompt tokens, values]. */
export function rowsOf(
  models: readonly string[],
  rows: readonly (readonly [readonly number[], number, readonly number[]])[],
): TrainingRows {
  return {
    models,
    dimensions: rows[0]?.[0].length ?? 1,
    embeddings: Float32Array.from(rows.flatMap(([vector]) => vector)),
    promptTokens: Float64Array.from(rows, ([, tokens]) => tokens),
    values: Float64Array.from(rows.flatMap(([, , values]) => values)),
  };
}

/** Random unit vectors with random values, a share of them unobserved. */
export function randomRows(
  count: number,
  dimensions: number,
  models: readonly string[],
  missing: number,
  seed: string,
): TrainingRows {
  const random = seededRandom(seed);
  return rowsOf(
    models,
    Array.from({ length: count }, () => {
      const raw = Array.from({ length: dimensions }, () => random.normal());
      const length = Math.hypot(...raw);
      return [
        raw.map((x) => x / length),
        random.integer(500),
        models.map(() => (random.next() < missing ? NaN : random.next())),
      ] as const;
    }),
  );
}
