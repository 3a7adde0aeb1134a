import type { EstimatorContext, TrainingRows } from '../core/estimator.ts';
import type { State } from '../core/state.ts';
import { addOuterPacked, factorSize } from './information-factor.ts';
import { LinearBelief, type BeliefSettings } from './linear-belief.ts';
import { ModelIndex } from './model-index.ts';
import {
  identityProjection,
  principalProjection,
  randomProjection,
  reduceBy,
  type Projection,
  type Reduce,
} from './projection.ts';
import { addMoments, momentWidth } from './running-mean.ts';
import { StateReader } from './state-reader.ts';
import { norm } from './vectors.ts';

const version = 1;

export interface BeliefsSettings {
  /** Most numbers an embedding is reduced to. */
  readonly components: number;
  /** Precision of the prior on each of them. */
  readonly alpha: number;
  readonly discount: number;
  readonly window: number;
  /** Observations that the rows of a fit are worth together, at most, for each model. */
  readonly seedStrength: number;
  /** The response of an outcome, given the sums of the model's outcomes. */
  readonly respond: (value: number, promptTokens: number, moments: Float64Array) => number;
}

/** One Bayesian linear regression per model over x = [reduced embedding, 1], of one response. */
export class LinearBeliefs {
  readonly models = new ModelIndex();
  /** [n] The query that was last placed. */
  readonly input: Float64Array;
  readonly #owner: string;
  readonly #context: EstimatorContext;
  readonly #settings: BeliefsSettings;
  readonly #belief: BeliefSettings;
  readonly #width: number;
  readonly #beliefs: LinearBelief[] = [];
  /** Observations so far, and how many there were when each model was last observed. */
  #time = 0;
  readonly #seenAt: number[] = [];
  #projection: Projection;
  /** What the projection does. */
  #reduce: Reduce;
  /** The projection came from rows; else it follows from the dimensions. */
  #fitted = false;

