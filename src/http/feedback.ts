import type { FastifyInstance } from 'fastify';
import { PointsmanError } from '../core/errors.ts';
import type { Reward } from '../core/outcome.ts';
import { wrong } from '../wire/messages.ts';
import { didYouMean } from '../wire/nearest.ts';
import { accessOf, letIn } from './auth.ts';
import type { Gateway } from './gateway.ts';
import { receiveBody } from './received-body.ts';

/** `POST /v1/feedback`: how good an answer was. Acknowledged after its commit, once per decision, source and key. */
export function feedbackEndpoint(app: FastifyInstance, gateway: Gateway): void {
  app.post('/v1/feedback', { onRequest: letIn(gateway, 'feedback') }, async (request, reply) => {
    const reward = readFeedback(receiveBody(request.body).parsed, gateway.clock.now());
    const receipt = await gateway.feedback(reward, accessOf(request).caller);
    gateway.metrics.rewarded(reward.source, receipt.type);
    if (receipt.type === 'unknown') {
      throw new PointsmanError(
        'decision_not_found',
        'No decision of this key has this id; send the value of x-pointsman-decision from the answer.',
        { param: 'decision' },
      );
    }
    return reply.header('x-request-id', request.id).send({
      decision: reward.decision,
      seq: receipt.seq,
      status: receipt.type,
    });
  });
}

const members = ['decision', 'score', 'key', 'source'];
/** What the gateway itself says; nobody else may claim to. */
const reservedSources = ['usage', 'implicit', 'verifier', 'judge', 'admin'];
const longestName = 128;

function readFeedback(parsed: Readonly<Record<string, unknown>>, at: number): Reward {
  for (const member in parsed) {
    if (!members.includes(member)) {
      const shown = member.slice(0, 64);
      throw new PointsmanError('invalid_request', `Feedback has no member "${shown}"${didYouMean(shown, members)}`, {
        param: shown,
      });
    }
  }
  const { decision, score } = parsed;
  if (typeof decision !== 'string' || decision === '' || decision.length > longestName) {
    throw wrong('decision', 'the id from the x-pointsman-decision header', decision);
  }
  if (typeof score !== 'number' || !(score >= 0 && score <= 1)) throw wrong('score', 'a number from 0 to 1', score);
  const source = readName(parsed.source, 'source', 'api');
  if (reservedSources.includes(source)) {
    throw new PointsmanError('invalid_request', `The source "${source}" is the gateway's own; choose another.`, {
      param: 'source',
    });
  }
  return {
    decision,
    source,
    key: readName(parsed.key, 'key', 'default'),
    quantity: 'quality',
    value: score,
    weight: 1,
    at,
  };
}

function readName(value: unknown, param: string, otherwise: string): string {
  if (value === undefined || value === null) return otherwise;
  if (typeof value === 'string' && value !== '' && value.length <= longestName) return value;
  throw wrong(param, `a string of 1 to ${longestName} characters`, value);
}
