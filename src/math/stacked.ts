import type { Estimator, EstimatorContext, EstimatorInput, Prediction, TrainingRows } from '../core/estimator.ts';
import type { Candidate } from '../core/candidate.ts';
import type { Observation } from '../core/learner.ts';
import type { Json, State, TypedArray } from '../core/state.ts';
import { calibrate, fitCalibrations, uncalibrated, type ModelCalibration } from './model-calibration.ts';
import { heldOutParts, takeRows } from './held-out-parts.ts';
import { ModelIndex } from './model-index.ts';
import { canonicalOrder } from './row-order.ts';
import { chooseMixture, mixParts } from './stack-choice.ts';
import { StateReader } from './state-reader.ts';
import { checkTrainingRows } from './training-rows.ts';
import { newDoubles } from './slab.ts';

const version = 2;
/** With fewer rows there is nothing to hold out, and all components weigh alike. */
export const fewestStacked = 60;

export interface StackPlan {
  readonly owner: string;
  readonly folds: number;
  /** [components] as they were chosen; null: `fit` chooses. */
  readonly weights: Float64Array | null;
  /** Outcomes that a prediction as it is is worth against its calibration; null: as the weights were chosen, or none. */
  readonly strength: number | null;
  /** Fresh components, always the same ones in the same order. */
  readonly components: () => readonly Estimator[];
}

/**
 * Out-of-fold stacking: components predict rows that they were not fitted on; from these predictions it is chosen which
 * components count how much and how they are calibrated (`chooseMixture`), and last the chosen are fitted to all rows.
 */
export class Stacked implements Estimator {
  readonly #plan: StackPlan;
  readonly #context: EstimatorContext;
  readonly #models = new ModelIndex();
  #components: readonly Estimator[];
  #weights: Float64Array;
  #calibrations: readonly ModelCalibration[] = [];

  constructor(plan: StackPlan, context: EstimatorContext) {
    this.#plan = plan;
    this.#context = context;
    this.#components = plan.components();
    this.#weights = evenWeights(this.#components.length);
  }

  fit(rows: TrainingRows): void {
    checkTrainingRows(this.#plan.owner, rows, this.#context);
    const { quantity } = this.#context;
    const { weights, strength, folds } = this.#plan;
    this.#models.replace(rows.models);
    this.#components = this.#plan.components();
    this.#weights = weights ?? evenWeights(this.#components.length);
    this.#calibrations = rows.models.map(() => uncalibrated);
    const isChosen = weights !== null && strength === null;
    if (!isChosen && rows.promptTokens.length >= fewestStacked) {
      const held = heldOutParts(quantity, rows, folds, this.#plan.components);
      const chosen = weights === null ? chooseMixture(held) : undefined;
      this.#weights = chosen?.weights ?? this.#weights;
      const mixed = mixParts(held.parts, this.#weights);
      const counts = strength ?? chosen?.strength ?? Infinity;
      this.#calibrations = fitCalibrations(quantity, mixed, held.values, held.models, counts);
    }
    const ordered = takeRows(rows, canonicalOrder(rows));
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
    const mean = newDoubles(candidates.length);
    const deviation = newDoubles(candidates.length);
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
      mean[i] = calibrate(this.#context.quantity, this.#calibrations[this.#models.find(model)], mean[i] ?? 0);
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
}

const evenWeights = (count: number): Float64Array => new Float64Array(count).fill(1 / Math.max(1, count));

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
