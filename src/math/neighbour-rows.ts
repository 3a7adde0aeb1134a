import type { EstimatorContext, TrainingRows } from '../core/estimator.ts';
import type { State } from '../core/state.ts';
import { ModelIndex } from './model-index.ts';
import { createNeighbourhoodFinder, lowestIn } from './neighbourhood.ts';
import { QuantisedRows, shareRows } from './quantised-rows.ts';
import { RowValues } from './row-values.ts';
import { addMoments, momentWidth } from './running-mean.ts';
import { StateReader } from './state-reader.ts';
import { thinRows } from './thin-rows.ts';
import { power } from './vectors.ts';

const version = 1;
const factWidth = 3;

/** What the neighbourhood of a query says; valid until the next call of `near`. */
export interface Near {
  /** [models x momentWidth], see `addMoments`. */
  moments: Float64Array;
  /** [models] how many equally weighted neighbours the weights amount to: (sum of w)^2 / sum of w^2. */
  effective: Float64Array;
}

/**
 * Outcomes by direction, for nearest neighbours: first the rows of training, then a ring of rows learned while serving.
 * Running moments per model count everything that was ever seen, rows that made room included.
 */
export class NeighbourRows {
  readonly models = new ModelIndex();
  /** [models x momentWidth] over everything ever seen. */
  moments: Float64Array = new Float64Array(0);
  readonly #context: EstimatorContext;
  readonly #maxTrained: number;
  readonly #maxOnline: number;
  /** Rows of training: never written to, and shared with whoever was trained on the same queries. */
  #trainedDirections: QuantisedRows;
  /** The ring of rows learned while serving. */
  #onlineDirections: QuantisedRows;
  /** [rows] scores of both. */
  #scores = new Int32Array(0);
  readonly #near: Near = { moments: new Float64Array(0), effective: new Float64Array(0) };
  readonly #find = createNeighbourhoodFinder();
  /** [rows x models], NaN where unobserved. */
  readonly #values = new RowValues();
  /** [rows x factWidth]: prompt tokens, weight, and the only observed column (−1: not exactly one). */
  #facts: Float64Array = new Float64Array(0);
  /** [rows] observed values in each. */
  #cells: Int32Array = new Int32Array(0);
  #trained = 0;
  /** Ring position of the next row learned while serving. */
  #next = 0;

  constructor(context: EstimatorContext, maxTrained: number, maxOnline: number) {
    this.#context = context;
    this.#maxTrained = maxTrained;
    this.#maxOnline = maxOnline;
    this.#trainedDirections = new QuantisedRows(context.dimensions);
    this.#onlineDirections = new QuantisedRows(context.dimensions);
  }

