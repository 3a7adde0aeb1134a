import type { Static, TSchema } from 'typebox';
import type { Candidate } from './candidate.ts';
import type { Learner } from './learner.ts';

/**
 * What is estimated. `quality` is in [0, 1]; `cost` in US dollars per request, >= 0; `latency` in milliseconds to the
 * last byte; `output_tokens` in tokens of the answer.
 */
export type Quantity = 'quality' | 'cost' | 'latency' | 'output_tokens';

/** What is known of a query before any model has answered it. */
export interface EstimatorInput {
  /** [dimensions], length 1 or all zero; see Embedder. */
  readonly embedding: Float32Array;
  /** Estimated tokens of the whole prompt. */
  readonly promptTokens: number;
}

/** Parallel to the candidates it was asked for. Every number is finite, every deviation >= 0. */
export interface Prediction {
  /** Expected value, in the quantity's unit. */
  readonly mean: Float64Array;
  /**
   * Standard deviation of our belief about that expected value (not the spread of single outcomes): it shrinks towards
   * zero as evidence grows, and is widest for a model that was never seen.
   */
  readonly deviation: Float64Array;
}

/** A full or partial outcome matrix, row-major. */
export interface TrainingRows {
  /** [M] model ids: the columns of `values`. */
  readonly models: readonly string[];
  readonly dimensions: number;
  /** [N x dimensions]. */
  readonly embeddings: Float32Array;
  /** [N]. */
  readonly promptTokens: Float64Array;
  /** [N x M] in the quantity's unit; NaN where nothing was observed. */
  readonly values: Float64Array;
}

/**
 * Knows the world, not our goals: predicts one quantity for all candidates in one call. Pure apart from `fit`, `update`
 * and `load`. A candidate that it never saw gets its own prior mean with a wide deviation, never NaN.
 */
export interface Estimator extends Learner {
  /** Learns from a matrix, replacing what it knew. The order of rows does not matter. Throws `invalid_data`. */
  fit(rows: TrainingRows): void;
  predict(input: EstimatorInput, candidates: readonly Candidate[]): Prediction;
}

export interface EstimatorContext {
  readonly quantity: Quantity;
  /** Of the embedder in use. */
  readonly dimensions: number;
}

/** Settings and their held-out predictions. K rows, M models. */
export interface Alternatives {
  /** [K] Numbers of the rows, as they stood in what was given. */
  readonly rows: Int32Array;
  /** Simplest first. `mean` is [K x M], in the quantity's unit. */
  readonly choices: readonly {
    readonly options: Readonly<Record<string, unknown>>;
    readonly mean: Float64Array;
  }[];
}

/** The default export of a file in `estimators/`; the file name is the estimator's name. */
export interface EstimatorDefinition<Options extends TSchema = TSchema> {
  /** One sentence for lists. */
  readonly summary: string;
  /** Paper, formula or specification, and what deviates from it. */
  readonly source: string;
  readonly options: Options;
  /** False where `predict` never reads the embedding, so none has to be computed for it. */
  readonly needsEmbedding: boolean;
  readonly quantities: readonly Quantity[];
  /** Its `update` takes preferences too, where it estimates quality. Left out: they are not told to it. */
  readonly takesPreferences?: true | undefined;
  /** Candidate settings for `train` to choose from, simplest last resort first; [] where there is nothing to tune. */
  settings(rows: TrainingRows): readonly Static<Options>[];
  /**
   * Of an estimator whose settings follow from held-out predictions of its parts: all that there is to choose from, in
   * place of `settings`, with what each says of rows that nothing of it was fitted on. Null: too few rows.
   */
  alternatives?(options: Static<Options>, context: EstimatorContext, rows: TrainingRows): Alternatives | null;
  create(options: Static<Options>, context: EstimatorContext): Estimator;
}

/** Types the definition from its schema. */
export function defineEstimator<const Options extends TSchema>(
  definition: EstimatorDefinition<Options>,
): EstimatorDefinition<Options> {
  return definition;
}
