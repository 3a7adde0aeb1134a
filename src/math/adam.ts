import type { Random } from '../core/random.ts';
import { shuffle } from './choice.ts';

/** A model whose parameters are one vector, and which can say how wrong it is on some of its rows. */
export interface Trainable {
  readonly parameters: Float64Array;
  /**
   * Adds the gradient of the summed loss over these rows and gives that loss. `random` is for noise on the inputs; null
   * asks for the loss without noise.
   */
  accumulate(rows: readonly number[], gradient: Float64Array | null, random: Random | null): number;
}

export interface AdamPlan {
  readonly learningRate: number;
  readonly batch: number;
  /** At most; a small set is passed at most `passes` times, and gets 100 steps at least. */
  readonly steps: number;
  /** Default 60: more passes over a small set only learn it by heart. */
  readonly passes?: number;
  /** Evaluations of the held-out rows without progress before training ends. */
  readonly patience: number;
  /** Share of the rows that training does not see. */
  readonly heldOut: number;
}

const firstDecay = 0.9;
const secondDecay = 0.999;
const tiny = 1e-8;
/** With fewer rows there is nothing to hold out: training runs its steps. */
const fewestRows = 40;
/** More held-out rows would not tell more, only take longer. */
const mostHeldOut = 2000;
const usualPasses = 60;
const fewestSteps = 100;

export interface AdamResult {
  readonly steps: number;
  /** Rows that training did not see. */
  readonly heldOut: readonly number[];
}

/**
 * Adam (arXiv 1412.6980) over shuffled mini-batches, with a learning rate that falls to zero along a half cosine. The
 * last rows are held out; the parameters that did best on them are kept. Rows in canonical order make that a fair
 * sample, and equal queries stay on one side of it.
 */
export function trainByAdam(model: Trainable, rows: number, plan: AdamPlan, random: Random): AdamResult {
  const { parameters } = model;
  const n = parameters.length;
  const held = rows < fewestRows ? 0 : Math.min(mostHeldOut, Math.round(rows * plan.heldOut));
  const training = Array.from({ length: rows - held }, (_, row) => row);
  const heldOut = Array.from({ length: held }, (_, i) => rows - held + i);
  const gradient = new Float64Array(n);
  const first = new Float64Array(n);
  const second = new Float64Array(n);
  let best: Float64Array | null = null;
  let least = held === 0 ? 0 : model.accumulate(heldOut, null, null);
  let waited = 0;
  const perEpoch = Math.max(1, Math.floor(training.length / plan.batch));
  const steps = Math.min(plan.steps, Math.max(fewestSteps, (plan.passes ?? usualPasses) * perEpoch));
  // Small sets are passed in a few steps; looking more often would cost more than training.
  const between = Math.max(perEpoch, 20);
  let at = training.length;
  for (let step = 1; step <= steps; step++) {
    if (at + plan.batch > training.length) {
      shuffle(training, 0, training.length, random);
      at = 0;
    }
    const batch = training.slice(at, at + plan.batch);
    at += plan.batch;
    gradient.fill(0);
    model.accumulate(batch, gradient, random);
    const rate = (plan.learningRate * (1 + Math.cos((Math.PI * (step - 1)) / steps))) / 2;
    const firstScale = 1 / (1 - firstDecay ** step);
    const secondScale = 1 / (1 - secondDecay ** step);
    for (let i = 0; i < n; i++) {
      const slope = (gradient[i] ?? 0) / batch.length;
      const mean = firstDecay * (first[i] ?? 0) + (1 - firstDecay) * slope;
      const square = secondDecay * (second[i] ?? 0) + (1 - secondDecay) * slope * slope;
      first[i] = mean;
      second[i] = square;
      parameters[i] = (parameters[i] ?? 0) - (rate * mean * firstScale) / (Math.sqrt(square * secondScale) + tiny);
    }
    if (held === 0 || (step % between !== 0 && step !== steps)) continue;
    const loss = model.accumulate(heldOut, null, null);
    if (loss < least) {
      least = loss;
      best ??= new Float64Array(n);
      best.set(parameters);
      waited = 0;
    } else if (++waited >= plan.patience) {
      parameters.set(best ?? parameters);
      return { steps: step, heldOut };
    }
  }
  if (best !== null) parameters.set(best);
  return { steps, heldOut };
}
