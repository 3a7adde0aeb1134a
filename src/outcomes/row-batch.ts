import type { Quantity } from '../core/estimator.ts';
import { Cells, type PackedCells } from './cells.ts';
import type { Candidate } from '../core/candidate.ts';
import type { Decision } from '../core/decision.ts';
import type { Attempt, Completion, DecisionRecord } from '../core/outcome.ts';

/**
 * Rows on their way to the worker: flat cells and two pools of floats. Nothing of the request is kept alive by a row that
 * waits, and arrays that an estimator reuses are copied.
 */
export interface PackedRows {
  /** `decisionWidth` cells a row; see `place`. */
  readonly decisions: PackedCells;
  /** `attemptWidth` cells a row; the first is the owner: a row of `decisions`, or the id of an earlier one. */
  readonly attempts: PackedCells;
  /** `completionWidth` cells a row: id, served model, fallback. For decisions that were sent before. */
  readonly completions: PackedCells;
  /** Row by row: propensities, then mean and deviation of each predicted quantity. */
  readonly doubles: Float64Array<ArrayBuffer>;
  /** Row by row: the embedding. */
  readonly floats: Float32Array<ArrayBuffer>;
}

/** What is handed over, not copied. */
export const buffersOf = ({
  decisions,
  attempts,
  completions,
  doubles,
  floats,
}: PackedRows): readonly ArrayBuffer[] => [
  ...[decisions, attempts, completions].flatMap(({ numbers, kinds, ends }) => [
    numbers.buffer,
    kinds.buffer,
    ends.buffer,
  ]),
  doubles.buffer,
  floats.buffer,
];

/** The first `bound` cells of a decision are columns of the table, in this order. The rest tells how to read the pools. */
export const decisionColumns = [
  'id',
  'at',
  'request_id',
  'tenant',
  'key',
  'session',
  'tags',
  'format',
  'requested_model',
  'route',
  'policy',
  'policy_version',
  'plan',
  'chosen_model',
  'reason',
  'lambda',
  'propensity',
  'predicted_quality',
  'predicted_cost_usd',
  'prompt_tokens',
  'max_output_tokens',
  'needs',
  'stream',
  'pinned',
  'sticky',
  'degraded',
  'removals',
  'features',
  'served_model',
  'fallback',
  'completed',
] as const;

const bound = decisionColumns.length;

/** Places of cells within a decision. */
export const place = {
  servedModel: bound - 3,
  fallback: bound - 2,
  completed: bound - 1,
  /** Model ids joined by `modelSeparator`. */
  candidates: bound,
  candidateCount: bound + 1,
  /** JSON array of quantities, null where nothing was predicted. */
  predicted: bound + 2,
  predictedCount: bound + 3,
  dimensions: bound + 4,
} as const;

export const decisionWidth = bound + 5;
export const attemptWidth = 13;
export const completionWidth = 3;
export const modelSeparator = '\u001f';

const quantities = ['quality', 'cost', 'latency', 'output_tokens'] as const satisfies readonly Quantity[];

/** JSON of every subset of quantities, in their order: made once, not per row. */
const predictedNames = Array.from({ length: 1 << quantities.length }, (_, mask) =>
  mask === 0 ? null : JSON.stringify(quantities.filter((_quantity, bit) => (mask >> bit) & 1)),
);

const flag = (value: boolean): number => (value ? 1 : 0);
const jsonUnlessEmpty = (list: readonly unknown[]): string | null => (list.length === 0 ? null : JSON.stringify(list));

function featuresOf({ note, shadow }: Decision): string {
  return JSON.stringify({
    note,
    shadow: shadow && { policy: shadow.policy, model: shadow.model, propensities: Array.from(shadow.propensities) },
  });
}

/** Joined model ids. Most requests have the candidates of the one before, so those are kept. */
const namesOf = ((): ((candidates: readonly Candidate[]) => string) => {
  let models: readonly string[] = [];
  let names = '';
  return (candidates) => {
    let same = candidates.length === models.length;
    for (let i = 0; same && i < models.length; i++) same = candidates[i]?.model === models[i];
    if (!same) {
      models = candidates.map(({ model }) => model);
      names = models.join(modelSeparator);
    }
    return names;
  };
})();

/** The open batch. Adding costs a few microseconds; nothing here does I/O. */
export class RowBatch {
  readonly #decisions = new Cells();
  readonly #attempts = new Cells();
  readonly #completions = new Cells();
  #doubles = new Float64Array(1024);
  #doublesUsed = 0;
  #floats = new Float32Array(0);
  #floatsUsed = 0;
  /** Row of each decision in here. */
  readonly #places = new Map<string, number>();

  /** Decisions and completions in here: what is lost if this batch is. */
  get rows(): number {
    return this.#decisions.length / decisionWidth + this.#completions.length / completionWidth;
  }

