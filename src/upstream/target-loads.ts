import type { Target } from '../core/candidate.ts';

/** What a server tells of itself. */
export interface ReportedLoad {
  /** Requests that it works on. */
  readonly running: number;
  /** Requests that wait in it. */
  readonly waiting: number;
  /** Share of its key-value cache in use, in [0, 1]; null where it does not say. */
  readonly cacheUse: number | null;
}

/** Above it a server starts to push requests out of its cache and to compute them again. */
const crampedCache = 0.95;

interface Load {
  calls: number;
  tokens: number;
  reported: ReportedLoad | null;
  /** Our own calls when the report came. */
  callsThen: number;
}

/**
 * What each target has to do: our own calls, and what it reports of everybody's. Only targets of models that are
 * balanced by load are counted. Health checks and scrapes leave the counts alone.
 */
export class TargetLoads {
  readonly #loads = new Map<string, Load>();

  begin(target: string, tokens: number): void {
    const load = this.#of(target);
    load.calls++;
    load.tokens += tokens;
  }

  end(target: string, tokens: number): void {
    const load = this.#of(target);
    load.calls--;
    load.tokens -= tokens;
  }

  /** Null takes an earlier report back: the server no longer says anything. */
  report(target: string, reported: ReportedLoad | null): void {
    const load = this.#of(target);
    load.reported = reported;
    load.callsThen = load.calls;
  }

  /** Calls under way, ours and (since its last report) everybody else's; a full cache counts as one call more. */
  calls(target: string): number {
    const load = this.#loads.get(target);
    if (load === undefined) return 0;
    const { calls, callsThen, reported } = load;
    if (reported === null) return calls;
    const everybody = reported.running + reported.waiting + calls - callsThen;
    const cramped = reported.cacheUse !== null && reported.cacheUse > crampedCache ? 1 : 0;
    return Math.max(calls, everybody) + cramped;
  }

  /** Tokens of our own calls under way: prompts and what their answers may take. */
  tokens(target: string): number {
    return this.#loads.get(target)?.tokens ?? 0;
  }

  /** For people and metrics. */
  snapshot(): readonly { readonly target: string; readonly calls: number; readonly reported: ReportedLoad | null }[] {
    return [...this.#loads].map(([target, { calls, reported }]) => ({ target, calls, reported }));
  }

  #of(target: string): Load {
    let load = this.#loads.get(target);
    if (load === undefined) {
      load = { calls: 0, tokens: 0, reported: null, callsThen: 0 };
      this.#loads.set(target, load);
    }
    return load;
  }
}

/** Share of work that a target's weight asks for; all weights 0 count as equal. */
export const shareOf = ({ weight }: Target): number => (weight > 0 ? weight : 1e-9);
