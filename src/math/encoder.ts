import type { Random } from '../core/random.ts';

/** Two layers with a smooth bend between them and a unit vector at the end. */
export interface EncoderShape {
  readonly width: number;
  readonly hidden: number;
  readonly output: number;
}

/** Layer 1 [width x hidden], its intercepts, layer 2 [output x hidden]. */
export const encoderParameters = ({ width, hidden, output }: EncoderShape): number =>
  width * hidden + hidden + output * hidden;

/** What the way back needs of the way there. */
export interface Encoding {
  readonly before: Float64Array;
  readonly bent: Float64Array;
  /** Length 1. */
  readonly unit: Float64Array;
  length: number;
}

export const newEncoding = ({ hidden, output }: EncoderShape): Encoding => ({
  before: new Float64Array(hidden),
  bent: new Float64Array(hidden),
  unit: new Float64Array(output),
  length: 1,
});

/** For inputs of length 1: every layer keeps about the length. */
export function startEncoder(parameters: Float64Array, shape: EncoderShape, random: Random): void {
  const { width, hidden, output } = shape;
  for (let i = 0; i < width * hidden; i++) parameters[i] = random.normal();
  const second = width * hidden + hidden;
  for (let i = 0; i < output * hidden; i++) parameters[second + i] = random.normal() / Math.sqrt(hidden);
}

const shapeOfBend = Math.sqrt(2 / Math.PI);
const cubic = 0.044715;

/** u = h / |h|, h = W2 gelu(W1 x + b); gelu in its tanh form (arXiv 1606.08415). */
export function encode(
  parameters: Float64Array,
  shape: EncoderShape,
  inputs: Float32Array | Float64Array,
  from: number,
  out: Encoding,
): void {
  const { width, hidden, output } = shape;
  const { before, bent, unit } = out;
  const intercepts = width * hidden;
  for (let h = 0; h < hidden; h++) before[h] = parameters[intercepts + h] ?? 0;
  for (let i = 0; i < width; i++) {
    const value = inputs[from + i] ?? 0;
    if (value === 0) continue;
    const row = i * hidden;
    for (let h = 0; h < hidden; h++) before[h] = (before[h] ?? 0) + value * (parameters[row + h] ?? 0);
  }
  for (let h = 0; h < hidden; h++) {
    const value = before[h] ?? 0;
    bent[h] = 0.5 * value * (1 + Math.tanh(shapeOfBend * (value + cubic * value ** 3)));
  }
  const second = intercepts + hidden;
  let square = 0;
  for (let o = 0; o < output; o++) {
    let sum = 0;
    const row = second + o * hidden;
    for (let h = 0; h < hidden; h++) sum += (parameters[row + h] ?? 0) * (bent[h] ?? 0);
    unit[o] = sum;
    square += sum * sum;
  }
  out.length = Math.max(Math.sqrt(square), 1e-12);
  for (let o = 0; o < output; o++) unit[o] = (unit[o] ?? 0) / out.length;
}

/** Adds the gradient that a slope in the unit vector brings about. Spoils `slope`. */
export function encodeBack(
  parameters: Float64Array,
  shape: EncoderShape,
  inputs: Float32Array | Float64Array,
  from: number,
  encoding: Encoding,
  slope: Float64Array,
  gradient: Float64Array,
): void {
  const { width, hidden, output } = shape;
  const { before, bent, unit, length } = encoding;
  const intercepts = width * hidden;
  const second = intercepts + hidden;
  let along = 0;
  for (let o = 0; o < output; o++) along += (slope[o] ?? 0) * (unit[o] ?? 0);
  const back = new Float64Array(hidden);
  for (let o = 0; o < output; o++) {
    const each = ((slope[o] ?? 0) - along * (unit[o] ?? 0)) / length;
    const row = second + o * hidden;
    for (let h = 0; h < hidden; h++) {
      gradient[row + h] = (gradient[row + h] ?? 0) + each * (bent[h] ?? 0);
      back[h] = (back[h] ?? 0) + each * (parameters[row + h] ?? 0);
    }
  }
  for (let h = 0; h < hidden; h++) {
    const value = before[h] ?? 0;
    const bend = Math.tanh(shapeOfBend * (value + cubic * value ** 3));
    const turn = (1 - bend * bend) * shapeOfBend * (1 + 3 * cubic * value * value);
    back[h] = (back[h] ?? 0) * (0.5 * (1 + bend) + 0.5 * value * turn);
    gradient[intercepts + h] = (gradient[intercepts + h] ?? 0) + (back[h] ?? 0);
  }
  for (let i = 0; i < width; i++) {
    const value = inputs[from + i] ?? 0;
    if (value === 0) continue;
    const row = i * hidden;
    for (let h = 0; h < hidden; h++) gradient[row + h] = (gradient[row + h] ?? 0) + value * (back[h] ?? 0);
  }
}
