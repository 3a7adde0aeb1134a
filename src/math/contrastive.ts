import type { Random } from '../core/random.ts';
import type { Trainable } from './adam.ts';
import {
  encode,
  encodeBack,
  encoderParameters,
  newEncoding,
  startEncoder,
  type EncoderShape,
  type Encoding,
} from './encoder.ts';
import type { Contrast } from './model-contrasts.ts';
import type { PreparedRows } from './prepared-rows.ts';
import { dot } from './vectors.ts';

export interface ContrastiveShape extends EncoderShape {
  readonly models: number;
}

export interface ContrastivePlan {
  /** Weight of the sample-sample loss. */
  readonly sampleWeight: number;
  /** Queries of other clusters that each query is told apart from. */
  readonly strangers: number;
  /** Penalty on the encoder and the keys per row: decay / 2 x square. */
  readonly decay: number;
}

/** Blocks behind the encoder's: keys [models x output], then the logarithm of the temperature. */
const keysAt = (shape: ContrastiveShape): number => encoderParameters(shape);
const temperatureAt = (shape: ContrastiveShape): number => keysAt(shape) + shape.models * shape.output;
export const contrastiveParameters = (shape: ContrastiveShape): number => temperatureAt(shape) + 1;

const firstTemperature = 0.1;

/** Normal keys, an encoder that keeps lengths, and a temperature of 0.1. */
export function startContrastive(shape: ContrastiveShape, random: Random): Float64Array {
  const parameters = new Float64Array(contrastiveParameters(shape));
  startEncoder(parameters, shape, random);
  for (let i = keysAt(shape); i < temperatureAt(shape); i++) parameters[i] = random.normal();
  parameters[temperatureAt(shape)] = Math.log(firstTemperature);
  return parameters;
}

/** Keys brought to length 1, and the lengths they had. */
export function unitKeys(
  parameters: Float64Array,
  shape: ContrastiveShape,
): { readonly keys: Float64Array; readonly lengths: Float64Array } {
  const { models, output } = shape;
  const keys = parameters.slice(keysAt(shape), temperatureAt(shape));
  const lengths = new Float64Array(models);
  for (let m = 0; m < models; m++) {
    let square = 0;
    for (let o = 0; o < output; o++) square += (keys[m * output + o] ?? 0) ** 2;
    lengths[m] = Math.max(Math.sqrt(square), 1e-12);
    for (let o = 0; o < output; o++) keys[m * output + o] = (keys[m * output + o] ?? 0) / (lengths[m] ?? 1);
  }
  return { keys, lengths };
}

/**
 * RouterDC's two losses over a batch. Sample-LLM: for each contrast (a model that should stand near the query, those
 * that should not), −log of its softmax share at s_m = cos(h(x), k_m) / T. Sample-sample: the next query of the batch
 * in the same cluster against the next few of other clusters, −log of its softmax share of cosines.
 * @param contrastsOf gives the contrasts of a row. @param clusterOf [rows].
 */
