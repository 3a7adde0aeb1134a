import type { Target } from '../core/candidate.ts';
import type { Failure } from '../core/backend.ts';
import { messageOf, PointsmanError } from '../core/errors.ts';
import { readError } from './chat-chunk.ts';
import { parseJson } from './json.ts';

/** How calls of one target fail. Messages name the target and what to look at, and never carry its secret. */

/** No connection came about, so nothing was asked. */
export function unreachable(target: Target, cause: unknown): Failure {
  return {
    kind: 'connect',
    error: new PointsmanError(
      'no_healthy_target',
      `Target "${target.id}" cannot be reached (${reasonOf(cause)}); see that its server runs and base_url is right.`,
      { cause },
    ),
    retryable: true,
  };
}

/** The connection ended after the request was sent and before any answer, as when a kept-alive one has gone stale. */
export function lostBeforeAnswer(target: Target, cause: unknown): Failure {
  return {
    kind: 'connect',
    error: new PointsmanError(
      'upstream_failed',
      `Target "${target.id}" closed the connection before it answered (${reasonOf(cause)}).`,
      { cause },
    ),
    retryable: true,
  };
}

export function cut(target: Target, status: number, cause?: unknown): Failure {
  return {
    kind: 'cut',
    error: new PointsmanError('upstream_cut', `Target "${target.id}" stopped in the middle of its answer.`, { cause }),
    retryable: true,
    status,
  };
}

/** `why` completes "Target X answered with ...". */
export function garbage(target: Target, status: number, why: string, cause?: unknown): Failure {
  return {
    kind: 'garbage',
    error: new PointsmanError('upstream_failed', `Target "${target.id}" answered with ${why}.`, { cause }),
    retryable: true,
    status,
  };
}

/** The upstream said so inside an answer that had begun well (status 200). */
export function toldInside(target: Target, message: string, status: number | null): Failure {
  const code = status === 429 ? 'rate_limited' : 'upstream_failed';
  const text = `Target "${target.id}" failed: ${publicText(target, message)}`;
  return { kind: 'status', error: new PointsmanError(code, text), retryable: true, status: status ?? 200 };
}

const credentialStatuses: ReadonlySet<number> = new Set([401, 402, 403]);
const retryableStatuses: ReadonlySet<number> = new Set([408, 409, 429]);

/**
 * An answer that is not 2xx. 401, 402 and 403 speak of the gateway's own account, so the client must not take them
 * for its own; 408, 409, 429 and 5xx may pass; any other 4xx is the client's business and is passed on as it came.
 */
export function refused(
  target: Target,
  status: number,
  contentType: string | null,
  body: Buffer,
  retryAfterMs: number | null,
): Failure {
  if (credentialStatuses.has(status)) {
    return {
      kind: 'credential',
      error: new PointsmanError(
        'upstream_credential',
        `Target "${target.id}" refused the gateway's own key or account (status ${status}); see its api_key.`,
      ),
      retryable: true,
      status,
    };
  }
  const said = publicText(target, readError(parseJson(body.toString('utf8')))?.message ?? '');
  const message = `Target "${target.id}" answered with status ${status}${said === '' ? '.' : `: ${said}`}`;
  if (status >= 500 || retryableStatuses.has(status)) {
    const code = status === 429 ? 'rate_limited' : 'upstream_failed';
    const details = retryAfterMs === null ? {} : { retryAfterMs };
    return { kind: 'status', error: new PointsmanError(code, message, details), retryable: true, status };
  }
  if (status < 400) return garbage(target, status, `status ${status}; see that base_url is where its API really is`);
  const failure = {
    kind: 'status',
    error: new PointsmanError('upstream_failed', message, { status }),
    retryable: false,
    status,
  } as const;
  if (leaks(target, body)) return failure;
  const headers = contentType === null ? {} : { 'content-type': contentType };
  return { ...failure, passThrough: { status, body, headers } };
}

const leaks = (target: Target, body: Buffer): boolean => Boolean(target.apiKey) && body.includes(target.apiKey ?? '');

/** Text of strangers: one line, bounded, without the target's secret. */
function publicText(target: Target, text: string): string {
  const clean = target.apiKey ? text.replaceAll(target.apiKey, '***') : text;
  return clean.replace(/\p{Cc}+/gu, ' ').slice(0, 500);
}

function reasonOf(cause: unknown): string {
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return messageOf(cause);
}