  constructor(owner: string, context: EstimatorContext, settings: BeliefsSettings) {
    this.#owner = owner;
    this.#context = context;
    this.#settings = settings;
    this.#width = Math.min(settings.components, context.dimensions);
    const precision = new Float64Array(this.#width + 1).fill(settings.alpha);
    precision[this.#width] = 1;
    this.#belief = { precision, discount: settings.discount, window: settings.window };
    this.input = new Float64Array(this.#width + 1);
    this.#projection = this.#unfitted();
    this.#reduce = reduceBy(this.#projection, this.#width);
  }

  /** Sets `input`. An embedding that is missing or not finite counts as zero, so that only the intercept speaks. */
  place(embedding: Float32Array | null): void {
    if (embedding === null || !Number.isFinite(norm(embedding))) this.input.fill(0);
    else this.#reduce(embedding, this.input);
    this.input[this.#width] = 1;
  }

  /** What is believed of a model; null where it was never observed. */
  find(model: string): LinearBelief | null {
    return this.#beliefs[this.models.find(model)] ?? null;
  }

  /** Observations of other models since the model's own last one. */
  idle(model: string): number {
    return this.#time - (this.#seenAt[this.models.find(model)] ?? this.#time);
  }

  /** x' A^-1 x for the placed query under the prior alone. */
  priorSpread(): number {
    let sum = 0;
    for (let i = 0; i < this.input.length; i++) sum += (this.input[i] ?? 0) ** 2 / (this.#belief.precision[i] ?? 1);
    return sum;
  }

  fit(rows: TrainingRows): void {
    this.models.replace(rows.models);
    this.#fitted = this.#width < this.#context.dimensions && rows.promptTokens.length > 0;
    this.#project(this.#fitted ? principalProjection(rows, this.#width) : this.#unfitted());
    this.#time = 0;
    this.#seenAt.length = 0;
    this.#beliefs.length = 0;
    const inputs = rows.promptTokens.length * this.input.length;
    const placed = new Float64Array(inputs);
    for (let row = 0; row < rows.promptTokens.length; row++) {
      this.place(rows.embeddings.subarray(row * rows.dimensions, (row + 1) * rows.dimensions));
      placed.set(this.input, row * this.input.length);
    }
    rows.models.forEach((_, column) => {
      this.#seenAt.push(0);
      this.#beliefs.push(this.#fitModel(rows, placed, column));
    });
  }

  /** One outcome of the placed query. */
  update(model: string, value: number, weight: number, promptTokens: number): void {
    const index = this.models.add(model);
    const belief = this.#beliefs[index] ?? new LinearBelief(this.#belief);
    this.#beliefs[index] = belief;
    const response = this.#settings.respond(value, promptTokens, belief.moments);
    belief.update(this.input, response, weight, value, promptTokens);
    this.#time++;
    this.#seenAt[index] = this.#time;
  }

  save(): State {
    const size = this.#size;
    const beliefs = new Float64Array(this.#beliefs.length * size);
    this.#beliefs.forEach((belief, i) => belief.save(beliefs, i * size));
    return {
      version,
      data: {
        ...this.#identity(),
        models: [...this.models.names],
        time: this.#time,
        seenAt: [...this.#seenAt],
        fitted: this.#fitted ? 1 : 0,
      },
      arrays: { beliefs, projection: this.#fitted ? this.#projection.slice() : new Float64Array(0) },
    };
  }

  load(state: State): void {
    const reader = new StateReader(this.#owner, state, version);
    for (const [key, value] of Object.entries(this.#identity())) reader.expect(key, value);
    const names = reader.strings('models');
    const time = reader.count('time');
    const seenAt = reader.counts('seenAt');
    if (seenAt.length !== names.length) reader.refuse('seenAt has not one count for every model');
    const fitted = reader.count('fitted') === 1;
    const size = this.#size;
    const saved = reader.doubles('beliefs', names.length * size);
    const projection = reader.doubles('projection', fitted ? this.#context.dimensions * this.#width : 0);
    const beliefs = names.map((name, i) => {
      const belief = new LinearBelief(this.#belief);
      if (!belief.load(saved, i * size))
        reader.refuse(`what is believed of "${name}" is no positive definite posterior`);
      return belief;
    });
    this.models.replace(names);
    this.#time = time;
    this.#seenAt.splice(0, Infinity, ...seenAt);
    this.#fitted = fitted;
    this.#project(fitted ? projection : this.#unfitted());
    this.#beliefs.splice(0, Infinity, ...beliefs);
  }

  get #size(): number {
    return new LinearBelief(this.#belief).size;
  }

  #identity(): Record<string, string | number> {
    const { quantity, dimensions } = this.#context;
    const { components, alpha, window } = this.#settings;
    return { quantity, dimensions, components, alpha, window };
  }

  #project(projection: Projection): void {
    this.#projection = projection;
    this.#reduce = reduceBy(projection, this.#width);
  }

  #unfitted(): Projection {
    const { dimensions } = this.#context;
    return this.#width === dimensions ? identityProjection(dimensions) : randomProjection(dimensions, this.#width);
  }

  #fitModel(rows: TrainingRows, placed: Float64Array, column: number): LinearBelief {
    const n = this.input.length;
    const width = rows.models.length;
    const seen = rows.promptTokens.length - countMissing(rows.values, column, width);
    const weight = Math.min(1, this.#settings.seedStrength / Math.max(1, seen));
    const moments = new Float64Array(momentWidth);
    const packed = new Float64Array(factorSize(n));
    const products = new Float64Array(n);
    let squares = 0;
    const each = (visit: (value: number, promptTokens: number, row: number) => void): void => {
      for (let row = 0; row < rows.promptTokens.length; row++) {
        const value = rows.values[row * width + column] ?? NaN;
        if (!Number.isNaN(value)) visit(value, rows.promptTokens[row] ?? 0, row);
      }
    };
    each((value, promptTokens) => addMoments(moments, 0, weight, value, promptTokens));
    each((value, promptTokens, row) => {
      const x = placed.subarray(row * n, (row + 1) * n);
      const response = this.#settings.respond(value, promptTokens, moments);
      addOuterPacked(packed, 0, x, weight);
      for (let i = 0; i < n; i++) products[i] = (products[i] ?? 0) + weight * response * (x[i] ?? 0);
      squares += weight * response * response;
    });
    const belief = new LinearBelief(this.#belief);
    belief.replace(packed, products, squares, moments);
    return belief;
  }
}

function countMissing(values: Float64Array, column: number, width: number): number {
  let missing = 0;
  for (let cell = column; cell < values.length; cell += width) if (Number.isNaN(values[cell] ?? NaN)) missing++;
  return missing;
}
