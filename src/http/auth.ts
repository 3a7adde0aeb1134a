import type { FastifyRequest, onRequestHookHandler } from 'fastify';
import { PointsmanError } from '../core/errors.ts';
import type { Access, Gateway, Resolved, Scope } from './gateway.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `letIn` before the body is read; null on endpoints that are open to all. */
    access: Access | null;
  }
}

/** A hook that lets in who may do this, before a byte of the body is read. */
export function letIn(gateway: Gateway, scope: Scope): onRequestHookHandler {
  return (request, _reply, done) => {
    const access = gateway.authenticate(secretOf(request));
    if (!access.scopes.has(scope)) {
      throw new PointsmanError('permission_denied', `This key has not the scope "${scope}". Add it to its scopes.`);
    }
    request.access = access;
    done();
  };
}

/** The access that `letIn` found. */
export function accessOf(request: FastifyRequest): Access {
  if (request.access !== null) return request.access;
  throw new PointsmanError('internal_error', 'The endpoint reads the access of a request that nothing let in.');
}

/** Throws `permission_denied` where the key is confined to routes and this is none of them. */
export function permit(access: Access, resolved: Resolved): void {
  if (access.routes === null) return;
  const name = resolved.type === 'route' ? resolved.route : resolved.model.id;
  if (access.routes.has(name)) return;
  const allowed = [...access.routes].join(', ');
  throw new PointsmanError('permission_denied', `This key may not use "${name}". It may use ${allowed}.`, {
    param: 'model',
  });
}

/** `Authorization: Bearer ...` as the OpenAI SDK sends it, else `x-api-key`; null where there is neither. */
function secretOf({ headers }: FastifyRequest): string | null {
  const { authorization } = headers;
  if (authorization !== undefined && authorization.slice(0, 7).toLowerCase() === 'bearer ') {
    const secret = authorization.slice(7).trim();
    if (secret !== '') return secret;
  }
  const key = headers['x-api-key'];
  return typeof key === 'string' && key !== '' ? key : null;
}
