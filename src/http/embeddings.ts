import type { FastifyInstance } from 'fastify';
import type { Logger } from '../telemetry/logger.ts';
import { readOpenAiEmbedding } from '../wire/openai-embedding.ts';
import { walkEndpoint } from './chat.ts';
import type { Gateway } from './gateway.ts';

/** `POST /v1/embeddings`: on the same walk as chat, among models of one vector space. */
export function embeddingsEndpoint(app: FastifyInstance, gateway: Gateway, logger: Logger): void {
  walkEndpoint(app, gateway, logger, '/v1/embeddings', readOpenAiEmbedding);
}
