import type { FastifyInstance } from 'fastify';
import type { Logger } from '../telemetry/logger.ts';
import { readOpenAiCompletion } from '../wire/openai-completion.ts';
import { walkEndpoint } from './chat.ts';
import type { Gateway } from './gateway.ts';

/** `POST /v1/completions`: a prompt without roles, on the same walk as chat. */
export function completionsEndpoint(app: FastifyInstance, gateway: Gateway, logger: Logger): void {
  walkEndpoint(app, gateway, logger, '/v1/completions', readOpenAiCompletion);
}
