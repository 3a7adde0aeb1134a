import Fastify, { type FastifyInstance } from 'fastify';
import { newId } from '../core/ids.ts';
import type { Logger } from '../telemetry/logger.ts';
import { chatEndpoint } from './chat.ts';
import { completionsEndpoint } from './completions.ts';
import { drainOnClose } from './drain.ts';
import { embeddingsEndpoint } from './embeddings.ts';
import { answerUnknown, createClientErrorHandler, createErrorAnswerer } from './errors.ts';
import { feedbackEndpoint } from './feedback.ts';
import type { Gateway } from './gateway.ts';
import { healthEndpoints } from './health.ts';
import { loopbackOnly, needHost } from './loopback.ts';
import { metricsEndpoint } from './metrics.ts';
import { modelsEndpoints } from './models.ts';
import { acceptJsonOnly } from './received-body.ts';

export interface ServerOptions {
  /** Told of defects only: no line per request. */
  readonly logger: Logger;
  /** Milliseconds for the headers to arrive. Default 20,000. */
  readonly headersTimeoutMs?: number;
  /** Milliseconds for the whole request to arrive, body included. Default 120,000. */
  readonly requestTimeoutMs?: number;
  /** Milliseconds between looks at those two deadlines. Default 5,000. */
  readonly timeoutCheckMs?: number;
}

/** The HTTP side of a gateway; the caller listens and closes. No CORS: pages of other origins have no business here. */
export function createServer(gateway: Gateway, options: ServerOptions): FastifyInstance {
  const { logger } = options;
  const answerError = createErrorAnswerer(gateway, logger);
  const app = Fastify({
    logger: false,
    bodyLimit: gateway.bodyLimitBytes,
    requestTimeout: options.requestTimeoutMs ?? 120_000,
    genReqId: () => newId('req_'),
    // We answer those ourselves, in OpenAI's shape.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 512 },
    http: {
      // Node would answer a missing one with an empty body; `needHost` answers as everywhere.
      requireHostHeader: false,
      headersTimeout: options.headersTimeoutMs ?? 20_000,
      connectionsCheckingInterval: options.timeoutCheckMs ?? 5_000,
    },
    frameworkErrors: answerError,
    clientErrorHandler: createClientErrorHandler(gateway),
  });
  app.decorateRequest('access', null);
  app.setErrorHandler(answerError);
  answerUnknown(app, answerError);
  acceptJsonOnly(app, gateway.clock);
  drainOnClose(app);
  app.addHook('onRequest', gateway.loopbackOnly ? loopbackOnly() : needHost());

  chatEndpoint(app, gateway, logger);
  completionsEndpoint(app, gateway, logger);
  embeddingsEndpoint(app, gateway, logger);
  modelsEndpoints(app, gateway);
  feedbackEndpoint(app, gateway);
  healthEndpoints(app, gateway);
  metricsEndpoint(app, gateway);
  return app;
}
