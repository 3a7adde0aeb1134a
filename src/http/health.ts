import type { FastifyInstance } from 'fastify';
import type { Gateway } from './gateway.ts';

const told = (degraded: readonly string[]): { readonly degraded?: readonly string[] } =>
  degraded.length === 0 ? {} : { degraded };

/** `GET /health`: the process turns. `GET /ready`: it can take requests, or why not. Open to all, and tell nothing else. */
export function healthEndpoints(app: FastifyInstance, gateway: Gateway): void {
  app.get('/health', (request, reply) => {
    void reply.header('x-request-id', request.id).send({ status: 'ok' });
  });
  app.get('/ready', (request, reply) => {
    const reason = gateway.notReady();
    void reply
      .code(reason === null ? 200 : 503)
      .header('x-request-id', request.id)
      .send(reason === null ? { status: 'ready', ...told(gateway.troubles()) } : { status: 'not_ready', reason });
  });
}
