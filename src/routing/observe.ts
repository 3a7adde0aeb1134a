import type { Model } from '../core/candidate.ts';
import type { Decision } from '../core/decision.ts';
import type { Query } from '../core/query.ts';
import type { DecideContext, Route } from './route.ts';

/** A route that only watches, and the model that serves requests for the route itself. */
export interface Observed {
  readonly route: Route;
  readonly baseline: Model;
}

/**
 * The pinned decision with what the route would have done beside it. The client gets exactly what it asked for: the same
 * call, no other model behind it, and no error that the route alone would have made. Where the route itself would not
 * have let the asked model take this request (too long, cooling down), nothing can be compared and the pinned decision
 * stands alone. Synchronous where the route's embedder is.
 */
export function observed(
  pinned: Decision,
  route: Route,
  query: Query,
  context: DecideContext,
): Decision | Promise<Decision> {
  let shadow: Decision | Promise<Decision>;
  try {
    shadow = route.decide(query, context);
  } catch {
    return pinned;
  }
  if (!(shadow instanceof Promise)) return beside(pinned, shadow);
  return shadow.then(
    (decided) => beside(pinned, decided),
    () => pinned,
  );
}

function beside(pinned: Decision, shadow: Decision): Decision {
  const asked = pinned.plan.type === 'route' ? pinned.plan.model : null;
  const place = shadow.candidates.findIndex(({ model }) => model === asked);
  if (place === -1) return pinned;
  const model = shadow.plan.type === 'route' ? shadow.plan.model : null;
  // What was logged has to be what happened: the client chose, with certainty.
  const propensities = new Float64Array(shadow.candidates.length);
  propensities[place] = 1;
  return {
    ...pinned,
    route: shadow.route,
    policy: 'observe',
    policyVersion: shadow.policyVersion,
    candidates: shadow.candidates,
    removals: shadow.removals,
    ranking: [place],
    propensities,
    predictions: shadow.predictions,
    reason: `served as asked; ${shadow.policy} would have taken ${model ?? 'no model'}: ${shadow.reason}`,
    lambda: shadow.lambda,
    embedding: shadow.embedding,
    shadow: { policy: shadow.policy, model, propensities: shadow.propensities },
    degraded: shadow.degraded,
  };
}
