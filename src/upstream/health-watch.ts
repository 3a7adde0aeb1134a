import type { Target } from '../core/candidate.ts';
import type { Breaker } from './breaker.ts';
import { keepAsking, type Probe } from './rounds.ts';

/**
 * Asks each target with a `healthCheck` whether it lives, at the address that real calls go to and with the same key.
 * Any answer below 500 is a sign of life. After `failures` in a row the target is passed over until a check passes
 * again; were the checks to stop, it would be tried again two intervals later. Returns the end of it.
 */
export function watchHealth(
  targets: readonly Target[],
  probe: Probe,
  breaker: Breaker,
  /** Told after each check; false from the check on that takes the target out. */
  told: (target: string, lives: boolean) => void = () => undefined,
): () => void {
  const failed = new Map<string, number>();
  const checked = targets.flatMap((target) =>
    target.healthCheck === undefined ? [] : [[target, target.healthCheck] as const],
  );
  return keepAsking(checked, async (target, check) => {
    const lives = await probe(target, check).then(
      ({ status }) => status < 500,
      () => false,
    );
    if (lives) {
      failed.delete(target.id);
      breaker.checkPassed(target.id);
      told(target.id, true);
      return;
    }
    const times = (failed.get(target.id) ?? 0) + 1;
    failed.set(target.id, times);
    told(target.id, times < check.failures);
    if (times >= check.failures) breaker.checkFailed(target.id, 2 * (check.intervalMs + check.timeoutMs));
  });
}
