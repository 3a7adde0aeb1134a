import type { Clock } from '../core/clock.ts';
import type { Decision } from '../core/decision.ts';
import { PointsmanError } from '../core/errors.ts';
import { newId, newOrderedId } from '../core/ids.ts';
import type { OutcomeStore } from '../core/outcome.ts';
import type { State } from '../core/state.ts';
import type { Learning } from '../learning/learning.ts';
import { actionNote, type CanaryAction } from '../math/canary-trial.ts';
import type { Route } from '../routing/route.ts';
import type { Json } from '../core/state.ts';
import { controlRoute } from './control-route.ts';

/** What the route's canary has found; null where it has none. */
export function canaryState(route: Route | undefined): State['data'] | null {
  if (route === undefined || route.policy.name !== 'canary' || route.memory === null) return null;
  const { data } = route.memory.learner.save();
  // Beside memories of inner policies it is the first part.
  const own = data['parts'] === undefined ? data : data['0'];
  if (!isMap(own)) return null;
  const { phase, frozen, ...found } = own;
  return { phase: ['testing', 'promoted', 'rolled_back'][Number(phase)] ?? 'testing', frozen: frozen === 1, ...found };
}

const isMap = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * An administrator's word as one more fact in the log: what the policy remembers stays a fold over it, so a restart and every other
 * reader of the log come to the same state.
 */
export async function tellCanary(
  route: Route,
  action: CanaryAction,
  { store, clock, learning }: { readonly store: OutcomeStore; readonly clock: Clock; readonly learning: Learning },
): Promise<void> {
  const at = clock.now();
  const model = route.models[0]?.id ?? '';
  const id = newOrderedId('dec_', at);
  const decision: Decision = {
    id,
    route: controlRoute(route.name),
    policy: 'admin',
    policyVersion: 'admin',
    plan: { type: 'route', model },
    candidates: [{ model, price: null }],
    removals: [],
    ranking: [0],
    propensities: Float64Array.of(1),
    predictions: {},
    reason: `an administrator said ${action}`,
    lambda: null,
    embedding: null,
    pinned: true,
    note: actionNote(action),
    degraded: [],
  };
  store.decision({
    at,
    decision,
    query: {
      id: newId('req_'),
      caller: { tenant: 'default', key: null },
      format: 'openai-chat',
      model: route.name,
      text: '',
      promptTokens: 0,
      maxOutputTokens: null,
      needs: [],
      stream: false,
      wishes: {},
    },
  });
  const fact = { source: 'admin', key: 'canary', quantity: 'quality' as const, value: 0, weight: 1 };
  const receipt = await learning.accept({ decision: id, ...fact, at }, null);
  if (receipt.type !== 'accepted') {
    throw new PointsmanError('storage_unavailable', 'The action was not recorded. Send it again.', {
      retryAfterMs: 1_000,
    });
  }
}
