import type { Command } from 'commander';
import { PointsmanError } from '../core/errors.ts';
import { guardedFetch, isForbidden } from '../network/guarded-fetch.ts';

/** Where a running gateway is, and by what right it is asked. */
export interface GatewayFlags {
  readonly url: string;
  readonly key?: string;
}

/** The flags that every command for administrators of a running gateway has. */
export const withGatewayFlags = (command: Command): Command =>
  command
    .option('--url <url>', 'where the gateway answers', 'http://127.0.0.1:4040')
    .option('--key <secret>', 'a key with the scope admin, where keys are configured');

const waitMs = 10_000;

/**
 * Asks a running gateway; `body` null: GET, else POST. Rejects with `no_healthy_target` where none answers, with `invalid_request`
 * and the gateway's own words where it refuses.
 */
export async function askGateway(path: string, body: object | null, { url, key }: GatewayFlags): Promise<unknown> {
  let response: Awaited<ReturnType<typeof guardedFetch>>;
  try {
    response = await guardedFetch(`${url.replace(/\/+$/, '')}${path}`, {
      method: body === null ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
      signal: AbortSignal.timeout(waitMs),
      ...(body === null ? {} : { body: JSON.stringify(body) }),
    });
  } catch (cause) {
    if (isForbidden(cause)) {
      throw new PointsmanError('invalid_request', `--url ${url}: a link-local or metadata address is never called.`, {
        cause,
      });
    }
    throw new PointsmanError('no_healthy_target', `No gateway answers at ${url}. Is it running? Name it with --url.`, {
      cause,
    });
  }
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer;
  const error: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'error') : null;
  const message: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'message') : null;
  throw new PointsmanError(
    'invalid_request',
    typeof message === 'string' ? message : `The gateway answered ${response.status}.`,
  );
}
