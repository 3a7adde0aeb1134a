import type { Candidate } from '../core/candidate.ts';
import type { Predictions } from '../core/decision.ts';
import type { Estimator, EstimatorDefinition, EstimatorInput, Prediction, Quantity } from '../core/estimator.ts';
import { fallbackPrediction } from './fallback-predictions.ts';

/** An estimator in use for one quantity of a route. */
export interface EstimatorSlot {
  /** As the YAML or the artefact calls it. */
  readonly name: string;
  /** Under which the catalogue has it; left out: the name. */
  readonly type?: string | undefined;
  readonly estimator: Estimator;
  readonly definition: EstimatorDefinition;
  /** Of its type, options and artefact; not of what it has learned online since. Part of the policy version. */
  readonly fingerprint: string;
}

export type EstimatorSlots = Readonly<Partial<Record<Quantity, EstimatorSlot>>>;

/** What was predicted, and which estimators had to be stood in for (`quality:failed`, `cost:not_finite`). */
export interface PredictorResult {
  readonly predictions: Predictions;
  readonly degraded: readonly string[];
}

export interface Predictor {
  /** True where an estimator of the route reads the embedding, so that one is worth computing. */
  readonly needsEmbedding: boolean;
  readonly slots: EstimatorSlots;
  /** Grows by one with every swap. */
  readonly revision: number;
  /** All candidates at once, only the quantities that are asked for. Never throws, never returns a non-finite number. */
  predict(quantities: readonly Quantity[], input: EstimatorInput, candidates: readonly Candidate[]): PredictorResult;
  /** Between two requests: the next prediction comes from the new estimator, as a whole. */
  swap(quantity: Quantity, slot: EstimatorSlot): void;
}

const nothing: readonly string[] = [];

/** @param onFault is told of every stand-in, with what went wrong; for the log. */
export function createPredictor(
  initial: EstimatorSlots,
  onFault: (what: string, cause: unknown) => void = () => undefined,
): Predictor {
  let slots = initial;
  let needsEmbedding = readsEmbedding(slots);
  let revision = 0;

  const ask = (
    quantity: Quantity,
    input: EstimatorInput,
    candidates: readonly Candidate[],
    degraded: string[],
  ): Prediction => {
    const slot = slots[quantity];
    if (slot === undefined) return fallbackPrediction(quantity, input, candidates);
    let what: string;
    let cause: unknown;
    try {
      const prediction = slot.estimator.predict(input, candidates);
      if (isSound(prediction, candidates.length)) return prediction;
      what = `${quantity}:not_finite`;
      cause = new Error(`Estimator "${slot.name}" returned numbers that are not finite or not one per candidate.`);
    } catch (thrown) {
      what = `${quantity}:failed`;
      cause = thrown;
    }
    degraded.push(what);
    onFault(what, cause);
    return fallbackPrediction(quantity, input, candidates);
  };

  return {
    get needsEmbedding() {
      return needsEmbedding;
    },
    get slots() {
      return slots;
    },
    get revision() {
      return revision;
    },
    predict(quantities, input, candidates) {
      if (quantities.length === 0) return { predictions: {}, degraded: nothing };
      const predictions: Partial<Record<Quantity, Prediction>> = {};
      const degraded: string[] = [];
      for (const quantity of quantities) predictions[quantity] = ask(quantity, input, candidates, degraded);
      return { predictions, degraded };
    },
    swap(quantity, slot) {
      slots = { ...slots, [quantity]: slot };
      needsEmbedding = readsEmbedding(slots);
      revision++;
    },
  };
}

const readsEmbedding = (slots: EstimatorSlots): boolean =>
  Object.values(slots).some((slot) => slot.definition.needsEmbedding);

function isSound({ mean, deviation }: Prediction, length: number): boolean {
  if (mean.length !== length || deviation.length !== length) return false;
  for (let i = 0; i < length; i++) {
    if (!Number.isFinite(mean[i]) || !((deviation[i] ?? -1) >= 0 && Number.isFinite(deviation[i]))) return false;
  }
  return true;
}
