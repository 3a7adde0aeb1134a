import type { FastifyInstance } from 'fastify';
import { PointsmanError } from '../core/errors.ts';
import type { Reward } from '../core/outcome.ts';
import { wrong } from '../wire/messages.ts';
import { didYouMean } from '../wire/nearest.ts';
import { accessOf, letIn } from './auth.ts';
import type { Gateway } from './gateway.ts';
import { receiveBody } from './received-body.ts';

/**
 * `POST /v1/feedback`: how good an answer was, or that it was better than another one to the same request. Acknowledged after
 * its commit, once per decision, source and key; of two decisions once, whichever of them is named first.
 */
export function feedbackEndpoint(app: FastifyInstance, gateway: Gateway): void {
  app.post('/v1/feedback', { onRequest: letIn(gateway, 'feedback') }, async (request, reply) => {
    const { parsed } = receiveBody(request.body);
    const reward = readFeedback(parsed, gateway.clock.now());
    const receipt = await gateway.feedback(reward, accessOf(request).caller);
    gateway.metrics.rewarded(reward.source, receipt.type);
    if (receipt.type === 'unknown') {
      throw new PointsmanError(
        'decision_not_found',
        reward.against === undefined
          ? 'No decision of this key has this id; send the value of x-pointsman-decision from the answer.'
          : 'No two decisions of this key on one route have these ids; send the values of x-pointsman-decision from both answers.',
        { param: 'decision' },
      );
    }
    return reply.header('x-request-id', request.id).send({
      decision: parsed['decision'],
      seq: receipt.seq,
      status: receipt.type,
    });
  });
}

/** What an answer was against another one, as the value of the first. */
const comparisons = { preferred_to: 1, rejected_for: 0, tied_with: 0.5 } as const;
const members = ['decision', 'score', ...Object.keys(comparisons), 'key', 'source'];
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
  const compared = readComparison(parsed, decision);
  const source = readName(parsed.source, 'source', 'api');
  if (reservedSources.includes(source)) {
    throw new PointsmanError('invalid_request', `The source "${source}" is the gateway's own; choose another.`, {
      param: 'source',
    });
  }
  const key = readName(parsed.key, 'key', 'default');
  if (compared === null) {
    if (typeof score !== 'number' || !(score >= 0 && score <= 1)) throw wrong('score', 'a number from 0 to 1', score);
    return { decision, source, key, quantity: 'quality', value: score, weight: 1, at };
  }
  if (score !== undefined) {
    throw new PointsmanError(
      'invalid_request',
      'Send either a "score" or a comparison, each in a request of its own.',
      {
        param: 'score',
      },
    );
  }
  // The same fact whoever is named first, so that it counts once.
  const { other, value } = compared;
  const [first, second] = decision < other ? [decision, other] : [other, decision];
  return {
    decision: first,
    source,
    key: `pair:${second}:${key}`,
    quantity: 'preference',
    value: first === decision ? value : 1 - value,
    weight: 1,
    at,
    against: second,
  };
}

/** Null where no comparison was sent. */
function readComparison(
  parsed: Readonly<Record<string, unknown>>,
  decision: string,
): { readonly other: string; readonly value: number } | null {
  const given = Object.entries(comparisons).filter(([member]) => parsed[member] !== undefined);
  const [only, another] = given;
  if (only === undefined) return null;
  const [member, value] = only;
  if (another !== undefined) {
    throw new PointsmanError('invalid_request', `Feedback is either "${member}" or "${another[0]}", not both.`, {
      param: another[0],
    });
  }
  const other = parsed[member];
  const form = 'the id from the x-pointsman-decision header of another answer to the same request';
  if (typeof other !== 'string' || other === '' || other.length > longestName || other === decision) {
    throw wrong(member, form, other);
  }
  return { other, value };
}

function readName(value: unknown, param: string, otherwise: string): string {
  if (value === undefined || value === null) return otherwise;
  if (typeof value === 'string' && value !== '' && value.length <= longestName) return value;
  throw wrong(param, `a string of 1 to ${longestName} characters`, value);
}
