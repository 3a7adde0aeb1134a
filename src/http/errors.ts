import { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PointsmanError } from '../core/errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import { errorBody } from '../wire/error-body.ts';
import type { Gateway } from './gateway.ts';
import { retryHeaders } from './headers.ts';

/** Endpoints whose requests are counted as such: what ends one before its walk has begun is one of them too. */
const walks: ReadonlySet<string> = new Set(['/v1/chat/completions', '/v1/completions', '/v1/embeddings']);

/** Answers whatever was thrown, by us or by Fastify, with OpenAI's error body. */
export type ErrorAnswerer = (thrown: unknown, request: FastifyRequest, reply: FastifyReply) => void;

export function createErrorAnswerer(gateway: Gateway, logger: Logger): ErrorAnswerer {
  return (thrown, request, reply) => {
    const error = asPointsmanError(thrown, request.id, gateway.bodyLimitBytes);
    if (error.status === 500) {
      logger.error(
        { error: thrown, request: request.id, method: request.method, url: request.url },
        'a request failed',
      );
    }
    gateway.metrics.refused(error.code);
    if (walks.has(request.routeOptions.url ?? '')) {
      const durationMs = reply.elapsedTime;
      gateway.metrics.ended({
        route: 'none',
        model: 'none',
        status: error.status,
        overheadMs: null,
        durationMs,
        attempts: [],
      });
    }
    const list = ['x-request-id', request.id, ...retryHeaders(error, error.retry)];
    for (let i = 0; i < list.length; i += 2) void reply.header(list[i] ?? '', list[i + 1]);
    void reply.code(error.status).type('application/json; charset=utf-8').send(errorBody(error));
  };
}

/** Unknown paths, and known ones with a method that they do not have. Reads the endpoints as they are registered. */
export function answerUnknown(app: FastifyInstance, answer: ErrorAnswerer): void {
  const endpoints: { readonly path: string; readonly methods: readonly string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    endpoints.push({ path: url, methods: typeof method === 'string' ? [method] : method });
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const allowed = endpoints
      .filter((endpoint) =>
        endpoint.path.endsWith('/*') ? path.startsWith(endpoint.path.slice(0, -1)) : path === endpoint.path,
      )
      .flatMap((endpoint) => endpoint.methods);
    if (allowed.length > 0) {
      const allow = [...new Set(allowed)].join(', ');
      void reply.header('allow', allow);
      answer(
        new PointsmanError('method_not_allowed', `${path} takes ${allow}, not ${request.method}.`),
        request,
        reply,
      );
      return;
    }
    const known = [...new Set(endpoints.map((endpoint) => endpoint.path))].join(', ');
    const asked = `${request.method} ${path.slice(0, 128)}`;
    answer(new PointsmanError('not_found', `There is no endpoint ${asked}. There are ${known}.`), request, reply);
  });
}

/** Errors of Node's HTTP parser and its deadlines: there is a socket, but no request to answer through. */
export function createClientErrorHandler(gateway: Gateway): (thrown: Error, socket: Socket) => void {
  return (thrown, socket) => {
    const current: unknown = Reflect.get(socket, '_httpMessage');
    // In the middle of an answer our bytes would become part of it.
    const answering = current instanceof ServerResponse && current.headersSent;
    if (codeOf(thrown) === 'ECONNRESET' || !socket.writable || answering) {
      socket.destroy();
      return;
    }
    const error = parserError(codeOf(thrown));
    gateway.metrics.refused(error.code);
    const body = errorBody(error);
    const head = `HTTP/1.1 ${error.status} ${statusText(error.status)}\r\ncontent-type: application/json; charset=utf-8\r\n`;
    socket.end(`${head}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`);
  };
}

function parserError(code: unknown): PointsmanError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new PointsmanError('request_timeout', 'The request did not arrive in time.');
    case 'HPE_HEADER_OVERFLOW':
      return new PointsmanError('invalid_request', 'The headers are too large.', { status: 431 });
    default:
      return new PointsmanError('invalid_request', 'The request is not valid HTTP.');
  }
}

const statusText = (status: number): string =>
  status === 408 ? 'Request Timeout' : status === 431 ? 'Request Header Fields Too Large' : 'Bad Request';

function asPointsmanError(thrown: unknown, requestId: string, bodyLimitBytes: number): PointsmanError {
  if (thrown instanceof PointsmanError) return thrown;
  switch (codeOf(thrown)) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE': {
      const limit = bodyLimitBytes >= 1e6 ? `${bodyLimitBytes / 1e6} MB` : `${bodyLimitBytes} bytes`;
      return new PointsmanError('body_too_large', `The body is larger than ${limit} (listen.body_limit_mb).`);
    }
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new PointsmanError('unsupported_media_type', 'Send JSON with the header content-type: application/json.');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new PointsmanError('invalid_request', 'The body is not as long as its content-length says.');
    case 'FST_ERR_BAD_URL':
      return new PointsmanError('not_found', 'The path is not a valid URL path.');
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new PointsmanError('not_found', 'The path is too long.');
    case 'ECONNRESET':
      return new PointsmanError('client_closed', 'The client went away before its request was whole.');
    default:
      return new PointsmanError('internal_error', `The gateway failed; its log has request ${requestId}.`, {
        cause: thrown,
      });
  }
}

const codeOf = (thrown: unknown): unknown => (thrown instanceof Error && 'code' in thrown ? thrown.code : undefined);