  addDecision({ at, query, decision }: DecisionRecord): void {
    const { candidates, propensities, predictions, plan } = decision;
    const chosen = plan.type === 'route' ? (decision.ranking[0] ?? -1) : -1;
    const names = namesOf(candidates);
    this.#addDoubles(propensities, candidates.length);
    let mask = 0;
    let predictedCount = 0;
    for (let bit = 0; bit < quantities.length; bit++) {
      const prediction = predictions[quantities[bit] ?? 'quality'];
      if (prediction === undefined) continue;
      mask |= 1 << bit;
      predictedCount++;
      this.#addDoubles(prediction.mean, candidates.length);
      this.#addDoubles(prediction.deviation, candidates.length);
    }
    if (decision.embedding !== null) this.#addFloats(decision.embedding);
    const { tags } = query.wishes;
    this.#places.set(decision.id, this.#decisions.length / decisionWidth);
    const row = this.#decisions;
    row.pushUnique(decision.id);
    row.push(at);
    row.pushUnique(query.id);
    row.push(query.caller.tenant);
    row.push(query.caller.key);
    row.push(query.wishes.session ?? decision.session ?? null);
    row.push(tags === undefined ? null : JSON.stringify(tags));
    row.push(query.format);
    row.push(query.model);
    row.push(decision.route);
    row.push(decision.policy);
    row.push(decision.policyVersion);
    row.push(plan.type);
    row.push(plan.type === 'route' ? plan.model : null);
    row.push(decision.reason);
    row.push(decision.lambda);
    row.push(propensities[chosen] ?? null);
    row.push(predictions.quality?.mean[chosen] ?? null);
    row.push(predictions.cost?.mean[chosen] ?? null);
    row.push(query.promptTokens);
    row.push(query.maxOutputTokens);
    row.push(jsonUnlessEmpty(query.needs));
    row.push(flag(query.stream));
    row.push(flag(decision.pinned));
    row.push(flag(decision.sticky === true));
    row.push(jsonUnlessEmpty(decision.degraded));
    row.push(jsonUnlessEmpty(decision.removals));
    row.push(decision.note === undefined && decision.shadow === undefined ? null : featuresOf(decision));
    row.push(null);
    row.push(0);
    row.push(0);
    row.push(names);
    row.push(candidates.length);
    row.push(predictedNames[mask] ?? null);
    row.push(predictedCount);
    row.push(decision.embedding?.length ?? 0);
  }

  /** Joins its decision while that still waits here; else it becomes an update. */
  addCompletion({ decision, servedModel, fallback, attempts }: Completion): void {
    const row = this.#places.get(decision);
    if (row === undefined) {
      this.#completions.pushUnique(decision);
      this.#completions.push(servedModel);
      this.#completions.push(flag(fallback));
    } else {
      const start = row * decisionWidth;
      this.#decisions.set(start + place.servedModel, servedModel);
      this.#decisions.set(start + place.fallback, flag(fallback));
      this.#decisions.set(start + place.completed, 1);
    }
    for (let position = 0; position < attempts.length; position++) {
      const attempt = attempts[position];
      if (attempt !== undefined) this.#addAttempt(row ?? decision, position, attempt);
    }
  }

  /** For the worker. The floats are copies, so they may be handed over; the batch is kept until the worker has answered. */
  pack(): PackedRows {
    return {
      decisions: this.#decisions.pack(),
      attempts: this.#attempts.pack(),
      completions: this.#completions.pack(),
      doubles: this.#doubles.slice(0, this.#doublesUsed),
      floats: this.#floats.slice(0, this.#floatsUsed),
    };
  }

  #addAttempt(owner: number | string, position: number, attempt: Attempt): void {
    const row = this.#attempts;
    row.push(owner);
    row.push(position);
    row.push(attempt.model);
    row.push(attempt.target);
    row.push(attempt.startedAt);
    row.push(attempt.firstTokenAt);
    row.push(attempt.endedAt);
    row.push(attempt.status);
    row.push(attempt.usage?.inputTokens ?? null);
    row.push(attempt.usage?.cachedTokens ?? null);
    row.push(attempt.usage?.outputTokens ?? null);
    row.push(attempt.costUsd);
    row.push(attempt.endReason);
  }

  /** Exactly `count` numbers, so that a wrong length cannot shift the rows behind it. */
  #addDoubles(values: Float64Array, count: number): void {
    if (this.#doublesUsed + count > this.#doubles.length) {
      const grown = new Float64Array(Math.max(this.#doubles.length * 2, this.#doublesUsed + count));
      grown.set(this.#doubles);
      this.#doubles = grown;
    }
    for (let i = 0; i < count; i++) this.#doubles[this.#doublesUsed + i] = values[i] ?? NaN;
    this.#doublesUsed += count;
  }

  #addFloats(values: Float32Array): void {
    if (this.#floatsUsed + values.length > this.#floats.length) {
      const grown = new Float32Array(Math.max(this.#floats.length * 2, this.#floatsUsed + values.length, 16 * 512));
      grown.set(this.#floats);
      this.#floats = grown;
    }
    this.#floats.set(values, this.#floatsUsed);
    this.#floatsUsed += values.length;
  }
}
