import type { FastifyInstance } from 'fastify';
import { PointsmanError } from '../core/errors.ts';
import type { State } from '../core/state.ts';
import { canaryActions, type CanaryAction } from '../math/canary-trial.ts';
import { wrong } from '../wire/messages.ts';
import { letIn } from './auth.ts';
import type { Gateway } from './gateway.ts';
import { receiveBody } from './received-body.ts';

export interface CanaryEndpoint {
  /** What the route's canary has found so far; null where the route has none. */
  readonly state: (route: string) => State['data'] | null;
  /** Resolves when the action is committed and obeyed. Rejects with `storage_unavailable`. */
  readonly act: (route: string, action: CanaryAction) => Promise<void>;
  /** `auth: none` is written out: whoever reaches the gateway would be its administrator. */
  readonly everybody: boolean;
}

/** `GET /admin/canary/:route` and `POST` with `{"action": ...}`. For keys with the scope `admin`. */
export function canaryEndpoint(app: FastifyInstance, gateway: Gateway, canary: CanaryEndpoint): void {
  const found = (params: unknown): { readonly route: string; readonly state: State['data'] } => {
    if (canary.everybody) {
      throw new PointsmanError('permission_denied', 'With "auth: none" nobody is an administrator. Configure keys.');
    }
    const route: unknown = typeof params === 'object' && params !== null ? Reflect.get(params, 'route') : undefined;
    const name = typeof route === 'string' ? route : '';
    const state = canary.state(name);
    if (state !== null) return { route: name, state };
    throw new PointsmanError('not_found', `No route "${name.slice(0, 64)}" has "policy: { type: canary }".`);
  };
  app.get('/admin/canary/:route', { onRequest: letIn(gateway, 'admin') }, (request, reply) => {
    const { route, state } = found(request.params);
    return reply.header('x-request-id', request.id).send({ route, ...state });
  });
  app.post('/admin/canary/:route', { onRequest: letIn(gateway, 'admin') }, async (request, reply) => {
    const { route } = found(request.params);
    const { action: asked } = receiveBody(request.body).parsed;
    const action = canaryActions.find((each) => each === asked);
    if (action === undefined) throw wrong('action', canaryActions.join(', '), asked);
    await canary.act(route, action);
    return reply.header('x-request-id', request.id).send({ route, ...canary.state(route) });
  });
}
