import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { PointsmanError } from '../core/errors.ts';
import { guardedFetch, isForbidden } from '../network/guarded-fetch.ts';
import { answerLine } from '../quiz/grade.ts';
import { askGateway, type GatewayFlags } from './ask-gateway.ts';

const waitMs = 180_000;

const completion = Type.Object({
  choices: Type.Array(Type.Object({ message: Type.Object({ content: Type.Union([Type.String(), Type.Null()]) }) }), {
    minItems: 1,
  }),
});

interface Question extends GatewayFlags {
  readonly route: string;
  readonly model: string;
  readonly maxTokens: number;
}

/**
 * One question to one model of a route, so that the decision is the route's and its estimators hear of it. Rejects with
 * `no_healthy_target` where no gateway answers, and with `upstream_failed` and the gateway's own words where it has no answer.
 */
export async function askPinned(
  { url, key, route, model, maxTokens }: Question,
  prompt: string,
): Promise<{ readonly decision: string; readonly content: string }> {
  let response: Awaited<ReturnType<typeof guardedFetch>>;
  try {
    response = await guardedFetch(`${url.replace(/\/+$/, '')}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
      signal: AbortSignal.timeout(waitMs),
      body: JSON.stringify({
        model: route,
        messages: [
          // Beside the question, which alone is embedded.
          { role: 'system', content: answerLine },
          { role: 'user', content: prompt },
        ],
        max_tokens: maxTokens,
        pointsman: { models: [model], tags: { quiz: '1' } },
      }),
    });
  } catch (cause) {
    const why = isForbidden(cause) ? 'is a link-local or metadata address' : 'does not answer';
    throw new PointsmanError('no_healthy_target', `--url ${url} ${why}. Is the gateway running? Name it with --url.`, {
      cause,
    });
  }
  const body: unknown = await response.json().catch(() => null);
  const decision = response.headers.get('x-pointsman-decision');
  if (response.ok && decision !== null && Value.Check(completion, body)) {
    return { decision, content: body.choices[0]?.message.content ?? '' };
  }
  const error: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'error') : null;
  const message: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'message') : null;
  throw new PointsmanError(
    'upstream_failed',
    `${model} gave no answer (${response.status}): ${typeof message === 'string' ? message : 'no chat completion'}`,
  );
}

/** Feedback like anybody's, under the source `quiz`. */
export async function teach(flags: GatewayFlags, decision: string, score: number): Promise<void> {
  await askGateway('/v1/feedback', { decision, score, source: 'quiz' }, flags);
}
