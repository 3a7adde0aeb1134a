import type { FastifyInstance } from 'fastify';
import { letIn } from './auth.ts';
import type { Gateway } from './gateway.ts';

/** `GET /metrics`: the Prometheus text, for keys with the scope `metrics` (for all where no keys are configured). */
export function metricsEndpoint(app: FastifyInstance, gateway: Gateway): void {
  app.get('/metrics', { onRequest: letIn(gateway, 'metrics') }, async (request, reply) => {
    const { contentType, text } = await gateway.metrics.render();
    return reply.header('x-request-id', request.id).type(contentType).send(text);
  });
}
