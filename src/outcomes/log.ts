import { existsSync } from 'node:fs';
import type { Predictions, ShadowChoice } from '../core/decision.ts';
import { PointsmanError } from '../core/errors.ts';
import type { Prediction, Quantity } from '../core/estimator.ts';
import { faultOf } from './connection.ts';
import { openDatabase } from './database.ts';
import { toDoubles, toFloats } from './floats.ts';

/** One request of the log: what was asked, how likely each model was, what came of the one that answered. */
export interface LoggedDecision {
  readonly decision: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly route: string;
  readonly policy: string;
  /** Quality per dollar at decision time; null where cost was not weighed. */
  readonly lambda: number | null;
  /** The client named the model: nothing was chosen. */
  readonly pinned: boolean;
  /** What an observing route would have done; null elsewhere. */
  readonly shadow: ShadowChoice | null;
  /** As the policy saw them, [C] each; only what it reads. */
  readonly predictions: Predictions;
  /** Null unless the gateway keeps text. */
  readonly prompt: string | null;
  readonly embedder: string | null;
  readonly embedding: Float32Array | null;
  /** [C] model ids. */
  readonly candidates: readonly string[];
  /** [C] probabilities at decision time. */
  readonly propensities: Float64Array;
  readonly chosen: string | null;
  readonly served: string | null;
  /** Weighted mean of the served model's quality rewards, in [0, 1]; null: none came. */
  readonly quality: number | null;
  /** US dollars of all attempts; null where unknown. */
  readonly costUsd: number | null;
  readonly promptTokens: number;
  /** Of the served model; null where unknown. */
  readonly outputTokens: number | null;
}

export interface DecisionLog {
  /** Every model that was ever a candidate, by first appearance. */
  readonly models: readonly string[];
  /** In the order in which they were decided. May be walked once at a time. */
  decisions(): Iterable<LoggedDecision>;
  close(): void;
}

interface Row extends Omit<
  LoggedDecision,
  'candidates' | 'propensities' | 'embedding' | 'pinned' | 'shadow' | 'predictions'
> {
  readonly candidates: string;
  readonly propensities: Buffer;
  readonly embedding: Buffer | null;
  readonly pinned: number;
  readonly features: string | null;
  readonly predicted: string | null;
  readonly predictions: Buffer | null;
}

/**
 * Opens the outcome database for offline evaluation; a gateway may go on writing to it. Requests that no model answered
 * are left out, and so is what the gateway asked for itself (routes `#judge`, `#shadow/...`). Throws `invalid_data` where there is no such file or it is no outcome database.
 */
export function openDecisionLog(path: string): DecisionLog {
  if (!existsSync(path)) throw new PointsmanError('invalid_data', `${path}: there is no such outcome database.`);
  try {
    const database = openDatabase({ path, busyTimeoutMs: 5000, maxPages: null });
    const decisions = database.prepare<[], Row>(
      `SELECT d.id AS decision, d.at, d.route, d.policy, d.lambda, d.pinned, d.features, d.predicted, d.predictions, t.prompt, d.embedder, d.embedding, d.candidates, d.propensities,
         d.chosen_model AS chosen, d.served_model AS served,
         (SELECT sum(r.score * r.weight) / sum(r.weight) FROM rewards r WHERE r.decision_number = d.number
            AND r.quantity = 'quality' AND r.model = d.served_model AND r.weight > 0) AS quality,
         (SELECT sum(a.cost_usd) FROM attempts a WHERE a.decision_number = d.number) AS costUsd,
         d.prompt_tokens AS promptTokens,
         (SELECT a.output_tokens FROM attempts a WHERE a.decision_number = d.number AND a.model = d.served_model
            ORDER BY a.position DESC LIMIT 1) AS outputTokens
       FROM decisions d LEFT JOIN texts t ON t.decision_number = d.number
       WHERE d.served_model IS NOT NULL AND d.route NOT LIKE '#%' ORDER BY d.number`,
    );
    const lists = database.prepare<[], { candidates: string }>(
      "SELECT candidates FROM decisions WHERE served_model IS NOT NULL AND route NOT LIKE '#%' GROUP BY candidates ORDER BY min(number)",
    );
    return {
      models: [...new Set(lists.all().flatMap(({ candidates }) => namesIn(candidates)))],
      *decisions() {
        for (const { features, predicted, predictions, pinned, ...row } of decisions.iterate()) {
          const candidates = namesIn(row.candidates);
          yield {
            ...row,
            candidates,
            pinned: pinned === 1,
            shadow: shadowIn(features, candidates.length),
            predictions: predictionsIn(predicted, predictions, candidates.length),
            propensities: toDoubles(row.propensities),
            embedding: row.embedding === null ? null : toFloats(row.embedding),
          };
        }
      },
      close: () => void database.close(),
    };
  } catch (cause) {
    throw new PointsmanError('invalid_data', faultOf(cause, path).message, { cause });
  }
}

function namesIn(list: string): readonly string[] {
  const names: unknown = JSON.parse(list);
  return Array.isArray(names) ? names.map(String) : [];
}

/** For each quantity first the means, then the deviations (migrations/README.md). */
function predictionsIn(predicted: string | null, blob: Buffer | null, count: number): Predictions {
  const out: Partial<Record<Quantity, Prediction>> = {};
  if (predicted === null || blob === null) return out;
  const values = toDoubles(blob);
  namesIn(predicted).forEach((name, i) => {
    if (!isQuantity(name)) return;
    const start = i * 2 * count;
    out[name] = { mean: values.slice(start, start + count), deviation: values.slice(start + count, start + 2 * count) };
  });
  return out;
}

const quantities: readonly string[] = ['quality', 'cost', 'latency', 'output_tokens'] satisfies Quantity[];
const isQuantity = (name: string): name is Quantity => quantities.includes(name);

function shadowIn(features: string | null, count: number): ShadowChoice | null {
  if (features === null) return null;
  const parsed: unknown = JSON.parse(features);
  const shadow: unknown = typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'shadow') : undefined;
  if (typeof shadow !== 'object' || shadow === null) return null;
  const policy: unknown = Reflect.get(shadow, 'policy');
  const model: unknown = Reflect.get(shadow, 'model');
  const chances: unknown = Reflect.get(shadow, 'propensities');
  if (typeof policy !== 'string' || !Array.isArray(chances) || chances.length !== count) return null;
  return { policy, model: typeof model === 'string' ? model : null, propensities: Float64Array.from(chances, Number) };
}
