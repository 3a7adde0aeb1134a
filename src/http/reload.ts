import type { FastifyInstance } from 'fastify';
import { PointsmanError } from '../core/errors.ts';
import { letIn } from './auth.ts';
import type { Gateway } from './gateway.ts';

export interface ReloadEndpoint {
  /** Throws where the file is refused. */
  readonly reload: () => Promise<void>;
  /** `auth: none` is written out: whoever reaches the gateway would be its administrator. */
  readonly everybody: boolean;
}

/** `POST /admin/reload`: reads the YAML again; answers when it serves. For keys with the scope `admin`. */
export function reloadEndpoint(app: FastifyInstance, gateway: Gateway, { reload, everybody }: ReloadEndpoint): void {
  app.post('/admin/reload', { onRequest: letIn(gateway, 'admin') }, async (request, reply) => {
    if (everybody) {
      throw new PointsmanError(
        'permission_denied',
        'With "auth: none" nobody is an administrator. Send SIGHUP, or configure keys.',
      );
    }
    await reload();
    return reply.header('x-request-id', request.id).send({ status: 'reloaded' });
  });
}
