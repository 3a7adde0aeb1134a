import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Decision } from '../core/decision.ts';
import { PointsmanError } from '../core/errors.ts';
import type { Caller } from '../core/query.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Carried } from '../upstream/execute.ts';
import { readOpenAiChat, type ChatRequest } from '../wire/openai-chat.ts';
import type { RequestHeaders } from '../wire/wishes.ts';
import { accessOf, letIn, permit } from './auth.ts';
import type { Access, Gateway, Reservation } from './gateway.ts';
import { receiveBody, type ReceivedBody } from './received-body.ts';
import { ResponseSink } from './response-sink.ts';

/** Makes a Query of a body; throws `invalid_request` or `invalid_wish`. */
export type ReadRequest = (body: ReceivedBody, headers: RequestHeaders, id: string, caller: Caller) => ChatRequest;

/** `POST /v1/chat/completions`. */
export function chatEndpoint(app: FastifyInstance, gateway: Gateway, logger: Logger): void {
  walkEndpoint(app, gateway, logger, '/v1/chat/completions', readOpenAiChat);
}

/** `POST path`: the whole walk, front to back. */
export function walkEndpoint(
  app: FastifyInstance,
  gateway: Gateway,
  logger: Logger,
  path: string,
  read: ReadRequest,
): void {
  app.post(path, { onRequest: letIn(gateway, 'chat') }, (request, reply) => {
    const access = accessOf(request);
    const body = receiveBody(request.body);
    const chat = read(body, request.headers, request.id, access.caller);
    const resolved = gateway.resolve(chat.query.model);
    permit(access, resolved);
    const walk = { gateway, logger, access, body, chat, reply, sink: new ResponseSink(reply.raw) };
    const decided = gateway.decide(chat.query, resolved, access, body, request.headers);
    if (!(decided instanceof Promise)) return carryOut(walk, decided);
    return decided.then((decision) => carryOut(walk, decision));
  });
}

interface Walk {
  readonly gateway: Gateway;
  readonly logger: Logger;
  readonly access: Access;
  readonly body: ReceivedBody;
  readonly chat: ChatRequest;
  readonly reply: FastifyReply;
  readonly sink: ResponseSink;
}

function carryOut(walk: Walk, decision: Decision): void {
  const { gateway, logger, body, reply, sink } = walk;
  const { query, includeUsage } = walk.chat;
  if (sink.gone) {
    // Gone while we were deciding: nothing was called, so there is nothing to record.
    reply.hijack();
    gateway.metrics.ended({ ...nobody, status: 499, durationMs: gateway.clock.monotonic() - body.receivedAt });
    return;
  }
  gateway.decided({ at: gateway.clock.now(), query, decision });
  gateway.metrics.decided(decision);
  const reservation = reserve(walk, decision);
  const overheadMs = gateway.clock.monotonic() - body.receivedAt;
  reply.hijack();
  sink.begin({
    requestId: query.id,
    decision,
    stream: query.stream,
    overheadMs,
    onEnd: (carried, status) => record(walk, decision, reservation, carried, status, overheadMs),
  });
  try {
    gateway.execute(decision, query, body, includeUsage, sink);
  } catch (cause) {
    logger.error({ error: cause, request: query.id, decision: decision.id }, 'carrying a decision out threw');
    const error =
      cause instanceof PointsmanError
        ? cause
        : new PointsmanError('internal_error', `The gateway failed; its log has request ${query.id}.`, { cause });
    sink.finish({
      servedModel: null,
      fallback: false,
      attempts: [],
      costUsd: null,
      failure: { kind: 'garbage', error, retryable: false },
      aborted: false,
    });
  }
}

const nobody = { route: 'none', model: 'none', overheadMs: null, attempts: [] } as const;

/** Puts the money aside. Where the budget refuses, the decision stands in the log as one that nobody served. */
function reserve({ gateway, chat, access }: Walk, decision: Decision): Reservation {
  try {
    return gateway.reserve(decision, chat.query, access);
  } catch (refusal) {
    const nothing = { decision: decision.id, servedModel: null, fallback: false, attempts: [] };
    gateway.completed(nothing, decision.route);
    throw refusal;
  }
}

/** Everything that has to be known before the client can react to the end of its answer. */
function record(
  { gateway, logger, body, chat }: Walk,
  decision: Decision,
  reservation: Reservation,
  carried: Carried,
  status: number,
  overheadMs: number,
): void {
  const { servedModel, fallback, attempts } = carried;
  try {
    // Nothing was called: nothing is owed. An unknown cost leaves the reserved amount standing.
    reservation.settle(attempts.length === 0 ? 0 : carried.costUsd);
    gateway.completed({ decision: decision.id, servedModel, fallback, attempts }, decision.route);
    gateway.metrics.ended({
      route: decision.route,
      model: servedModel ?? 'none',
      status,
      overheadMs,
      durationMs: gateway.clock.monotonic() - body.receivedAt,
      attempts,
    });
  } catch (error) {
    // An answer is worth more than its record.
    logger.error({ error, request: chat.query.id, decision: decision.id }, 'recording a request threw');
  }
}
