import { messageOf, PointsmanError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Query } from '../core/query.ts';

/** At once; what comes while as many run is left out. Sampling is what bounds the work, this only keeps a burst small. */
const mostRunning = 8;

/**
 * Runs what the gateway does for itself after a client was served. Never throws, never waits.
 *
 * @param what went wrong: `An answer was not judged`.
 * @param onTrouble is told once per kind of trouble until one goes well again.
 */
export function createOwnWork(what: string, onTrouble: (message: string) => void): (work: () => Promise<void>) => void {
  let running = 0;
  let trouble: string | null = null;

  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      trouble = null;
    } catch (cause) {
      // The SDK wraps what its fetch throws.
      const inner: unknown = cause instanceof Error && cause.cause instanceof PointsmanError ? cause.cause : cause;
      const kind = inner instanceof PointsmanError ? inner.code : 'failed';
      // What the request itself forbids is no trouble.
      if (kind === trouble || kind === 'no_eligible_candidate') return;
      trouble = kind;
      onTrouble(`${what}: ${messageOf(inner)}`);
    }
  };

  return (work) => {
    if (running >= mostRunning) return;
    running++;
    void attempt(work).finally(() => running--);
  };
}

/** The client's request as one of ours: its constraints, none of its names. */
export function asOwn(query: Query, tags: Readonly<Record<string, string>>): Query {
  const { session: _session, ...wishes } = query.wishes;
  return {
    ...query,
    id: newId('req_'),
    caller: { tenant: query.caller.tenant, key: null },
    wishes: { ...wishes, tags },
  };
}
