import { PointsmanError } from '../core/errors.ts';
import type { EstimatorContext, EstimatorInput, TrainingRows } from '../core/estimator.ts';
import type { State } from '../core/state.ts';
import { CoefficientRows } from './coefficient-rows.ts';
import { ModelIndex } from './model-index.ts';
import { PackedInverses } from './packed-inverses.ts';
import { addMoments, momentWidth } from './running-mean.ts';
import { StateReader } from './state-reader.ts';
import { dot, norm } from './vectors.ts';

const version = 1;

/** One model's linear regression. */
interface Regression {
  /** Which inverse; models that saw the same queries share one until their evidence differs. */
  place: number;
  /** Penalised residual sum of squares of the first response. */
  residual: number;
  /** [momentWidth] of the outcomes themselves, see `addMoments`. */
  readonly moments: Float64Array;
}

/** What one model's regression says of the query that was last placed. */
export interface Fitted {
  /** Penalised residual sum of squares of the first response. */
  residual: number;
  /** [momentWidth] of the model's outcomes, see `addMoments`. */
  moments: Float64Array;
  /** x' (A + penalties)^-1 x: how far the query is from the evidence. */
  spread: number;
  /** [responses] fitted values; of a model never seen, zeros. */
  readonly values: Float64Array;
}

/**
 * Ridge regressions of several responses, one set per model, over x = [embedding, 1]. Exact under partial feedback: the
 * inverse and the coefficients are corrected observation by observation (recursive least squares), so that folding
 * observations in gives what fitting them at once gives, up to rounding.
 */
export class RidgeModels {
  readonly models = new ModelIndex();
  readonly #context: EstimatorContext;
  readonly #responses: number;
  readonly #penalties: Float64Array;
  readonly #inverses: PackedInverses;
  readonly #regressions: Regression[] = [];
  /** `responses` rows for each of the regressions. */
  readonly #coefficients: CoefficientRows;
  /** What the coefficients say of the query that was last placed. */
  #products: Float64Array = new Float64Array(0);
  readonly #respond: (value: number, promptTokens: number, out: Float64Array) => void;
  readonly #response: Float64Array;
  /** [places] x' P x of the query that was last placed; NaN where not yet worked out. */
  #spreads = new Float64Array(0);
  #unseenSpread = 0;
  readonly #fitted: Fitted;

  /** `respond` writes what is regressed for an outcome: `responses` numbers. */
  constructor(
    context: EstimatorContext,
    alpha: number,
    interceptPenalty: number,
    responses: number,
    respond: (value: number, promptTokens: number, out: Float64Array) => void,
  ) {
    const n = context.dimensions + 1;
    this.#context = context;
    this.#responses = responses;
    this.#respond = respond;
    this.#penalties = new Float64Array(n).fill(alpha);
    this.#penalties[n - 1] = interceptPenalty;
    this.#inverses = new PackedInverses(n);
    this.#coefficients = new CoefficientRows(n);
    this.#response = new Float64Array(responses);
    this.#fitted = { residual: 0, moments: noMoments, spread: 0, values: new Float64Array(responses) };
  }

  fit(rows: TrainingRows): void {
    this.models.replace(rows.models);
    this.#inverses.clear();
    this.#coefficients.clear();
    this.#regressions.length = 0;
    const placeOf = new Map<string, number>();
    rows.models.forEach((_, column) => {
      const seen = observedRows(rows, column);
      const key = seen.join();
      const place = placeOf.get(key) ?? this.#fitInverse(rows, seen);
      placeOf.set(key, place);
      this.#regressions.push(this.#fitModel(rows, seen, column, place));
    });
  }

