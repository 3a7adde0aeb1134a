import { messageOf } from '../core/errors.ts';
import type { FactQuantity, Observation } from '../core/learner.ts';
import type { State } from '../core/state.ts';
import { decodeState, encodeState } from '../core/state-codec.ts';
import type { Database } from './database.ts';
import { toFloats } from './floats.ts';
import type { LoadedSnapshot, Spend } from './messages.ts';
import { toNote } from './note.ts';

/** Snapshots that are kept of each learner: the newest, and one to fall back to. */
const snapshotsKept = 2;

interface ObservationRow extends Omit<Observation, 'embedding' | 'note' | 'against'> {
  readonly quantity: FactQuantity;
  readonly against: string | null;
  readonly embedding: Buffer | null;
  readonly features: string | null;
}

/** What is asked of the log and the learned state. Costs are those of `OutcomeStore`. */
export interface Reader {
  observations(afterSeq: number, limit: number): readonly Observation[];
  spend(since: number): readonly Spend[];
  /** Atomic; drops all but the last two of this learner. */
  saveSnapshot(learner: string, seq: number, state: State, now: number): void;
  /** The newest readable one with a `seq` below `beforeSeq`. */
  loadSnapshot(learner: string, beforeSeq: number): LoadedSnapshot;
}

/**
 * `embedder`: the one in use. Vectors of another one, from before the configuration changed, mean nothing to today's
 * learners and are told as missing.
 */
export function createReader(database: Database, embedder: string | null): Reader {
  const observations = database.prepare<[string | null, number, number], ObservationRow>(
    `SELECT r.seq, d.id AS decision, d.route, r.model, r.quantity, r.score AS value, r.weight, r.propensity, r.against,
       d.prompt_tokens AS promptTokens, CASE WHEN d.embedder IS ? THEN d.embedding END AS embedding,
       d.features
     FROM rewards r JOIN decisions d ON d.number = r.decision_number WHERE r.seq > ? ORDER BY r.seq LIMIT ?`,
  );
  const spend = database.prepare<[number], Spend>(
    `SELECT d.route, d.key, total(a.cost_usd) AS usd FROM decisions d JOIN attempts a ON a.decision_number = d.number
     WHERE d.at >= ? GROUP BY d.route, d.key`,
  );
  const insertSnapshot = database.prepare<[string, number, number, Buffer], never>(
    'INSERT OR REPLACE INTO snapshots (learner, seq, at, state) VALUES (?, ?, ?, ?)',
  );
  const dropSnapshots = database.prepare<[string, string, number], never>(
    `DELETE FROM snapshots WHERE learner = ? AND seq NOT IN
       (SELECT seq FROM snapshots WHERE learner = ? ORDER BY seq DESC LIMIT ?)`,
  );
  const snapshots = database.prepare<[string, number], { seq: number; state: Buffer }>(
    'SELECT seq, state FROM snapshots WHERE learner = ? AND seq < ? ORDER BY seq DESC',
  );
  const save = database.transaction((learner: string, seq: number, state: Buffer, now: number) => {
    insertSnapshot.run(learner, seq, now, state);
    dropSnapshots.run(learner, learner, snapshotsKept);
  });

  return {
    observations: (afterSeq, limit) =>
      observations.all(embedder, afterSeq, limit).map(({ features, against, ...row }) => ({
        ...row,
        against: against ?? undefined,
        embedding: row.embedding === null ? null : toFloats(row.embedding),
        note: toNote(features),
      })),
    spend: (since) => spend.all(since),
    saveSnapshot(learner, seq, state, now) {
      save.immediate(learner, seq, encodeState(state), now);
    },
    loadSnapshot(learner, beforeSeq) {
      const skipped: string[] = [];
      for (const { seq, state } of snapshots.all(learner, beforeSeq)) {
        try {
          return { snapshot: { seq, state: decodeState(state) }, skipped };
        } catch (error) {
          skipped.push(`The snapshot of ${learner} at ${seq} is damaged: ${messageOf(error)}`);
        }
      }
      return { snapshot: null, skipped };
    },
  };
}