  replace(rows: TrainingRows): void {
    this.models.replace(rows.models);
    const directions = new QuantisedRows(this.#context.dimensions);
    this.#onlineDirections = new QuantisedRows(this.#context.dimensions);
    this.moments = new Float64Array(this.models.size * momentWidth);
    this.#trained = 0;
    this.#next = 0;
    const kept = thinRows(rows, this.#maxTrained);
    const width = this.models.size;
    this.#values.lay(kept.length, width);
    this.#facts = new Float64Array(kept.length * factWidth);
    this.#cells = new Int32Array(kept.length);
    for (let row = 0; row < rows.promptTokens.length; row++) {
      for (let column = 0; column < width; column++) {
        const value = rows.values[row * width + column] ?? NaN;
        if (!Number.isNaN(value)) this.#count(column, 1, value, rows.promptTokens[row] ?? 0);
      }
    }
    for (const row of kept) {
      const place = this.#trained++;
      const values = rows.values.subarray(row * width, (row + 1) * width);
      directions.set(place, rows.embeddings.subarray(row * rows.dimensions, (row + 1) * rows.dimensions));
      this.#values.all.set(values, place * width);
      this.#facts[place * factWidth] = rows.promptTokens[row] ?? 0;
      this.#facts[place * factWidth + 1] = 1;
      const cells = observedIn(values);
      this.#cells[place] = cells;
      this.#facts[place * factWidth + 2] = cells === 1 ? values.findIndex((value) => !Number.isNaN(value)) : -1;
    }
    this.#trainedDirections = shareRows(directions);
  }

  append(model: string, value: number, weight: number, promptTokens: number, embedding: Float32Array | null): void {
    const column = this.models.find(model) >= 0 ? this.models.find(model) : this.#addModel(model);
    this.#count(column, weight, value, promptTokens);
    // Without a direction a fact is nobody's neighbour, but still part of the model's mean.
    if (embedding === null) return;
    const row = this.#trained + this.#next;
    this.#onlineDirections.set(this.#next, embedding);
    this.#next = (this.#next + 1) % this.#maxOnline;
    this.#makeRoom(row + 1);
    const width = this.models.size;
    this.#values.all.fill(NaN, row * width, (row + 1) * width);
    this.#values.all[row * width + column] = value;
    this.#facts[row * factWidth] = promptTokens;
    this.#facts[row * factWidth + 1] = weight;
    this.#facts[row * factWidth + 2] = column;
    this.#cells[row] = 1;
  }

  /** Weights are (cosine / best cosine)^sharpness; the neighbourhood holds k values per model on average. */
  near(embedding: Float32Array, k: number, sharpness: number): Near {
    const width = this.models.size;
    const found = this.#emptied();
    const { moments, effective } = found;
    const count = this.#rows;
    const scores = count === 0 ? null : this.#scoresOf(embedding);
    if (scores === null) return found;
    const { edge, edgeShare, best, rows } = this.#find(scores, this.#cells, k * width);
    const inside = lowestIn(edge + 1);
    if (best <= 0 && sharpness > 0) return found;
    const scale = 1 / Math.max(best, 1);
    const { all: values, list, weights } = this.#values;
    const facts = this.#facts;
    const cells = this.#cells;
    // Rows that saw every model share their sums of weights; only their values differ from model to model.
    let full = 0;
    let fullWeight = 0;
    let fullSquares = 0;
    let fullPrompts = 0;
    for (let n = 0; n < rows.length; n++) {
      const row = rows[n] ?? 0;
      const score = scores[row] ?? 0;
      const nearness = power(Math.max(0, score * scale), sharpness) * (score < inside ? edgeShare : 1);
      if (nearness === 0) continue;
      const promptTokens = facts[row * factWidth] ?? 0;
      const weight = nearness * (facts[row * factWidth + 1] ?? 0);
      const first = row * width;
      if (cells[row] === width) {
        fullWeight += weight;
        fullSquares += weight * weight;
        fullPrompts += weight * promptTokens;
        list[full] = row;
        weights[full++] = weight;
        continue;
      }
      const only = facts[row * factWidth + 2] ?? -1;
      if (only >= 0) {
        addMoments(moments, only * momentWidth, weight, values[first + only] ?? 0, promptTokens);
        effective[only] = (effective[only] ?? 0) + weight * weight;
        continue;
      }
      for (let column = 0; column < width; column++) {
        const value = values[first + column] ?? NaN;
        if (Number.isNaN(value)) continue;
        addMoments(moments, column * momentWidth, weight, value, promptTokens);
        effective[column] = (effective[column] ?? 0) + weight * weight;
      }
    }
    const sums = this.#values.weigh(full);
    for (let column = 0; column < width; column++) {
      const at = column * momentWidth;
      const weight = (moments[at] ?? 0) + fullWeight;
      const squares = (effective[column] ?? 0) + fullSquares;
      moments[at] = weight;
      moments[at + 1] = (moments[at + 1] ?? 0) + (sums[column * 2] ?? 0);
      moments[at + 2] = (moments[at + 2] ?? 0) + (sums[column * 2 + 1] ?? 0);
      moments[at + 3] = (moments[at + 3] ?? 0) + fullPrompts;
      effective[column] = squares > 0 ? weight ** 2 / squares : 0;
    }
    return found;
  }

  save(): State {
    const rows = this.#rows;
    return {
      version,
      data: {
        quantity: this.#context.quantity,
        dimensions: this.#context.dimensions,
        models: [...this.models.names],
        rows,
        trained: this.#trained,
        next: this.#next,
      },
      arrays: {
        directions: joined(this.#trainedDirections.view(), this.#onlineDirections.view()),
        values: this.#values.all.slice(0, rows * this.models.size),
        facts: this.#facts.slice(0, rows * factWidth),
        moments: this.moments.slice(),
      },
    };
  }

  load(state: State): void {
    const reader = new StateReader('knn', state, version);
    reader.expect('quantity', this.#context.quantity);
    reader.expect('dimensions', this.#context.dimensions);
    const names = reader.strings('models');
    const rows = reader.count('rows');
    const trained = reader.count('trained');
    const next = reader.count('next');
    const online = rows - trained;
    if (online < 0 || online > this.#maxOnline || next >= this.#maxOnline || next > online) {
      reader.refuse(`${online} rows learned while serving do not fit max_online_rows ${this.#maxOnline}`);
    }
    const directions = reader.bytes('directions', this.#onlineDirections.bytesOf(rows));
    const values = reader.doubles('values', rows * names.length);
    const facts = reader.doubles('facts', rows * factWidth);
    this.moments = reader.doubles('moments', names.length * momentWidth);
    this.models.replace(names);
    const trainedDirections = new QuantisedRows(this.#context.dimensions);
    const split = trainedDirections.bytesOf(trained);
    trainedDirections.load(directions.subarray(0, split));
    this.#trainedDirections = shareRows(trainedDirections);
    this.#onlineDirections = new QuantisedRows(this.#context.dimensions);
    this.#onlineDirections.load(directions.subarray(split));
    this.#values.lay(rows, names.length);
    this.#values.all.set(values);
    this.#facts = facts;
    this.#cells = new Int32Array(rows);
    for (let row = 0; row < rows; row++) {
      this.#cells[row] = observedIn(values.subarray(row * names.length, (row + 1) * names.length));
    }
    this.#trained = trained;
    this.#next = next;
  }

  get #rows(): number {
    return this.#trained + this.#onlineDirections.count;
  }

  #scoresOf(embedding: Float32Array): Int32Array | null {
    const trained = this.#trainedDirections.scores(embedding);
    if (trained === null || this.#onlineDirections.count === 0) return trained;
    const online = this.#onlineDirections.scores(embedding) ?? new Int32Array(0);
    if (this.#scores.length !== this.#rows) this.#scores = new Int32Array(this.#rows);
    this.#scores.set(trained);
    this.#scores.set(online, this.#trained);
    return this.#scores;
  }

  #emptied(): Near {
    const near = this.#near;
    if (near.effective.length === this.models.size) {
      near.moments.fill(0);
      near.effective.fill(0);
    } else {
      near.moments = new Float64Array(this.models.size * momentWidth);
      near.effective = new Float64Array(this.models.size);
    }
    return near;
  }

  #count(column: number, weight: number, value: number, promptTokens: number): void {
    addMoments(this.moments, column * momentWidth, weight, value, promptTokens);
  }

  #addModel(model: string): number {
    const before = this.models.size;
    const column = this.models.add(model);
    const width = before + 1;
    this.#values.grow(this.#cells.length, width, NaN);
    const moments = new Float64Array(width * momentWidth);
    moments.set(this.moments);
    this.moments = moments;
    return column;
  }

  #makeRoom(rows: number): void {
    if (rows <= this.#cells.length) return;
    const capacity = Math.min(this.#trained + this.#maxOnline, Math.max(16, Math.ceil(rows * 1.5)));
    const grow = (from: Float64Array, length: number): Float64Array => {
      const larger = new Float64Array(length);
      larger.set(from);
      return larger;
    };
    this.#values.grow(capacity, this.models.size, 0);
    this.#facts = grow(this.#facts, capacity * factWidth);
    const cells = new Int32Array(capacity);
    cells.set(this.#cells);
    this.#cells = cells;
  }
}

const observedIn = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0);

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
