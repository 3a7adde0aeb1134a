import type { Clock } from '../core/clock.ts';
import type { Decision } from '../core/decision.ts';
import { PointsmanError } from '../core/errors.ts';
import { newId, newOrderedId } from '../core/ids.ts';
import type { OutcomeStore } from '../core/outcome.ts';
import type { Learning } from '../learning/learning.ts';

/** Where a word is written down, and what folds it. */
export interface ControlParts {
  readonly store: OutcomeStore;
  readonly clock: Clock;
  readonly learning: Learning;
}

/** What somebody says to learned state. */
export interface ControlWord {
  /** Under which it stands in the log; begins with `#`. */
  readonly route: string;
  /** Any: the log wants one. */
  readonly model: string;
  /** Tells words of different kinds apart. */
  readonly key: string;
  readonly reason: string;
  readonly note: readonly number[];
}

/**
 * A word as one more fact in the log: learned state stays a fold over it, so a restart and every other reader of the log come to
 * the same state. Rejects with `storage_unavailable` where it was not recorded.
 */
export async function recordWord(word: ControlWord, { store, clock, learning }: ControlParts): Promise<void> {
  const at = clock.now();
  const id = newOrderedId('dec_', at);
  const decision: Decision = {
    id,
    route: word.route,
    policy: 'admin',
    policyVersion: 'admin',
    plan: { type: 'route', model: word.model },
    candidates: [{ model: word.model, price: null }],
    removals: [],
    ranking: [0],
    propensities: Float64Array.of(1),
    predictions: {},
    reason: word.reason,
    lambda: null,
    embedding: null,
    pinned: true,
    note: word.note,
    degraded: [],
  };
  store.decision({
    at,
    decision,
    query: {
      id: newId('req_'),
      caller: { tenant: 'default', key: null },
      format: 'openai-chat',
      model: word.route,
      text: '',
      promptTokens: 0,
      maxOutputTokens: null,
      needs: [],
      stream: false,
      wishes: {},
    },
  });
  const fact = { source: 'admin', key: word.key, quantity: 'quality' as const, value: 0, weight: 1 };
  const receipt = await learning.accept({ decision: id, ...fact, at }, null);
  if (receipt.type === 'accepted') return;
  throw new PointsmanError('storage_unavailable', 'The action was not recorded. Send it again.', {
    retryAfterMs: 1_000,
  });
}
