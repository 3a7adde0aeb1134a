import type { FastifyInstance } from 'fastify';
import { PointsmanError } from '../core/errors.ts';
import { accessOf, letIn } from './auth.ts';
import type { Gateway, ListedModel } from './gateway.ts';

/**
 * `GET /v1/models` and `GET /v1/models/ID`: every name that a request may ask for, in OpenAI's shape. What is ours to
 * say stands under `pointsman`: its kind, whether it is simulated, and why it cannot be routed to.
 */
export function modelsEndpoints(app: FastifyInstance, gateway: Gateway): void {
  const created = Math.floor(gateway.clock.now() / 1_000);
  const onRequest = letIn(gateway, 'chat');

  app.get('/v1/models', { onRequest }, (request, reply) => {
    const data = gateway.listModels(accessOf(request)).map((model) => listed(model, created));
    void reply.header('x-request-id', request.id).send({ object: 'list', data });
  });

  // A wildcard, since ids may contain slashes, escaped or not.
  app.get<{ Params: { '*': string } }>('/v1/models/*', { onRequest }, (request, reply) => {
    const id = request.params['*'];
    const model = gateway.listModels(accessOf(request)).find((model) => model.id === id);
    if (model === undefined) {
      throw new PointsmanError(
        'model_not_found',
        `There is no model "${id.slice(0, 128)}"; GET /v1/models lists all.`,
        {
          param: 'model',
        },
      );
    }
    void reply.header('x-request-id', request.id).send(listed(model, created));
  });
}

const listed = ({ id, kind, simulated, unroutable }: ListedModel, created: number): object => ({
  id,
  object: 'model',
  created,
  owned_by: 'pointsman',
  pointsman: { kind, simulated, unroutable },
});
