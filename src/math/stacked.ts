import type { Estimator, EstimatorContext, EstimatorInput, Prediction, TrainingRows } from '../core/estimator.ts';
import type { Candidate } from '../core/candidate.ts';
import type { Observation } from '../core/learner.ts';
import type { Json, State, TypedArray } from '../core/state.ts';
import { convexWeights } from './convex-weights.ts';
import { fitIsotonic, isotonicAt, type Isotonic } from './isotonic.ts';
import { ModelIndex } from './model-index.ts';
import { canonicalOrder } from './row-order.ts';
import { StateReader } from './state-reader.ts';
import { checkTrainingRows } from './training-rows.ts';
import { clamp } from './vectors.ts';

const version = 1;
/** With fewer rows there is nothing to hold out, and all components weigh alike. */
const fewestRows = 60;
/** Held-out rows that weights and calibration are fitted on; more of them would not be chosen better, only slower. */
const mostJudged = 5000;

export interface StackPlan {
  readonly owner: string;
  readonly folds: number;
  /** Outcomes that a prediction as it is is worth against its calibration. */
  readonly strength: number;
  /** Fresh components, always the same ones in the same order. */
  components(): readonly Estimator[];
}

/** What one model's stacked prediction is turned into. */
interface Calibration {
  /** Quality: what held-out predictions came to. */
  readonly steps: Isotonic;
  /** Amounts: true total / predicted total. */
  readonly ratio: number;
  /** How much of it counts, in [0, 1): n / (n + strength). */
  readonly share: number;
}

/**
 * Out-of-fold stacking: components predict rows that they were not fitted on; non-negative weights with sum 1 are
 * fitted to these predictions, then a calibration per model, and last the components to all rows.
 */
export class Stacked implements Estimator {
  readonly #plan: StackPlan;
  readonly #context: EstimatorContext;
  readonly #models = new ModelIndex();
  #components: readonly Estimator[];
  #weights: Float64Array;
  #calibrations: readonly Calibration[] = [];

  constructor(plan: StackPlan, context: EstimatorContext) {
    this.#plan = plan;
    this.#context = context;
    this.#components = plan.components();
    this.#weights = evenWeights(this.#components.length);
  }

  fit(rows: TrainingRows): void {
    checkTrainingRows(this.#plan.owner, rows, this.#context);
    const ordered = takeOrdered(rows, canonicalOrder(rows));
    const scales = scalesOf(ordered, this.#context.quantity === 'quality');
    const count = ordered.promptTokens.length;
    this.#models.replace(rows.models);
    this.#components = this.#plan.components();
    this.#weights = evenWeights(this.#components.length);
    this.#calibrations = rows.models.map(() => uncalibrated);
    if (count >= fewestRows) {
      const judged = Math.min(count, mostJudged);
      const outOfFold = this.#outOfFold(ordered, judged);
      this.#weights = fitWeights(outOfFold, ordered.values.subarray(0, judged * rows.models.length), scales);
      this.#calibrations = this.#calibrate(outOfFold, ordered, judged, scales);
    }
    this.#components.forEach((component, k) => {
      if ((this.#weights[k] ?? 0) > 0) component.fit(ordered);
    });
  }

  update(observation: Observation): void {
    this.#components.forEach((component, k) => {
      if ((this.#weights[k] ?? 0) > 0) component.update(observation);
    });
  }

  predict(input: EstimatorInput, candidates: readonly Candidate[]): Prediction {
    const mean = new Float64Array(candidates.length);
    const deviation = new Float64Array(candidates.length);
    this.#components.forEach((component, k) => {
      const weight = this.#weights[k] ?? 0;
      if (weight === 0) return;
      const predicted = component.predict(input, candidates);
      for (let i = 0; i < mean.length; i++) {
        mean[i] = (mean[i] ?? 0) + weight * (predicted.mean[i] ?? 0);
        // Components err together: they learned from the same rows.
        deviation[i] = (deviation[i] ?? 0) + weight * (predicted.deviation[i] ?? 0);
      }
    });
    candidates.forEach(({ model }, i) => {
      mean[i] = this.#calibrated(this.#calibrations[this.#models.find(model)], mean[i] ?? 0);
    });
    return { mean, deviation };
  }

