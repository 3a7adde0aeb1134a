import { hash32 } from '../core/random.ts';
import type { Json, TypedArray } from '../core/state.ts';
import { PackedInverses } from './packed-inverses.ts';
import type { PreparedRows } from './prepared-rows.ts';
import type { StateReader } from './state-reader.ts';
import { dot } from './vectors.ts';

/** Longer inputs are folded into so many numbers, so that a correction costs little and learns from few outcomes. */
export const sketchWidth = 64;

interface Column {
  /** Which inverse; columns that were trained on the same rows share one until their evidence differs. */
  place: number;
  readonly coefficients: Float64Array;
}

/**
 * What is learned after training: one Bayesian linear regression per model of what the trained part got wrong, over
 * s(x) = [signed fold of the input, 1] (count sketch, arXiv 0902.2206). Training counts as evidence that the error is
 * zero where the training queries were, so a single outcome moves a well-trained model little and an untrained one much.
 */
export class ResidualModels {
  readonly #width: number;
  readonly #penalties: Float64Array;
  readonly #inverses: PackedInverses;
  readonly #slots: Int32Array;
  readonly #signs: Float64Array;
  readonly #sketch: Float64Array;
  readonly #columns: Column[] = [];
  #spreads = new Float64Array(0);
  #unseenSpread = 0;

  /** @param penalty on every folded number; the intercept's is 1. */
  constructor(width: number, penalty: number) {
    const folded = Math.min(width, sketchWidth);
    this.#width = width;
    this.#penalties = new Float64Array(folded + 1).fill(penalty);
    this.#penalties[folded] = 1;
    this.#inverses = new PackedInverses(folded + 1);
    this.#sketch = new Float64Array(folded + 1);
    const folds = width > folded;
    this.#slots = Int32Array.from({ length: width }, (_, i) => (folds ? hash32(`slot ${i}`) % folded : i));
    this.#signs = Float64Array.from({ length: width }, (_, i) => (folds && (hash32(`sign ${i}`) & 1) === 0 ? -1 : 1));
  }

  /** @param most how many outcomes the training of a model is worth, at most. */
  fit(rows: PreparedRows, most: number): void {
    this.#inverses.clear();
    this.#columns.length = 0;
    const placeOf = new Map<string, number>();
    for (let m = 0; m < rows.models; m++) {
      const seen: number[] = [];
      for (let row = 0; row < rows.count; row++) {
        if (!Number.isNaN(rows.targets[row * rows.models + m] ?? NaN)) seen.push(row);
      }
      const key = seen.length === rows.count ? 'all' : seen.join();
      let place = placeOf.get(key);
      if (place === undefined) {
        place = this.#inverses.addDiagonal(this.#penalties);
        const worth = Math.min(1, most / Math.max(1, seen.length));
        for (const row of seen) {
          this.#fold(rows.inputs, row * rows.width);
          this.#inverses.input.set(this.#sketch);
          this.#inverses.addOuter(place, worth);
        }
        this.#inverses.invert(place);
        placeOf.set(key, place);
      }
      this.#columns.push({ place, coefficients: new Float64Array(this.#inverses.n) });
    }
  }

  /** Sets the query that the other methods answer for. */
  place(input: Float64Array): void {
    this.#fold(input, 0);
    this.#inverses.input.set(this.#sketch);
    if (this.#spreads.length < this.#inverses.count) this.#spreads = new Float64Array(this.#inverses.count);
    this.#spreads.fill(NaN);
    let spread = 0;
    for (let i = 0; i < this.#sketch.length; i++) spread += (this.#sketch[i] ?? 0) ** 2 / (this.#penalties[i] ?? 1);
    this.#unseenSpread = spread;
  }

  /** s' P s: how far the query lies from the evidence, in [0, spread of a model never seen]. */
  spread(column: number): number {
    const place = this.#columns[column]?.place;
    if (place === undefined) return this.#unseenSpread;
    let spread = this.#spreads[place] ?? NaN;
    if (Number.isNaN(spread)) {
      // Rounding may take a tiny quadratic form below zero.
      spread = Math.max(0, this.#inverses.quadratic(place));
      this.#spreads[place] = spread;
    }
    return spread;
  }

  /** What the trained part is believed to get wrong here; 0 of a model never seen. */
  value(column: number): number {
    const coefficients = this.#columns[column]?.coefficients;
    return coefficients === undefined ? 0 : dot(this.#sketch, coefficients, 0, this.#sketch.length);
  }

  /** Folds in that the placed query was off by `residual`. Columns are met in order. */
  update(column: number, residual: number, weight: number): void {
    while (this.#columns.length <= column) {
      const place = this.#inverses.addDiagonal(this.#penalties.map((penalty) => 1 / penalty));
      this.#columns.push({ place, coefficients: new Float64Array(this.#inverses.n) });
    }
    const own = this.#columns[column];
    if (own === undefined) return;
    if (this.#columns.some((other) => other !== own && other.place === own.place)) {
      own.place = this.#inverses.addCopy(own.place);
    }
    this.#inverses.input.set(this.#sketch);
    const gains = this.#inverses.apply(own.place);
    const n = this.#inverses.n;
    const gain = this.#inverses.learn(own.place, weight, dot(this.#sketch, gains, 0, n));
    const step = gain * (residual - dot(this.#sketch, own.coefficients, 0, n));
    for (let i = 0; i < n; i++) own.coefficients[i] = (own.coefficients[i] ?? 0) + step * (gains[i] ?? 0);
  }

  save(): { readonly data: Readonly<Record<string, Json>>; readonly arrays: Readonly<Record<string, TypedArray>> } {
    const { size, count, n } = this.#inverses;
    const inverses = new Float64Array(count * size);
    for (let place = 0; place < count; place++) inverses.set(this.#inverses.view(place), place * size);
    const coefficients = new Float64Array(this.#columns.length * n);
    this.#columns.forEach((column, i) => coefficients.set(column.coefficients, i * n));
    return {
      data: { correctionInverses: count, correctionPlaces: this.#columns.map(({ place }) => place) },
      arrays: { correctionInverses: inverses, correctionCoefficients: coefficients },
    };
  }

  /** Throws before anything has changed. */
  load(reader: StateReader): void {
    const { size, n } = this.#inverses;
    const count = reader.count('correctionInverses');
    const places = reader.counts('correctionPlaces');
    if (places.some((place) => place >= count)) reader.refuse('a correction has no inverse');
    const inverses = reader.doubles('correctionInverses', count * size);
    const coefficients = reader.doubles('correctionCoefficients', places.length * n);
    this.#inverses.clear();
    for (let place = 0; place < count; place++) {
      this.#inverses.addDiagonal(this.#penalties);
      this.#inverses.view(place).set(inverses.subarray(place * size, (place + 1) * size));
    }
    this.#columns.length = 0;
    places.forEach((place, i) => {
      this.#columns.push({ place, coefficients: coefficients.slice(i * n, (i + 1) * n) });
    });
  }

  #fold(input: Float32Array | Float64Array, offset: number): void {
    this.#sketch.fill(0);
    for (let i = 0; i < this.#width; i++) {
      const value = input[offset + i] ?? 0;
      if (value === 0) continue;
      const slot = this.#slots[i] ?? 0;
      this.#sketch[slot] = (this.#sketch[slot] ?? 0) + (this.#signs[i] ?? 1) * value;
    }
    this.#sketch[this.#sketch.length - 1] = 1;
  }
}
