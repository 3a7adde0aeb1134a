import type { Json, State } from '../core/state.ts';
import { actionNote, type CanaryAction } from '../math/canary-trial.ts';
import type { Route } from '../routing/route.ts';
import { recordWord, type ControlParts } from './control-fact.ts';
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

/** An administrator's word to a route's canary. Resolves when it is committed and obeyed; rejects with `storage_unavailable`. */
export async function tellCanary(route: Route, action: CanaryAction, parts: ControlParts): Promise<void> {
  const word = {
    route: controlRoute(route.name),
    model: route.models[0]?.id ?? '',
    key: 'canary',
    reason: `an administrator said ${action}`,
    note: actionNote(action),
  };
  await recordWord(word, parts);
}