  save(): State {
    const data: Record<string, Json> = {
      quantity: this.#context.quantity,
      dimensions: this.#context.dimensions,
      models: [...this.#models.names],
      steps: this.#calibrations.map(({ steps }) => steps.from.length),
    };
    const arrays: Record<string, TypedArray> = {
      weights: this.#weights.slice(),
      calibrations: Float64Array.from(this.#calibrations.flatMap(({ ratio, share }) => [ratio, share])),
      from: Float64Array.from(this.#calibrations.flatMap(({ steps }) => [...steps.from])),
      to: Float64Array.from(this.#calibrations.flatMap(({ steps }) => [...steps.to])),
    };
    this.#components.forEach((component, k) => {
      if ((this.#weights[k] ?? 0) === 0) return;
      const state = component.save();
      data[`${k}.version`] = state.version;
      for (const [key, value] of Object.entries(state.data)) data[`${k}.${key}`] = value;
      for (const [key, value] of Object.entries(state.arrays)) arrays[`${k}.${key}`] = value;
    });
    return { version, data, arrays };
  }

  load(state: State): void {
    const reader = new StateReader(this.#plan.owner, state, version);
    reader.expect('quantity', this.#context.quantity);
    reader.expect('dimensions', this.#context.dimensions);
    const names = reader.strings('models');
    const sizes = reader.counts('steps');
    if (sizes.length !== names.length) reader.refuse('steps does not tell one size per model');
    const components = this.#plan.components();
    const weights = reader.doubles('weights', components.length);
    const facts = reader.doubles('calibrations', 2 * sizes.length);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const from = reader.doubles('from', total);
    const to = reader.doubles('to', total);
    components.forEach((component, k) => {
      if ((weights[k] ?? 0) > 0) component.load(partOf(state, `${k}.`, reader.count(`${k}.version`)));
    });
    let at = 0;
    this.#calibrations = sizes.map((size, m) => {
      const steps = { from: from.slice(at, at + size), to: to.slice(at, at + size) };
      at += size;
      return { steps, ratio: facts[2 * m] ?? 1, share: facts[2 * m + 1] ?? 0 };
    });
    this.#models.replace(names);
    this.#components = components;
    this.#weights = weights;
  }

  /** [components] predictions [judged x models] by components that did not see the row's fold. */
  #outOfFold(rows: TrainingRows, judged: number): readonly Float64Array[] {
    const models = rows.models.length;
    const candidates = rows.models.map((model) => ({ model, price: null }));
    const out = this.#components.map(() => new Float64Array(judged * models));
    const count = rows.promptTokens.length;
    const everyRow = Array.from({ length: count }, (_, row) => row);
    const { folds } = this.#plan;
    for (let fold = 0; fold < folds; fold++) {
      const start = foldStart(rows, Math.floor((fold * judged) / folds), judged);
      const end = foldStart(rows, Math.floor(((fold + 1) * judged) / folds), judged);
      const rest = takeOrdered(
        rows,
        everyRow.filter((row) => row < start || row >= end),
      );
      this.#plan.components().forEach((component, k) => {
        component.fit(rest);
        for (let row = start; row < end; row++) {
          out[k]?.set(component.predict(inputOf(rows, row), candidates).mean, row * models);
        }
      });
    }
    return out;
  }

  #calibrate(
    outOfFold: readonly Float64Array[],
    rows: TrainingRows,
    judged: number,
    scales: Float64Array,
  ): readonly Calibration[] {
    const models = rows.models.length;
    return rows.models.map((_, m) => {
      const predicted: number[] = [];
      const actual: number[] = [];
      for (let row = 0; row < judged; row++) {
        const value = rows.values[row * models + m] ?? NaN;
        if (Number.isNaN(value)) continue;
        let mean = 0;
        outOfFold.forEach((part, k) => (mean += (this.#weights[k] ?? 0) * (part[row * models + m] ?? 0)));
        predicted.push(mean);
        actual.push(value);
      }
      const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
      const expected = sum(predicted);
      return {
        steps:
          (scales[m] ?? 0) > 0 && this.#context.quantity === 'quality'
            ? fitIsotonic(Float64Array.from(predicted), Float64Array.from(actual))
            : uncalibrated.steps,
        ratio: expected > 0 ? sum(actual) / expected : 1,
        share: actual.length / (actual.length + this.#plan.strength),
      };
    });
  }

  #calibrated(calibration: Calibration | undefined, mean: number): number {
    const { quantity } = this.#context;
    if (calibration === undefined) return quantity === 'quality' ? clamp(mean, 0, 1) : mean;
    const { steps, ratio, share } = calibration;
    const turned = quantity === 'quality' ? isotonicAt(steps, mean) : mean * ratio;
    const blended = mean + share * (turned - mean);
    return quantity === 'quality' ? clamp(blended, 0, 1) : Math.max(0, blended);
  }
}

const uncalibrated: Calibration = {
  steps: { from: new Float64Array(0), to: new Float64Array(0) },
  ratio: 1,
  share: 0,
};

const evenWeights = (count: number): Float64Array => new Float64Array(count).fill(1 / Math.max(1, count));

/** Squared errors count in units of each model's mean, so that dear models do not drown the others. */
function fitWeights(parts: readonly Float64Array[], values: Float64Array, scales: Float64Array): Float64Array {
  const count = parts.length;
  const products = new Float64Array(count * count);
  const targets = new Float64Array(count);
  values.forEach((value, cell) => {
    const scale = scales[cell % scales.length] ?? 0;
    if (Number.isNaN(value) || scale === 0) return;
    const weight = 1 / (scale * scale);
    for (let j = 0; j < count; j++) {
      const left = parts[j]?.[cell] ?? 0;
      targets[j] = (targets[j] ?? 0) + weight * left * value;
      for (let k = 0; k < count; k++) {
        products[j * count + k] = (products[j * count + k] ?? 0) + weight * left * (parts[k]?.[cell] ?? 0);
      }
    }
  });
  return convexWeights(products, targets);
}

/** [models] 1 for quality, else the mean; 0 where nothing was observed. */
function scalesOf({ models, values }: TrainingRows, isQuality: boolean): Float64Array {
  return Float64Array.from(models, (_, m) => {
    let sum = 0;
    let seen = 0;
    for (let cell = m; cell < values.length; cell += models.length) {
      const value = values[cell] ?? NaN;
      if (Number.isNaN(value)) continue;
      sum += value;
      seen++;
    }
    return seen === 0 ? 0 : isQuality ? 1 : sum / seen;
  });
}

/** The first row at or after `wanted` whose embedding differs from the row before, so that equal queries share a fold. */
function foldStart({ embeddings, dimensions }: TrainingRows, wanted: number, judged: number): number {
  let row = wanted;
  const sameAsBefore = (): boolean => {
    for (let i = row * dimensions; i < (row + 1) * dimensions; i++) {
      if (embeddings[i] !== embeddings[i - dimensions]) return false;
    }
    return true;
  };
  while (row > 0 && row < judged && sameAsBefore()) row++;
  return row;
}

const inputOf = (rows: TrainingRows, row: number): EstimatorInput => ({
  embedding: rows.embeddings.subarray(row * rows.dimensions, (row + 1) * rows.dimensions),
  promptTokens: rows.promptTokens[row] ?? 0,
});

function takeOrdered(rows: TrainingRows, order: ArrayLike<number>): TrainingRows {
  const { dimensions, models } = rows;
  const embeddings = new Float32Array(order.length * dimensions);
  const promptTokens = new Float64Array(order.length);
  const values = new Float64Array(order.length * models.length);
  for (let place = 0; place < order.length; place++) {
    const row = order[place] ?? 0;
    embeddings.set(rows.embeddings.subarray(row * dimensions, (row + 1) * dimensions), place * dimensions);
    promptTokens[place] = rows.promptTokens[row] ?? 0;
    values.set(rows.values.subarray(row * models.length, (row + 1) * models.length), place * models.length);
  }
  return { models, dimensions, embeddings, promptTokens, values };
}

/** What `save` wrote under a prefix. */
function partOf({ data, arrays }: State, prefix: string, version: number): State {
  const strip = <Value>(from: Readonly<Record<string, Value>>): Record<string, Value> =>
    Object.fromEntries(
      Object.entries(from).flatMap(([key, value]) =>
        key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
      ),
    );
  return { version, data: strip(data), arrays: strip(arrays) };
}
