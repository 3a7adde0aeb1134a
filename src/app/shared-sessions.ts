import type { Clock } from '../core/clock.ts';
import type { QueueKeys } from '../queue/keys.ts';
import type { RedisSession } from '../queue/redis.ts';
import { mostRemembered, mostTold, readTurnNotice, readTurns, tellTurns, type Turn } from '../queue/turns.ts';
import type { Conversations } from './conversations.ts';

/** Tells other gateways which model answered a conversation, and hears it of theirs. Nothing of it is on a request's way. */
export interface SharedSessions {
  /** A connection begins: what others told before, and what waited here. */
  begin(session: RedisSession): Promise<void>;
  hear(text: string): void;
  /** Redis is gone: turns wait. */
  alone(): void;
  /** Tells what waits; rejects where Redis is gone in between. */
  flush(): Promise<void>;
}

/** A person takes longer than this to answer; an agent's next call may not, and is then decided anew. */
const gatherMs = 10;

export function createSharedSessions(
  conversations: Pick<Conversations, 'onServed' | 'heard'>,
  keys: QueueKeys,
  me: string,
  clock: Clock,
): SharedSessions {
  /** By conversation, in the order of their last turns: what was not told yet, and when it was (monotonic). */
  const waiting = new Map<string, { readonly model: string; readonly tokens: number; readonly at: number }>();
  let current: RedisSession | null = null;
  let timer: NodeJS.Timeout | null = null;

  const flush = async (): Promise<void> => {
    for (;;) {
      const session = current;
      if (session === null || waiting.size === 0) return;
      const now = clock.monotonic();
      const turns: Turn[] = [];
      for (const [id, { model, tokens, at }] of waiting) {
        turns.push({ session: id, model, tokens, ageMs: now - at });
        if (turns.length === mostTold) break;
      }
      const before = new Map(turns.map((turn) => [turn.session, waiting.get(turn.session)]));
      await tellTurns(session, keys, me, turns);
      // Told, unless it has gone on meanwhile.
      for (const [id, turn] of before) if (waiting.get(id) === turn) waiting.delete(id);
    }
  };

  conversations.onServed((id, model, tokens) => {
    waiting.delete(id);
    waiting.set(id, { model, tokens, at: clock.monotonic() });
    if (waiting.size > mostRemembered) {
      const [oldest] = waiting.keys();
      if (oldest !== undefined) waiting.delete(oldest);
    }
    if (current === null || timer !== null) return;
    timer = setTimeout(() => {
      timer = null;
      // What could not be told waits for the next connection.
      flush().catch(() => undefined);
    }, gatherMs).unref();
  });

  const take = (turns: readonly Turn[]): void => {
    for (const { session, model, tokens, ageMs } of turns) conversations.heard(session, model, tokens, ageMs);
  };

  return {
    async begin(session) {
      current = session;
      take(await readTurns(session, keys));
      await flush();
    },
    hear(text) {
      const turns = readTurnNotice(text, me);
      if (turns !== null) take(turns);
    },
    alone: () => void (current = null),
    flush,
  };
}
