import { Type } from 'typebox';
import type { Candidate } from '../core/candidate.ts';
import type { Estimator, EstimatorContext, TrainingRows } from '../core/estimator.ts';
import type { Observation } from '../core/learner.ts';
import type { Json, TypedArray } from '../core/state.ts';
import { ModelIndex } from './model-index.ts';
import {
  heldPrompt,
  noPromptScale,
  placeInput,
  prepareRows,
  promptScaleOf,
  widthOf,
  type PreparedRows,
  type PromptScale,
} from './prepared-rows.ts';
import { priorOutputTokens } from './price.ts';
import { ResidualModels } from './residual-models.ts';
import { canonicalOrder } from './row-order.ts';
import { addMoments, deviationOf, meanOf, momentWidth, priorBelief, shrink } from './running-mean.ts';
import type { Belief, MeanPrior } from './running-mean.ts';
import { StateReader } from './state-reader.ts';
import { checkTrainingRows, inRange } from './training-rows.ts';
import { newDoubles } from './slab.ts';

/** What a family learned from rows and never changes afterwards. */
export interface TrainedPart {
  /** Writes the expected values [models], in units of each model's scale, for an input [width]. */
  predict(input: Float64Array, out: Float64Array): void;
  save(): { readonly data: Readonly<Record<string, Json>>; readonly arrays: Readonly<Record<string, TypedArray>> };
}

/** One way to learn from a matrix of outcomes. Reads rows in their order, which is canonical. */
export interface Family {
  readonly name: string;
  /** Of the state; changes when its meaning does. */
  readonly version: number;
  /** Learns from preferences while serving, too. */
  readonly compares?: true | undefined;
  /** For amounts other than cost: what is believed of a model never seen, in the quantity's unit. */
  readonly prior?: number;
  /** At least one row. `models` are the ids of the columns. */
  fit(rows: PreparedRows, models: readonly string[]): TrainedPart;
  /** Throws `invalid_data` through the reader. */
  load(reader: StateReader, models: number, width: number): TrainedPart;
}

/** Options that every trained family has. */
export const trainedOptions = {
  prior_mean: Type.Number({ minimum: 0, maximum: 1, default: 0.5, description: 'Quality of a model never seen.' }),
  prior_output_tokens: Type.Number({
    minimum: 0,
    default: priorOutputTokens,
    description: 'Length of an answer, in tokens, before any was seen.',
  }),
  online_penalty: Type.Number({
    minimum: 1e-3,
    maximum: 1e6,
    default: 10,
    description: 'Penalty on what is learned while serving; larger corrects less by the query.',
  }),
  training_worth: Type.Number({
    minimum: 1,
    default: 1000,
    description: 'How many outcomes learned while serving the training of a model is worth, at most.',
  }),
};

export const trainedDefaults = {
  prior_mean: 0.5,
  prior_output_tokens: priorOutputTokens,
  online_penalty: 10,
  training_worth: 1000,
};

/** How all trained families learn from single outcomes; the end of their `source`. */
export const onlineNote =
  ' The trained part stays as it is while serving: what single outcomes teach is a Bayesian linear correction per model ' +
  'on a 64-number fold of the query, which takes the training for evidence that nothing is wrong. Amounts are estimated in ' +
  "units of the model's mean, with the length of the prompt as one more input.";

/** Standard deviation of an unseen model's amounts in units of the prior. */
const priorSpread = 2;

/** A corrected amount is held above this share of what the model costs on average. */
const leastShare = 0.02;

/** A pair speaks of two answers at once: for each of them it is worth half a label. */
const pairWeight = 0.5;

