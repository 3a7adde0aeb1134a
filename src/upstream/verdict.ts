import type { Failure } from '../core/backend.ts';
import { PointsmanError, type ErrorCode } from '../core/errors.ts';

/** What the client is told when every way has been tried. `waitMs`: until the soonest target comes back. */
export function verdictOf(failures: readonly Failure[], waitMs: number | null): Failure {
  const last = failures.at(-1);
  if (last === undefined) return nothingToAsk(waitMs);
  if (!last.retryable) return last;
  const [code, kind] = sharedCode(failures) ?? (['upstream_failed', last.kind] as const);
  // A single failure speaks for itself; of several the client sees each, once.
  const message = [...new Set(failures.map(({ error }) => error.message))].join(' ');
  const retryAfterMs = retryAfterOf(failures, waitMs, code);
  return {
    kind,
    error: new PointsmanError(code, message, { cause: last.error, ...(retryAfterMs === null ? {} : { retryAfterMs }) }),
    retryable: kind !== 'credential',
    status: last.status,
  };
}

/** Every target has told us when to come back, or its only probe is out. */
function nothingToAsk(waitMs: number | null): Failure {
  return {
    kind: 'status',
    error: new PointsmanError('rate_limited', 'Every target that may answer this request is cooling down.', {
      retryAfterMs: waitMs ?? 1000,
    }),
    retryable: true,
  };
}

/** Where all failed alike there is a code that says so. */
function sharedCode(failures: readonly Failure[]): readonly [ErrorCode, Failure['kind']] | null {
  if (failures.every(({ kind }) => kind === 'connect')) return ['no_healthy_target', 'connect'];
  if (failures.every(({ kind }) => kind === 'timeout')) return ['upstream_timeout', 'timeout'];
  if (failures.every(({ kind }) => kind === 'credential')) return ['upstream_credential', 'credential'];
  if (failures.every(({ error }) => error.code === 'rate_limited')) return ['rate_limited', 'status'];
  if (failures.every(({ error }) => error.code === 'no_eligible_candidate')) return ['no_eligible_candidate', 'status'];
  if (failures.every(({ error }) => error.code === 'upstream_cut')) return ['upstream_cut', 'cut'];
  return null;
}

/** True time until it may work again: null where nobody can say. */
function retryAfterOf(failures: readonly Failure[], waitMs: number | null, code: ErrorCode): number | null {
  if (code === 'upstream_credential') return null;
  const told = failures.flatMap(({ error }) => error.retryAfterMs ?? []);
  const soonest = told.length === failures.length ? Math.min(...told) : null;
  if (soonest !== null && waitMs !== null) return Math.min(soonest, waitMs);
  return soonest ?? waitMs ?? (code === 'no_healthy_target' || code === 'rate_limited' ? 1000 : null);
}
