import { Argument, Command } from 'commander';
import { PointsmanError } from '../core/errors.ts';
import { canaryActions } from '../math/canary-trial.ts';

interface CanaryFlags {
  readonly route: string;
  readonly url: string;
  readonly key?: string;
}

/** `pointsman canary`: asks a running gateway how a canary stands, or tells it what to do. */
export function canaryCommand(): Command {
  return new Command('canary')
    .description(
      'How a canary stands in a running gateway; promote it, roll it back, freeze, resume or restart its test.',
    )
    .addArgument(new Argument('[action]', 'what to do').choices(['status', ...canaryActions]).default('status'))
    .option('--route <name>', 'the route with "policy: { type: canary }"', 'auto')
    .option('--url <url>', 'where the gateway answers', 'http://127.0.0.1:4040')
    .option('--key <secret>', 'a key with the scope admin, where keys are configured')
    .action(async (action: string, flags: CanaryFlags) => {
      const answer = await tell(action, flags);
      process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
    });
}

const waitMs = 10_000;

async function tell(action: string, { route, url, key }: CanaryFlags): Promise<unknown> {
  const place = `${url.replace(/\/+$/, '')}/admin/canary/${encodeURIComponent(route)}`;
  let response: Response;
  try {
    response = await fetch(place, {
      method: action === 'status' ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
      signal: AbortSignal.timeout(waitMs),
      ...(action === 'status' ? {} : { body: JSON.stringify({ action }) }),
    });
  } catch (cause) {
    throw new PointsmanError('no_healthy_target', `No gateway answers at ${url}. Is it running? Name it with --url.`, {
      cause,
    });
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return body;
  const error: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'error') : null;
  const message: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'message') : null;
  throw new PointsmanError(
    'invalid_request',
    typeof message === 'string' ? message : `The gateway answered ${response.status}.`,
  );
}
