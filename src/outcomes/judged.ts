import { existsSync } from 'node:fs';
import { PointsmanError } from '../core/errors.ts';
import { faultOf } from './connection.ts';
import { openDatabase } from './database.ts';

/** One request that was also sent to a candidate. */
export interface Comparison {
  readonly route: string;
  readonly candidate: string;
  /** Who served the client. */
  readonly against: string;
  /** 1: the candidate's answer was better, 0: the served one, 0.5: a tie; null: not judged. */
  readonly value: number | null;
  /** US dollars of the candidate's answer and of what the client was served; null where unknown. */
  readonly costUsd: number | null;
  readonly servedCostUsd: number | null;
}

/** A judge's grade and what was said explicitly of the same answer, the mean of several. */
export interface JudgedPair {
  readonly judge: number;
  readonly label: number;
}

export interface JudgeLog {
  readonly comparisons: readonly Comparison[];
  readonly pairs: readonly JudgedPair[];
  /** Judgements, and what all of them cost. */
  readonly judgements: number;
  readonly judgeUsd: number;
}

/** Reads what was judged; a gateway may go on writing. Throws `invalid_data` where the file is no outcome database. */
export function readJudgeLog(path: string): JudgeLog {
  if (!existsSync(path)) throw new PointsmanError('invalid_data', `${path}: there is no such outcome database.`);
  try {
    const database = openDatabase({ path, busyTimeoutMs: 5000, maxPages: null });
    try {
      const comparisons = database
        .prepare<[], Comparison>(
          `SELECT substr(d.route, 9) AS route, d.chosen_model AS candidate, json_extract(d.tags, '$.against') AS against,
             (SELECT r.score FROM rewards r WHERE r.decision_number = d.number AND r.source = 'judge' AND r.key = 'compare') AS value,
             (SELECT sum(a.cost_usd) FROM attempts a WHERE a.decision_number = d.number) AS costUsd,
             (SELECT sum(a.cost_usd) FROM attempts a JOIN decisions o ON o.number = a.decision_number
                WHERE o.id = json_extract(d.tags, '$.shadow_of')) AS servedCostUsd
           FROM decisions d WHERE d.route LIKE '#shadow/%' AND d.completed = 1 ORDER BY d.number`,
        )
        .all();
      const pairs = database
        .prepare<[], JudgedPair>(
          `SELECT j.score AS judge, avg(l.score) AS label FROM rewards j JOIN rewards l ON l.decision_number = j.decision_number
           WHERE j.source = 'judge' AND j.key = 'grade' AND l.quantity = 'quality'
             AND l.source NOT IN ('usage', 'implicit', 'verifier', 'judge')
           GROUP BY j.seq ORDER BY j.seq`,
        )
        .all();
      const spent = database
        .prepare<[], { judgements: number; usd: number }>(
          `SELECT count(DISTINCT d.number) AS judgements, total(a.cost_usd) AS usd
           FROM decisions d LEFT JOIN attempts a ON a.decision_number = d.number WHERE d.route = '#judge'`,
        )
        .get();
      return { comparisons, pairs, judgements: spent?.judgements ?? 0, judgeUsd: spent?.usd ?? 0 };
    } finally {
      database.close();
    }
  } catch (cause) {
    throw new PointsmanError('invalid_data', faultOf(cause, path).message, { cause });
  }
}
