import type { Clock } from '../core/clock.ts';
import type { SessionView } from '../core/session.ts';

/** How a route treats its conversations. */
export interface SessionRule {
  readonly stay: boolean;
  /** Utility, >= 0. */
  readonly switchMargin: number;
  readonly cacheLifetimeMs: number;
}

interface Warmth {
  /** Prompt and answer of the last call, in tokens: the next turn's prompt begins with them. */
  readonly tokens: number;
  /** Monotonic milliseconds. */
  readonly at: number;
}

interface Session {
  model: string;
  /** When its last known turn was answered; monotonic milliseconds. */
  at: number;
  readonly warm: Map<string, Warmth>;
}

/** Below it no provider caches a prompt. */
const shortestCached = 1_024;

/**
 * What each conversation left behind: who served last, and what is warm where. In memory, of bounded size: the
 * conversation that was quiet longest is forgotten first, and then simply decided anew.
 */
export class Sessions {
  readonly #clock: Clock;
  readonly #most: number;
  /** Longest quiet first. */
  readonly #sessions = new Map<string, Session>();

  constructor(clock: Clock, most = 10_000) {
    this.#clock = clock;
    this.#most = most;
  }

  get size(): number {
    return this.#sessions.size;
  }

  view(id: string, rule: SessionRule): SessionView {
    const session = this.#sessions.get(id);
    const now = this.#clock.monotonic();
    return {
      id,
      model: session?.model ?? null,
      stay: rule.stay,
      switchMargin: rule.switchMargin,
      warmTokens(model) {
        const warmth = session?.warm.get(model);
        if (warmth === undefined || now - warmth.at > rule.cacheLifetimeMs) return 0;
        return warmth.tokens < shortestCached ? 0 : warmth.tokens;
      },
    };
  }

  /** A turn was answered, here or elsewhere, `ageMs` ago. `tokens` of its prompt and answer together. */
  served(id: string, model: string, tokens: number, ageMs = 0): void {
    const at = this.#clock.monotonic() - ageMs;
    const session = this.#sessions.get(id) ?? { model, at, warm: new Map<string, Warmth>() };
    // Word of an earlier turn came late.
    if (at < session.at) return;
    session.model = model;
    session.at = at;
    session.warm.set(model, { tokens, at });
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    if (this.#sessions.size <= this.#most) return;
    const [oldest] = this.#sessions.keys();
    if (oldest !== undefined) this.#sessions.delete(oldest);
  }
}
