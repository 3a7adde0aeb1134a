import type { Observation } from '../core/learner.ts';
import type { RewardReceipt } from '../core/outcome.ts';
import { storageFault, type Database } from './database.ts';
import { toDoubles, toFloats } from './floats.ts';
import type { RewardOrder } from './messages.ts';
import { toNote } from './note.ts';

interface Joined {
  readonly number: number;
  readonly tenant: string;
  readonly key: string | null;
  readonly route: string;
  readonly chosen_model: string | null;
  readonly served_model: string | null;
  readonly propensity: number | null;
  readonly prompt_tokens: number;
  readonly candidates: string;
  readonly propensities: Buffer;
  readonly embedding: Buffer | null;
  readonly features: string | null;
}

interface Other {
  readonly tenant: string;
  readonly key: string | null;
  readonly route: string;
  readonly model: string | null;
}

/** Both answers were given to one caller by one route; anything else is nobody's business, or no comparison. */
const comparable = (one: Joined, other: Other | null): boolean =>
  other !== null &&
  other.model !== null &&
  other.tenant === one.tenant &&
  other.key === one.key &&
  other.route === one.route;

/** Joins one reward to its decision and appends it. Must run inside a transaction. A string: never storable, and why. */
export type RewardWriter = (order: RewardOrder) => RewardReceipt | string;

/** Probability at decision time that the model that served would be chosen; null where it had none. */
function servedPropensity(joined: Joined, model: string): number | null {
  if (model === joined.chosen_model) return joined.propensity;
  const candidates: unknown = JSON.parse(joined.candidates);
  const index = Array.isArray(candidates) ? candidates.indexOf(model) : -1;
  const propensity = toDoubles(joined.propensities)[index] ?? 0;
  // A fallback that the policy would never have chosen has no propensity; zero would divide by zero later.
  return propensity > 0 ? propensity : null;
}

/** `embedder`: see `createReader`; what is told now and what is read after a restart must be the same. */
export function createRewardWriter(database: Database, embedder: string | null): RewardWriter {
  const find = database.prepare<[string | null, string], Joined>(
    `SELECT number, tenant, key, route, chosen_model, served_model, propensity, prompt_tokens, candidates, propensities, features,
       CASE WHEN embedder IS ? THEN embedding END AS embedding FROM decisions WHERE id = ?`,
  );
  const append = database.prepare<unknown[], never>(
    `INSERT INTO rewards (decision_number, source, key, quantity, score, weight, at, model, propensity, against)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const standing = database.prepare<[number, string, string], { seq: number }>(
    'SELECT seq FROM rewards WHERE decision_number = ? AND source = ? AND key = ?',
  );

  const whoAnswered = database.prepare<[string], Other>(
    'SELECT tenant, key, route, coalesce(served_model, chosen_model) AS model FROM decisions WHERE id = ?',
  );

  return ({ reward, caller }) => {
    const joined = find.get(embedder, reward.decision);
    if (joined === undefined) return { type: 'unknown' };
    // Another caller's decision is answered like none: its existence is nobody else's business.
    if (caller !== null && (caller.tenant !== joined.tenant || caller.key !== joined.key)) return { type: 'unknown' };
    const { source, key, quantity, value, weight, at } = reward;
    // Looked up, not left to the unique index: a refused insert would use up a seq and tear a gap into the log.
    const first = standing.get(joined.number, source, key);
    if (first !== undefined) return { type: 'duplicate', seq: first.seq };
    const model = joined.served_model ?? joined.chosen_model;
    if (model === null) return { type: 'unknown' };
    const other = reward.against === undefined ? null : (whoAnswered.get(reward.against) ?? null);
    if (reward.against !== undefined && !comparable(joined, other)) return { type: 'unknown' };
    const against = other?.model ?? null;
    const propensity = servedPropensity(joined, model);
    let done;
    try {
      done = append.run(joined.number, source, key, quantity, value, weight, at, model, propensity, against);
    } catch (error) {
      const fault = storageFault(error);
      if (fault.kind !== 'row') throw error;
      return fault.message;
    }
    const observation: Observation = {
      seq: Number(done.lastInsertRowid),
      decision: reward.decision,
      route: joined.route,
      model,
      quantity,
      value,
      weight,
      propensity,
      promptTokens: joined.prompt_tokens,
      embedding: joined.embedding === null ? null : toFloats(joined.embedding),
      against: against ?? undefined,
      note: toNote(joined.features),
    };
    return { type: 'accepted', seq: observation.seq, observation };
  };
}