/** A family as an estimator: what it trained, corrected by what was learned since; priors for models never seen. */
export function trainedEstimator(
  family: Family,
  options: typeof trainedDefaults,
  context: EstimatorContext,
): Estimator {
  const { quantity, dimensions } = context;
  const width = widthOf(quantity, dimensions);
  const prior: MeanPrior = { quality: options.prior_mean, outputTokens: options.prior_output_tokens, strength: 1 };
  const belief: Belief = { mean: 0, variance: 0, promptTokens: 0 };
  const input = new Float64Array(width);
  const models = new ModelIndex();
  const corrections = new ResidualModels(width, options.online_penalty);
  let moments: Float64Array = new Float64Array(0);
  let part: TrainedPart | null = null;
  /** [trained models] units of the trained part; 0 where training saw no outcome of the model. */
  let scales: Float64Array = new Float64Array(0);
  let trained = new Float64Array(0);
  let promptScale: PromptScale = noPromptScale;

  const believe = (candidate: Candidate, promptTokens: number): void => {
    priorBelief(quantity, candidate, promptTokens, prior, belief);
    if (family.prior === undefined) return;
    belief.mean = family.prior;
    belief.variance = (priorSpread * family.prior) ** 2;
  };

  const columnOf = (model: string): number => {
    const column = models.add(model);
    if ((column + 1) * momentWidth > moments.length) {
      const larger = new Float64Array((column + 1) * momentWidth);
      larger.set(moments);
      moments = larger;
    }
    return column;
  };

  const place = (embedding: Float32Array | null, promptTokens: number): void => {
    placeInput(input, 0, quantity, embedding, promptTokens, promptScale);
    part?.predict(input, trained);
    corrections.place(input);
  };

  /**
   * Of two answers that are right or wrong, ties at half: P(win) = 1/2 + (q_a - q_b) / 2. What the pair says beyond the
   * difference that was expected moves both models by half, one up and one down.
   */
  const compare = ({ model, against, value, weight, promptTokens, embedding }: Observation): void => {
    if (against === undefined || against === model || !(value >= 0 && value <= 1)) return;
    const places = [columnOf(model), columnOf(against)] as const;
    const asked = { embedding: embedding ?? new Float32Array(dimensions), promptTokens };
    const { mean } = estimator.predict(
      asked,
      [model, against].map((id) => ({ model: id, price: null })),
    );
    const half = (2 * value - 1 - ((mean[0] ?? 0) - (mean[1] ?? 0))) / 2;
    const [own, other] = places.map((place) => corrections.value(place));
    corrections.update(places[0], (own ?? 0) + half, weight * pairWeight);
    corrections.update(places[1], (other ?? 0) - half, weight * pairWeight);
  };

  const estimator: Estimator = {
    fit(rows) {
      checkTrainingRows(family.name, rows, context);
      models.replace(rows.models);
      moments = momentsOf(rows);
      scales = Float64Array.from(rows.models, (_, m) => {
        const seen = moments[m * momentWidth] ?? 0;
        const mean = (moments[m * momentWidth + 1] ?? 0) / seen;
        return seen === 0 ? 0 : quantity === 'quality' ? 1 : Math.max(mean, 1e-12);
      });
      promptScale = promptScaleOf(rows.promptTokens);
      trained = new Float64Array(rows.models.length);
      const units = scales.map((scale) => (scale === 0 ? 1 : scale));
      const prepared = prepareRows(rows, quantity, units, promptScale);
      part = scales.some((scale) => scale > 0) ? family.fit(prepared, rows.models) : null;
      corrections.fit(prepared, options.training_worth);
    },
    update(observation) {
      const { model, value, weight, promptTokens, embedding, quantity: of } = observation;
      if (!(weight > 0) || (embedding !== null && embedding.length !== dimensions)) return;
      if (of === 'preference' && quantity === 'quality' && family.compares === true) compare(observation);
      if (of !== quantity || !inRange(quantity, value)) return;
      const column = columnOf(model);
      addMoments(moments, column * momentWidth, weight, value, promptTokens);
      place(embedding, promptTokens);
      const offset = column * momentWidth;
      const running = (moments[offset + 1] ?? 0) / (moments[offset] ?? 1);
      const scale = scales[column] ?? 0;
      const expected = scale > 0 ? (trained[column] ?? 0) * scale : running;
      const unit = quantity === 'quality' ? 1 : scale > 0 ? scale : running;
      // A model that always cost nothing has no unit, and nothing to correct.
      corrections.update(column, unit > 0 ? (value - expected) / unit : 0, weight);
    },
    predict({ embedding, promptTokens }, candidates) {
      place(embedding, promptTokens);
      const mean = newDoubles(candidates.length);
      const deviation = newDoubles(candidates.length);
      for (const [i, candidate] of candidates.entries()) {
        const column = models.find(candidate.model);
        believe(candidate, promptTokens);
        if (column >= 0) {
          shrink(belief, prior.strength, moments, column * momentWidth);
          const scale = scales[column] ?? 0;
          const unit = quantity === 'quality' ? 1 : scale > 0 ? scale : belief.mean;
          const least = quantity === 'quality' ? 0 : leastShare * unit;
          if (scale > 0) {
            belief.mean = (trained[column] ?? 0) * scale;
            belief.promptTokens = heldPrompt(promptTokens, promptScale);
          }
          belief.mean = Math.max(Math.min(least, belief.mean), belief.mean + unit * corrections.value(column));
        }
        // Only dollars are carried to other lengths by the price.
        if (quantity !== 'cost') belief.promptTokens = promptTokens;
        belief.variance *= corrections.spread(column);
        mean[i] = meanOf(quantity, belief, candidate, promptTokens);
        deviation[i] = deviationOf(quantity, belief, 0);
      }
      return { mean, deviation };
    },
    save() {
      const fitted = part?.save();
      const corrected = corrections.save();
      const { mean, deviation, shortest, longest } = promptScale;
      return {
        version: family.version,
        data: {
          ...corrected.data,
          ...fitted?.data,
          quantity,
          dimensions,
          models: [...models.names],
          trained: scales.length,
          fitted: part === null ? 0 : 1,
        },
        arrays: {
          ...corrected.arrays,
          ...fitted?.arrays,
          moments: moments.slice(),
          scales: scales.slice(),
          prompts: Float64Array.of(mean, deviation, shortest, longest),
        },
      };
    },
    load(state) {
      const reader = new StateReader(family.name, state, family.version);
      reader.expect('quantity', quantity);
      reader.expect('dimensions', dimensions);
      const names = reader.strings('models');
      const count = reader.count('trained');
      if (count > names.length) reader.refuse('more models were trained than are named');
      const [mean = 0, deviation = 1, shortest = 0, longest = 0] = reader.doubles('prompts', 4);
      const loaded = {
        moments: reader.doubles('moments', names.length * momentWidth),
        scales: reader.doubles('scales', count),
        part: reader.count('fitted') === 0 ? null : family.load(reader, count, width),
      };
      corrections.load(reader);
      models.replace(names);
      ({ moments, scales, part } = loaded);
      trained = new Float64Array(count);
      promptScale = { mean, deviation, shortest, longest };
    },
  };
  return estimator;
}

/** [models x momentWidth], summed in canonical order. */
function momentsOf(rows: TrainingRows): Float64Array {
  const width = rows.models.length;
  const moments = new Float64Array(width * momentWidth);
  for (const row of canonicalOrder(rows)) {
    for (let m = 0; m < width; m++) {
      const value = rows.values[row * width + m] ?? NaN;
      if (!Number.isNaN(value)) addMoments(moments, m * momentWidth, 1, value, rows.promptTokens[row] ?? 0);
    }
  }
  return moments;
}