  update(model: string, value: number, weight: number, promptTokens: number, embedding: Float32Array | null): void {
    const regression = this.#regressionOf(model);
    const first = this.models.find(model) * this.#responses;
    if (this.#regressions.some((other) => other !== regression && other.place === regression.place)) {
      regression.place = this.#inverses.addCopy(regression.place);
    }
    const n = this.#inverses.n;
    const input = this.#inverses.input;
    placeInput(input, embedding);
    this.#respond(value, promptTokens, this.#response);
    const gains = this.#inverses.apply(regression.place);
    const gain = this.#inverses.learn(regression.place, weight, dot(input, gains, 0, n));
    for (let r = 0; r < this.#responses; r++) {
      const coefficients = this.#coefficients.view(first + r);
      const surprise = (this.#response[r] ?? 0) - dot(input, coefficients, 0, n);
      const step = gain * surprise;
      for (let i = 0; i < n; i++) coefficients[i] = (coefficients[i] ?? 0) + step * (gains[i] ?? 0);
      if (r === 0) regression.residual += step * surprise;
    }
    addMoments(regression.moments, 0, weight, value, promptTokens);
  }

  /** Sets the query that `fitted` answers for. */
  place({ embedding }: EstimatorInput): void {
    const input = this.#inverses.input;
    placeInput(input, embedding);
    if (this.#spreads.length < this.#inverses.count) this.#spreads = new Float64Array(this.#inverses.count);
    this.#spreads.fill(NaN);
    let spread = 0;
    for (let i = 0; i < input.length; i++) spread += (input[i] ?? 0) ** 2 / (this.#penalties[i] ?? 1);
    this.#unseenSpread = spread;
    this.#products = this.#coefficients.products(input);
  }

  /** Valid until the next call of any method. */
  fitted(model: string): Fitted {
    const found = this.models.find(model);
    const regression = found < 0 ? undefined : this.#regressions[found];
    const out = this.#fitted;
    if (regression === undefined) {
      out.residual = 0;
      out.moments = noMoments;
      out.spread = this.#unseenSpread;
      out.values.fill(0);
      return out;
    }
    let spread = this.#spreads[regression.place] ?? NaN;
    if (Number.isNaN(spread)) {
      // Rounding may take a tiny quadratic form below zero.
      spread = Math.max(0, this.#inverses.quadratic(regression.place));
      this.#spreads[regression.place] = spread;
    }
    out.residual = regression.residual;
    out.moments = regression.moments;
    out.spread = spread;
    for (let r = 0; r < this.#responses; r++) out.values[r] = this.#products[found * this.#responses + r] ?? 0;
    return out;
  }

  save(): State {
    const { size, count } = this.#inverses;
    const inverses = new Float64Array(count * size);
    for (let place = 0; place < count; place++) inverses.set(this.#inverses.view(place), place * size);
    const coefficients = this.#coefficients.view(0, this.#coefficients.count).slice();
    const moments = new Float64Array(this.#regressions.length * momentWidth);
    const residuals = Float64Array.from(this.#regressions, ({ residual }) => residual);
    this.#regressions.forEach((regression, i) => {
      moments.set(regression.moments, i * momentWidth);
    });
    return {
      version,
      data: {
        quantity: this.#context.quantity,
        dimensions: this.#context.dimensions,
        alpha: this.#penalties[0] ?? 0,
        models: [...this.models.names],
        places: this.#regressions.map(({ place }) => place),
        inverses: count,
      },
      arrays: { inverses, coefficients, moments, residuals },
    };
  }

  load(state: State): void {
    const reader = new StateReader('ridge', state, version);
    reader.expect('quantity', this.#context.quantity);
    reader.expect('dimensions', this.#context.dimensions);
    reader.expect('alpha', this.#penalties[0] ?? 0);
    const names = reader.strings('models');
    const places = reader.counts('places');
    const count = reader.count('inverses');
    if (places.length !== names.length || places.some((place) => place >= count)) {
      reader.refuse('places does not name an inverse for every model');
    }
    const width = this.#responses * this.#inverses.n;
    const { size } = this.#inverses;
    const inverses = reader.doubles('inverses', count * size);
    const coefficients = reader.doubles('coefficients', names.length * width);
    const moments = reader.doubles('moments', names.length * momentWidth);
    const residuals = reader.doubles('residuals', names.length);
    this.models.replace(names);
    this.#inverses.clear();
    for (let place = 0; place < count; place++) {
      this.#inverses.addDiagonal(this.#penalties);
      this.#inverses.view(place).set(inverses.subarray(place * size, (place + 1) * size));
    }
    this.#coefficients.clear();
    this.#coefficients.add(names.length * this.#responses);
    this.#coefficients.view(0, this.#coefficients.count).set(coefficients);
    this.#regressions.length = 0;
    places.forEach((place, i) => {
      this.#regressions.push({
        place,
        residual: residuals[i] ?? 0,
        moments: moments.slice(i * momentWidth, (i + 1) * momentWidth),
      });
    });
  }

  #regressionOf(model: string): Regression {
    const index = this.models.add(model);
    const found = this.#regressions[index];
    if (found !== undefined) return found;
    const fresh: Regression = {
      place: this.#inverses.addDiagonal(this.#penalties.map((penalty) => 1 / penalty)),
      residual: 0,
      moments: new Float64Array(momentWidth),
    };
    this.#coefficients.add(this.#responses);
    this.#regressions.push(fresh);
    return fresh;
  }

  #fitInverse(rows: TrainingRows, seen: readonly number[]): number {
    const place = this.#inverses.addDiagonal(this.#penalties);
    const input = this.#inverses.input;
    for (const row of seen) {
      placeInput(input, embeddingAt(rows, row));
      this.#inverses.addOuter(place, 1);
    }
    if (!this.#inverses.invert(place)) {
      throw new PointsmanError('invalid_data', 'ridge cannot be trained: the rows are degenerate. Use a larger alpha.');
    }
    return place;
  }

  #fitModel(rows: TrainingRows, seen: readonly number[], column: number, place: number): Regression {
    const n = this.#inverses.n;
    this.#coefficients.add(this.#responses);
    const coefficients = this.#coefficients.view(column * this.#responses, this.#responses);
    const products = new Float64Array(this.#responses * n);
    const input = new Float64Array(n);
    const moments = new Float64Array(momentWidth);
    let squares = 0;
    for (const row of seen) {
      const value = rows.values[row * rows.models.length + column] ?? NaN;
      const promptTokens = rows.promptTokens[row] ?? 0;
      placeInput(input, embeddingAt(rows, row));
      this.#respond(value, promptTokens, this.#response);
      for (let r = 0; r < this.#responses; r++) {
        const response = this.#response[r] ?? 0;
        for (let i = 0; i < n; i++) products[r * n + i] = (products[r * n + i] ?? 0) + response * (input[i] ?? 0);
      }
      squares += (this.#response[0] ?? 0) ** 2;
      addMoments(moments, 0, 1, value, promptTokens);
    }
    for (let r = 0; r < this.#responses; r++) {
      this.#inverses.input.set(products.subarray(r * n, (r + 1) * n));
      coefficients.set(this.#inverses.apply(place), r * n);
    }
    const residual = Math.max(0, squares - dot(products, coefficients, 0, n));
    return { place, residual, moments };
  }
}

const noMoments = new Float64Array(momentWidth);

const embeddingAt = (rows: TrainingRows, row: number): Float32Array =>
  rows.embeddings.subarray(row * rows.dimensions, (row + 1) * rows.dimensions);

function observedRows(rows: TrainingRows, column: number): number[] {
  const seen: number[] = [];
  for (let row = 0; row < rows.promptTokens.length; row++) {
    if (!Number.isNaN(rows.values[row * rows.models.length + column] ?? NaN)) seen.push(row);
  }
  return seen;
}

/** [embedding, 1]; an embedding that is missing or not finite counts as zero, so that only the intercept speaks. */
function placeInput(input: Float64Array, embedding: Float32Array | null): void {
  const last = input.length - 1;
  if (embedding === null || !Number.isFinite(norm(embedding))) input.fill(0);
  else input.set(embedding);
  input[last] = 1;
}
