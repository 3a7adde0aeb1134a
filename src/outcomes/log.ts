import { existsSync } from 'node:fs';
import { PointsmanError } from '../core/errors.ts';
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

interface Row extends Omit<LoggedDecision, 'candidates' | 'propensities' | 'embedding'> {
  readonly candidates: string;
  readonly propensities: Buffer;
  readonly embedding: Buffer | null;
}

/**
 * Opens the outcome database for offline evaluation; a gateway may go on writing to it. Requests that no model answered
 * are left out. Throws `invalid_data` where there is no such file or it is no outcome database.
 */
export function openDecisionLog(path: string): DecisionLog {
  if (!existsSync(path)) throw new PointsmanError('invalid_data', `${path}: there is no such outcome database.`);
  try {
    const database = openDatabase({ path, busyTimeoutMs: 5000, maxPages: null });
    const decisions = database.prepare<[], Row>(
      `SELECT d.id AS decision, d.at, d.route, d.policy, t.prompt, d.embedder, d.embedding, d.candidates, d.propensities,
         d.chosen_model AS chosen, d.served_model AS served,
         (SELECT sum(r.score * r.weight) / sum(r.weight) FROM rewards r WHERE r.decision_number = d.number
            AND r.quantity = 'quality' AND r.model = d.served_model AND r.weight > 0) AS quality,
         (SELECT sum(a.cost_usd) FROM attempts a WHERE a.decision_number = d.number) AS costUsd,
         d.prompt_tokens AS promptTokens,
         (SELECT a.output_tokens FROM attempts a WHERE a.decision_number = d.number AND a.model = d.served_model
            ORDER BY a.position DESC LIMIT 1) AS outputTokens
       FROM decisions d LEFT JOIN texts t ON t.decision_number = d.number
       WHERE d.served_model IS NOT NULL ORDER BY d.number`,
    );
    const lists = database.prepare<[], { candidates: string }>(
      'SELECT candidates FROM decisions WHERE served_model IS NOT NULL GROUP BY candidates ORDER BY min(number)',
    );
    return {
      models: [...new Set(lists.all().flatMap(({ candidates }) => namesIn(candidates)))],
      *decisions() {
        for (const row of decisions.iterate()) {
          yield {
            ...row,
            candidates: namesIn(row.candidates),
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
