import type { Probing, Target } from '../core/candidate.ts';

/** What a server answered to a question outside any request; `text` is bounded. Rejects where no answer came. */
export type Probe = (target: Target, asked: Probing) => Promise<{ readonly status: number; readonly text: string }>;

/**
 * Asks `round` for each target, then again `intervalMs` after it has answered, never two at once. The timers do not keep
 * the process alive. Returns the end of it.
 */
export function keepAsking<Asked extends Probing>(
  targets: readonly (readonly [Target, Asked])[],
  round: (target: Target, asked: Asked) => Promise<void>,
): () => void {
  let ended = false;
  const timers = new Map<Target, NodeJS.Timeout>();
  const ask = async (target: Target, asked: Asked): Promise<void> => {
    await round(target, asked);
    if (!ended) timers.set(target, setTimeout(() => void ask(target, asked), asked.intervalMs).unref());
  };
  for (const [target, asked] of targets) void ask(target, asked);
  return () => {
    ended = true;
    for (const timer of timers.values()) clearTimeout(timer);
  };
}
