import type { Database } from './database.ts';

/** How long each kind of row is kept, in days since the decision; null: for ever. */
export interface Retention {
  /** The whole decision, with its attempts and rewards. */
  readonly decisionsDays: number | null;
  /** Only the embedding: what remains still says who asked what, when and at which cost. */
  readonly embeddingsDays: number | null;
}

export interface RetentionOrder {
  readonly retention: Retention;
  /** Learners in use. What one of them would need after a restart stays, however old. */
  readonly learners: readonly string[];
}

export interface RetentionResult {
  readonly decisions: number;
  readonly embeddings: number;
}

const dayMs = 86_400_000;
const batchSize = 500;

/** Removes what is past its time, a batch a call so that other work comes in between. */
export interface RetentionPass {
  /** True when there is nothing left to do. */
  step(): boolean;
  readonly result: RetentionResult;
}

/**
 * A decision or embedding whose reward lies behind the *older* of a learner's two snapshots is protected: the fold
 * from either snapshot over the rest of the log then still gives the same state.
 */
export function createRetentionPass(database: Database, order: RetentionOrder, now: number): RetentionPass {
  const oldest = database.prepare<[string], { seq: number }>(
    'SELECT coalesce(min(seq), 0) AS seq FROM snapshots WHERE learner = ?',
  );
  const protectedAfter = order.learners.reduce(
    (least, learner) => Math.min(least, oldest.get(learner)?.seq ?? 0),
    Number.MAX_SAFE_INTEGER,
  );
  const due = database.prepare<[number, number, number, number], { number: number; at: number }>(
    `SELECT number, at FROM decisions d WHERE at < ? AND (at, number) > (?, ?)
       AND NOT EXISTS (SELECT 1 FROM rewards r WHERE r.decision_number = d.number AND r.seq > ?)
     ORDER BY at, number LIMIT ${batchSize}`,
  );
  const jobs = [
    {
      kind: 'decisions' as const,
      days: order.retention.decisionsDays,
      remove: database.prepare<[number], never>('DELETE FROM decisions WHERE number = ?'),
    },
    {
      kind: 'embeddings' as const,
      days: order.retention.embeddingsDays,
      remove: database.prepare<[number], never>(
        'UPDATE decisions SET embedding = NULL WHERE number = ? AND embedding IS NOT NULL',
      ),
    },
  ];
  const result = { decisions: 0, embeddings: 0 };
  let job = 0;
  let lastAt = -Number.MAX_VALUE;
  let lastNumber = 0;

  const batch = database.transaction((cutoff: number): boolean => {
    const rows = due.all(cutoff, lastAt, lastNumber, protectedAfter);
    const current = jobs[job];
    if (current === undefined) return true;
    for (const row of rows) {
      result[current.kind] += current.remove.run(row.number).changes;
      lastAt = row.at;
      lastNumber = row.number;
    }
    return rows.length < batchSize;
  });

  return {
    result,
    step() {
      const current = jobs[job];
      if (current === undefined) return true;
      if (current.days === null || batch.immediate(now - current.days * dayMs)) {
        job++;
        lastAt = -Number.MAX_VALUE;
        lastNumber = 0;
      }
      return job === jobs.length;
    },
  };
}
