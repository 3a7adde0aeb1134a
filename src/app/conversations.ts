import type { Config } from '../config/config.ts';
import type { RequestBody } from '../core/backend.ts';
import type { Clock } from '../core/clock.ts';
import type { Completion } from '../core/outcome.ts';
import type { Query } from '../core/query.ts';
import type { SessionView, Stage } from '../core/session.ts';
import type { Resolved } from '../http/gateway.ts';
import { sessionIdOf, type Headers } from '../sessions/session-id.ts';
import { Sessions, type SessionRule } from '../sessions/sessions.ts';
import { stageOf } from '../sessions/stage.ts';

/** What a decision is told of its conversation. */
export interface Turn {
  readonly session?: SessionView | undefined;
  readonly stage: Stage;
}

/** Decisions whose answer has not ended; more than that were given up by their clients. */
const mostOpen = 10_000;

/** From requests to conversations and back: only for routes with `session`. */
export interface Conversations {
  /** Other rules from now on; what is known of conversations stays. */
  adopt(config: Config): void;
  /** Null where the route does not know conversations. */
  begin(decision: string, query: Query, resolved: Resolved, body: RequestBody, headers: Headers): Turn | null;
  completed(completion: Completion): void;
  /** Told of every turn that was answered here. */
  onServed(tell: (session: string, model: string, tokens: number) => void): void;
  /** A turn that another gateway answered `ageMs` ago. */
  heard(session: string, model: string, tokens: number, ageMs: number): void;
}

export function createConversations(clock: Clock): Conversations {
  const sessions = new Sessions(clock);
  /** Null: no route knows conversations, and nothing is done. */
  let rules: ReadonlyMap<string, SessionRule> | null = null;
  let tell: ((session: string, model: string, tokens: number) => void) | null = null;
  const open = new Map<string, { readonly id: string; readonly promptTokens: number }>();
  return {
    adopt({ routes }) {
      const known = routes.flatMap(({ name, session }) => (session === undefined ? [] : [[name, session] as const]));
      rules = known.length === 0 ? null : new Map(known);
    },
    begin(decision, query, resolved, body, headers) {
      if (rules === null || resolved.type !== 'route') return null;
      const rule = rules.get(resolved.route);
      if (rule === undefined) return null;
      const stage = stageOf(body.parsed);
      const id = sessionIdOf(query, resolved.route, body.parsed, headers);
      if (id === null) return { stage };
      open.set(decision, { id, promptTokens: query.promptTokens });
      if (open.size > mostOpen) {
        const [oldest] = open.keys();
        if (oldest !== undefined) open.delete(oldest);
      }
      return { stage, session: sessions.view(id, rule) };
    },
    completed({ decision, servedModel, attempts }) {
      const turn = open.get(decision);
      if (turn === undefined) return;
      open.delete(decision);
      if (servedModel === null) return;
      const usage = attempts.at(-1)?.usage ?? null;
      const tokens = usage === null ? turn.promptTokens : usage.inputTokens + usage.outputTokens;
      sessions.served(turn.id, servedModel, tokens);
      tell?.(turn.id, servedModel, tokens);
    },
    onServed: (told) => void (tell = told),
    heard: (session, model, tokens, ageMs) => sessions.served(session, model, tokens, ageMs),
  };
}
