import type { TrainingRows } from '../../src/core/estimator.ts';
import { seededRandom, type Random } from '../../src/core/random.ts';

export const dimensions = 8;
export const models = ['a', 'b', 'c'];

/** What each model is worth on a query, in [0, 1]: the truth that an estimator should find. */
export type World = (query: Float32Array, random: Random) => readonly number[];

const sigma = (x: number): number => 1 / (1 + Math.exp(-x));
const at = (query: Float32Array, i: number): number => query[i] ?? 0;

/** Each made so that the assumption of the estimator that it is named after holds. */
export const worlds = {
  /** Log-odds are linear in the query. */
  linear: (query) => [sigma(6 * at(query, 0)), sigma(-6 * at(query, 0)), sigma(4 * at(query, 1))],
  /** Who is best hangs on whether two signs agree: no line tells them apart. */
  crossed: (query) => (at(query, 0) * at(query, 1) > 0 ? [0.9, 0.1, 0.45] : [0.1, 0.9, 0.45]),
  /** Three kinds of query, and each model is good at one. */
  kinds: (query) => models.map((_, m) => (kindOf(query) === m ? 0.9 : 0.3)),
  /** How hard a query is cannot be seen and says more than who answers; who is better can. */
  shifted(query, random) {
    const level = 0.2 + 0.6 * random.next();
    const lead = 0.2 * Math.tanh(4 * at(query, 0));
    return [level + lead, level - lead, level];
  },
  /** Nothing can be learned. */
  noise: () => [0.5, 0.5, 0.5],
} as const satisfies Record<string, World>;

const kindOf = (query: Float32Array): number =>
  [0, 1, 2].reduce((best, kind) => (at(query, kind) > at(query, best) ? kind : best), 0);

/** Two of three queries lie near one of the first three axes, so that there are kinds to be found. */
function drawQuery(random: Random): Float32Array {
  const kind = random.integer(4);
  const raw = Float32Array.from({ length: dimensions }, (_, d) => random.normal() + (d === kind && kind < 3 ? 4 : 0));
  const length = Math.hypot(...raw);
  return raw.map((value) => value / length);
}

/** The crossed world needs its two signs to be seen. */
function drawCrossed(random: Random): Float32Array {
  const raw = Float32Array.from({ length: dimensions }, (_, d) => (d < 2 ? 1 : 0.15) * random.normal());
  const length = Math.hypot(...raw);
  return raw.map((value) => value / length);
}

/** Rows with coin flips (or, where the world shifts levels, the worth itself), and the worth behind them. */
export function drawRows(
  name: keyof typeof worlds,
  count: number,
  seed: string,
): { rows: TrainingRows; worth: Float64Array } {
  const random = seededRandom(`${name}:${seed}`);
  const embeddings = new Float32Array(count * dimensions);
  const values = new Float64Array(count * models.length);
  const worth = new Float64Array(count * models.length);
  for (let row = 0; row < count; row++) {
    const query = name === 'crossed' ? drawCrossed(random) : drawQuery(random);
    embeddings.set(query, row * dimensions);
    worlds[name](query, random).forEach((expected, m) => {
      worth[row * models.length + m] = expected;
      values[row * models.length + m] = name === 'shifted' ? expected : random.next() < expected ? 1 : 0;
    });
  }
  return { rows: { models, dimensions, embeddings, promptTokens: new Float64Array(count).fill(50), values }, worth };
}