export function trainableContrastive(
  rows: PreparedRows,
  shape: ContrastiveShape,
  parameters: Float64Array,
  contrastsOf: (row: number) => readonly Contrast[],
  clusterOf: Int32Array,
  plan: ContrastivePlan,
): Trainable {
  const { models, output, width } = shape;
  const spare: Encoding[] = [];
  return {
    parameters,
    accumulate(batch, gradient) {
      const { keys, lengths } = unitKeys(parameters, shape);
      const temperature = Math.exp(parameters[temperatureAt(shape)] ?? 0);
      const keyBack = new Float64Array(models * output);
      let temperatureBack = 0;
      let loss = 0;
      const encodings = batch.map((row, i) => {
        const encoding = (spare[i] ??= newEncoding(shape));
        encode(parameters, shape, rows.inputs, row * width, encoding);
        return encoding;
      });
      const backs = batch.map(() => new Float64Array(output));
      batch.forEach((row, i) => {
        const unit = encodings[i]?.unit ?? new Float64Array(output);
        const back = backs[i] ?? new Float64Array(output);
        const cosines = Float64Array.from({ length: models }, (_, m) => dot(unit, keys, m * output, output));
        for (const { positive, negatives, scale } of contrastsOf(row)) {
          const sharpness = scale / temperature;
          const shares = softmax([positive, ...negatives].map((m) => sharpness * (cosines[m] ?? 0)));
          loss -= Math.log(Math.max(shares[0] ?? 0, 1e-300));
          [positive, ...negatives].forEach((m, place) => {
            const slope = (shares[place] ?? 0) - (place === 0 ? 1 : 0);
            temperatureBack -= slope * sharpness * (cosines[m] ?? 0);
            for (let o = 0; o < output; o++) {
              back[o] = (back[o] ?? 0) + slope * sharpness * (keys[m * output + o] ?? 0);
              keyBack[m * output + o] = (keyBack[m * output + o] ?? 0) + slope * sharpness * (unit[o] ?? 0);
            }
          });
        }
      });
      if (plan.sampleWeight > 0) loss += sampleSample(batch, encodings, backs, clusterOf, plan);
      if (gradient === null) return loss;
      batch.forEach((row, i) => {
        const encoding = encodings[i];
        const back = backs[i];
        if (encoding === undefined || back === undefined) return;
        encodeBack(parameters, shape, rows.inputs, row * width, encoding, back, gradient);
      });
      for (let m = 0; m < models; m++) {
        const along = dot(keyBack.subarray(m * output, (m + 1) * output), keys, m * output, output);
        for (let o = 0; o < output; o++) {
          const at = keysAt(shape) + m * output + o;
          const slope = (keyBack[m * output + o] ?? 0) - along * (keys[m * output + o] ?? 0);
          gradient[at] = (gradient[at] ?? 0) + slope / (lengths[m] ?? 1);
        }
      }
      const at = temperatureAt(shape);
      gradient[at] = (gradient[at] ?? 0) + temperatureBack;
      const weight = plan.decay * batch.length;
      for (let i = 0; i < at; i++) {
        gradient[i] = (gradient[i] ?? 0) + weight * (parameters[i] ?? 0);
        loss += (weight / 2) * (parameters[i] ?? 0) ** 2;
      }
      return loss;
    },
  };
}

/** Adds to `backs` and gives the loss. Batches are shuffled, so 'the next' is as good as drawn. */
function sampleSample(
  batch: readonly number[],
  encodings: readonly Encoding[],
  backs: readonly Float64Array[],
  clusterOf: Int32Array,
  { sampleWeight, strangers }: ContrastivePlan,
): number {
  let loss = 0;
  batch.forEach((row, i) => {
    const others: number[] = [];
    let friend = -1;
    for (let step = 1; step < batch.length && (friend < 0 || others.length < strangers); step++) {
      const j = (i + step) % batch.length;
      if (clusterOf[batch[j] ?? 0] !== clusterOf[row]) {
        if (others.length < strangers) others.push(j);
      } else if (friend < 0) friend = j;
    }
    const unit = encodings[i]?.unit;
    if (friend < 0 || others.length === 0 || unit === undefined) return;
    const compared = [friend, ...others];
    const shares = softmax(compared.map((j) => dot(unit, encodings[j]?.unit ?? unit, 0, unit.length)));
    loss -= sampleWeight * Math.log(Math.max(shares[0] ?? 0, 1e-300));
    compared.forEach((j, place) => {
      const slope = sampleWeight * ((shares[place] ?? 0) - (place === 0 ? 1 : 0));
      const other = encodings[j]?.unit;
      const back = backs[i];
      const otherBack = backs[j];
      if (other === undefined || back === undefined || otherBack === undefined) return;
      for (let o = 0; o < unit.length; o++) {
        back[o] = (back[o] ?? 0) + slope * (other[o] ?? 0);
        otherBack[o] = (otherBack[o] ?? 0) + slope * (unit[o] ?? 0);
      }
    });
  });
  return loss;
}

function softmax(scores: readonly number[]): number[] {
  const highest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - highest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}
